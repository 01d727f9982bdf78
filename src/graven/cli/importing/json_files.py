"""Files of events: audit events of Kubernetes and event/1, whole when they are small, else in pieces."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from graven.cli import terminal
from graven.cli.access.ports import Access
from graven.cli.formats import HEAD_BYTES, Item, Unreadable, batches, cut, reason_against, with_stable_ids
from graven.cli.importing.result import FileResult
from graven.cli.importing.sending import as_lines, send_events
from graven.cli.progress import Progress
from graven.errors import InvalidInput
from graven.event.mappers.jsonlines import lines
from graven.event.mappers.jsonsplit import JsonSplitter, TooMuch
from graven.event.mappers.report import Refused

__all__ = ["WHOLE_BYTES", "SeenIds", "import_json", "parts_of"]

WHOLE_BYTES: Final = 8 * 1024 * 1024
"""Up to this size a file is read at once, and may hold one JSON value over many lines."""

_PIECE: Final = 256 * 1024
_REMEMBERED: Final = 200_000


class SeenIds:
    """The ids of the first audit events of one command, to say where the first of two with one id was."""

    def __init__(self) -> None:
        self._first: dict[str, tuple[bytes, str]] = {}

    def clash(self, content: bytes, place: str) -> str | None:
        """Why the recorder will not take an event for the one that its id names, or None.

        InvalidInput when it is no audit event. The recorder decides; this only knows the lines.
        """
        from graven.event.mappers.k8s import audit_id

        name = audit_id(json.loads(content))
        digest = hashlib.sha256(content).digest()
        if name not in self._first and len(self._first) >= _REMEMBERED:
            return None
        before, where = self._first.setdefault(name, (digest, place))
        return None if before == digest else f"the id {name} is that of another event, at {where}"


def parts_of(path: Path) -> Iterator[Item | Unreadable]:
    """The items of a file of any size, in order; unreadable parts stand where they were."""
    if path.stat().st_size <= WHOLE_BYTES:
        yield from cut(path.read_bytes())
        return
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
        stream.seek(0)
        first, newline, _ = head.partition(b"\n")
        if newline and reason_against(first) is None:
            yield from _lines_of(path)
        elif head.startswith(b"["):
            yield from _elements_of(path, ())
        elif b'"items"' in head and head.startswith(b"{"):
            yield from _elements_of(path, ("items",))
        else:
            yield from _lines_of(path)


def _lines_of(path: Path) -> Iterator[Item | Unreadable]:
    with path.open("rb") as stream:
        for line in lines(stream):
            if isinstance(line, Refused):
                yield Unreadable(line.line, b"", line.reason)
                continue
            reason = reason_against(line[1])
            yield Item(*line) if reason is None else Unreadable(*line, reason)


def _elements_of(path: Path, members: tuple[str, ...]) -> Iterator[Item | Unreadable]:
    splitter = JsonSplitter(members)
    with path.open("rb") as stream:
        try:
            while piece := stream.read(_PIECE):
                for part in splitter.feed(piece):
                    if part.path != members:
                        continue
                    if isinstance(part, TooMuch):
                        yield Unreadable(part.line, b"", part.reason)
                        continue
                    reason = reason_against(part.content)
                    if reason is None:
                        yield Item(part.line, part.content)
                    else:
                        yield Unreadable(part.line, part.content, reason)
            for _ in splitter.finish():
                pass
        except InvalidInput as error:
            yield Unreadable(int(error.details.get("line", 0)), b"", f"{error.message}; nothing after it was read")


def import_json(
    access: Access,
    log: str,
    path: Path,
    result: FileResult,
    kind: Literal["event", "k8s"],
    *,
    source: str,
    seen: SeenIds,
    bar: Progress,
) -> None:
    """Import the events of a file; unreadable parts of an audit log are kept in quarantine, not dropped."""
    broken: set[int] = set()
    done, total = 0, path.stat().st_size

    def readable() -> Iterator[Item]:
        for part in parts_of(path):
            if isinstance(part, Item):
                yield part
                continue
            result.refuse(part.line, part.reason)
            if kind == "k8s" and part.content:
                broken.add(part.line)
                yield Item(part.line, part.content)

    for group in batches(with_stable_ids(readable()) if kind == "event" else readable()):
        if kind == "event":
            send_events(access, log, group, result)
        else:
            _send_k8s(access, log, group, result, broken=broken, seen=seen, source=source)
            broken.difference_update(item.line for item in group)
        done += sum(len(item.content) for item in group)
        bar.update(min(done, total), total)


def _send_k8s(
    access: Access, log: str, group: list[Item], result: FileResult, *, broken: set[int], seen: SeenIds, source: str
) -> None:
    bad = set()
    clashes = 0
    for position, item in enumerate(group):
        if item.line in broken:
            bad.add(position)
            continue
        try:
            clash = seen.clash(item.content, f"{result.file}:{item.line}")
        except InvalidInput as error:
            bad.add(position)
            result.refuse(item.line, error.message)
            continue
        if clash is not None:
            clashes += 1
            result.refuse(item.line, clash)
    more = result.add(access.append_k8s(log, as_lines(group), source=source), bad)
    if more > clashes:
        told = terminal.plural(more - clashes, "item")
        result.refuse(0, f"{told} in quarantine with an id that the log knows with other content")
