"""A test report that is one file: its events, then the file itself as a blob, then the event that names it."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import msgspec

from graven.cli.access.ports import Access
from graven.cli.formats import Item, batches
from graven.cli.importing.beside import Attachments
from graven.cli.importing.originals import HashedStream, keep_file, record_import
from graven.cli.importing.result import FileResult
from graven.cli.importing.sending import SendingAhead
from graven.cli.progress import Progress
from graven.errors import InvalidInput
from graven.event.mappers.report import About, Mapped, Refused, Report

__all__ = ["MEDIA_TYPES", "Identity", "import_report", "report_of"]

MEDIA_TYPES: Final = {"junit": "application/xml", "ctrf": "application/json", "reportlog": "application/x-ndjson"}

Reader = Callable[[BinaryIO, Report], Iterator[Mapped | Refused | About]]


class Identity(msgspec.Struct, frozen=True):
    """What the command line says of a report; None is made from the file's name."""

    run: str | None = None
    source: str | None = None
    environment: str | None = None
    attachments: Path | None = None
    """The folder in which a report may name files; None is its own."""


def report_of(kind: str, stem: str, identity: Identity) -> Report:
    """The report of a file or folder whose name begins with `stem`."""
    run, source = identity.run or stem, identity.source or f"{kind}/{stem}"
    run, source = (text.encode("utf-8", "replace").decode() for text in (run, source))  # names that are no UTF-8
    return Report(run, source[:256], kind, source[:256], identity.environment)


def _reader(kind: str, attachments: Attachments) -> Reader:
    if kind == "junit":
        from graven.event.mappers.junit import read_junit

        return read_junit
    if kind == "ctrf":
        from graven.event.mappers.ctrf import read_ctrf

        return partial(read_ctrf, attach=attachments.attach_anywhere)
    from graven.event.mappers.reportlog import read_reportlog

    return read_reportlog


def import_report(
    access: Access, log: str, path: Path, result: FileResult, *, identity: Identity, keep: bool, bar: Progress
) -> None:
    """Import one file in pieces. InvalidInput where it cannot be read on; what came before is recorded."""
    report = report_of(result.format, path.stem, identity)
    result.run = report.run
    facts: dict[str, Any] = {}
    problem: InvalidInput | None = None
    total = path.stat().st_size

    def refuse(name: str, reason: str) -> None:
        result.refuse(0, f"{name}: {reason}")

    attachments = Attachments(access, identity.attachments or path.parent, refuse, keep=keep)
    with path.open("rb") as raw:
        stream = HashedStream(raw)

        def items() -> Iterator[Item]:
            nonlocal problem
            # the mappers only read, which is all that the wrapper offers
            parts = _reader(result.format, attachments)(cast("BinaryIO", stream), report)
            try:
                for part in parts:
                    if isinstance(part, Mapped):
                        yield Item(part.line, part.content)
                    elif isinstance(part, Refused):
                        result.refuse(part.line, part.reason)
                    else:
                        facts.update(part.facts)
            except InvalidInput as error:  # what came before is sent all the same
                problem = error

        with SendingAhead(access, log, result) as ahead:
            for group in batches(items()):
                ahead.send(group)
                bar.update(stream.size, total)
        if problem is not None and not (result.recorded or result.known):
            raise in_report(problem, path, 0) from problem
        digest = stream.digest()
    kept = keep and keep_file(access, path, digest, result)
    name = path.name.encode("utf-8", "replace").decode()
    file = {"name": name, "media_type": MEDIA_TYPES[result.format], "digest": digest, "size": stream.size}
    before = result.recorded
    record_import(access, log, result, report=report, name=name, files=[file], kept=kept, facts=facts, problem=problem)
    if problem is not None:
        raise in_report(problem, path, before) from problem


def in_report(error: InvalidInput, path: Path, recorded: int) -> InvalidInput:
    """The same, with the file, and with line and column where the parser says them."""
    line, column = error.details.get("line"), error.details.get("column")
    place = f"{path}" + (f", line {line}" if line is not None else "")
    if column is not None:
        place += f", column {column}"
    message = error.message.partition(": line ")[0]
    fate = f"{recorded:,} events before it were recorded" if recorded else "nothing of it was recorded"
    return InvalidInput(
        f"{place}: {message}", why=fate, hint=error.hint, code=error.code, details={**error.details, "file": str(path)}
    )
