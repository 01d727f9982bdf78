"""Matches of a query to a file or to stdout: written beside and renamed, so that a file that is there is whole."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from graven.cli.access.ports import ReadAccess
from graven.cli.access.questions import Exported, Question
from graven.cli.progress import Progress, progress
from graven.cli.shown_bytes import stdout_bytes
from graven.errors import GravenError, UsageError

__all__ = ["export_matches", "written_beside"]

_LINES: Final = frozenset({"ndjson", "ocsf"})
"""Formats with one line for each event."""


def export_matches(
    access: ReadAccess,
    log: str,
    question: Question,
    *,
    format: str,  # noqa: A002 - the option's name
    fields: list[str] | None,
    output: Path | None,
    quiet: bool,
) -> int | None:
    """How many events were written; None when the format does not tell. UsageError for Parquet on a terminal."""
    if output is None and format == "parquet" and sys.stdout.isatty():
        raise UsageError("parquet is not for reading on a terminal", hint="-o FILE, or a pipe")
    with progress("exporting", quiet=quiet or output is None) as bar:
        found = access.searcher().export(log, question, format, fields, tell=bar.update)
        if output is None:
            return _write(found, format, stdout_bytes(), bar)
        with written_beside(output) as stream:
            return _write(found, format, stream, bar)


def _write(found: Exported, format: str, stream: BinaryIO, bar: Progress) -> int | None:  # noqa: A002 - as above
    lines, size = 0, 0
    for piece in found.pieces:
        stream.write(piece)
        lines += piece.count(b"\n")
        size += len(piece)
        if found.count is not None:
            # of a table the lines are near enough for a bar; a Parquet file has none
            bar.update(min(lines, found.count) if format != "parquet" else 0, found.count)
    stream.flush()
    if format not in _LINES:
        return found.count
    if found.count is not None and lines != found.count:
        raise GravenError(
            f"{found.count} events were announced, and {lines} have come", hint="run it again", code="export_broken_off"
        )
    return lines


@contextmanager
def written_beside(output: Path) -> Iterator[BinaryIO]:
    """A file that becomes `output` when the block ends well, and is gone when it does not."""
    if output.is_dir():
        raise UsageError(f"{output} is a folder", hint=f"-o {output / 'events.ndjson'}")
    if output.exists() and not output.is_file():  # a pipe, a device
        with output.open("wb") as stream:
            yield stream
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{output.name[:100]}.", suffix=".part", dir=output.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(output)) from error  # the name beside is nobody's business
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        mode = output.stat().st_mode & 0o777 if output.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
