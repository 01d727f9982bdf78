"""The files themselves: kept as blobs, and named by one `test.report.import` event each."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from graven.cli.access.ports import Access
from graven.cli.formats import Item
from graven.cli.importing.result import FileResult
from graven.cli.importing.sending import send_events
from graven.errors import InvalidInput, TooLarge
from graven.event.mappers.report import Report

__all__ = ["HashedStream", "keep_file", "record_import"]

_PIECE: Final = 1024 * 1024


class HashedStream:
    """A stream that knows the digest and the size of what was read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hashed = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """Read on, as the stream does."""
        piece = self._stream.read(size)
        self._hashed.update(piece)
        self.size += len(piece)
        return piece

    def digest(self) -> str:
        """Of the whole stream: what was not read yet is read now."""
        while self.read(_PIECE):
            pass
        return f"sha256:{self._hashed.hexdigest()}"


def keep_file(access: Access, path: Path, digest: str, result: FileResult) -> bool:
    """Store the file whose content had `digest` when it was read; says why not in `result`."""
    try:
        with path.open("rb") as stream:
            stored = access.put_blob(stream)
    except TooLarge as error:
        result.refuse(0, f"the file itself is not kept: {error.message}")
        return False
    if stored.digest != digest:
        result.refuse(0, "the file changed while it was imported, so it is not kept: import it again")
        return False
    result.digest = digest
    return True


def record_import(
    access: Access,
    log: str,
    result: FileResult,
    *,
    report: Report,
    name: str,
    files: Sequence[Mapping[str, Any]],
    kept: bool,
    facts: Mapping[str, Any],
    problem: InvalidInput | None = None,
) -> None:
    """Record that a report was imported; `files` have name, media type, digest and size.

    The event follows from the files alone, so that importing them again records nothing.
    """
    event = report.event("test.report.import", "success" if problem is None else "failure", {})
    event["targets"] = [{"type": "report", "id": name}]
    about: dict[str, Any] = {"format": result.format, **facts}
    unreadable = len(result.unreadable) + result.unreadable_left_out
    if unreadable:
        about["unreadable"] = unreadable
    if kept:
        event["attachments"] = list(files)
    else:
        about["files"] = list(files)
    event["attributes"] = about
    if problem is not None:
        event["error"] = {"type": problem.code, "message": problem.message}
    report.identified(event, *(str(file["digest"]) for file in files))
    send_events(access, log, [Item(0, msgspec.json.encode(event))], result)
