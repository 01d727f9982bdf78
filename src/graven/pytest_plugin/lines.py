"""The lines of a spool, in batches of bounded size; a line that is no JSON object is left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

__all__ = ["Glance", "batches", "glance"]


class GlanceQa(msgspec.Struct):
    """Any type: each may have been redacted."""

    run: Any = None
    test: Any = None


class Glance(msgspec.Struct):
    """What the merge has to know of an event."""

    id: str = ""
    action: str = ""
    outcome: str = ""
    qa: GlanceQa = msgspec.field(default_factory=GlanceQa)


_decoder = msgspec.json.Decoder(Glance)


def glance(line: bytes) -> Glance:
    """The event at a glance; without an id when the line is no event."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Glance()


def batches(path: Path, *, most_events: int, most_bytes: int) -> Iterator[list[bytes]]:
    """Whole lines in their order. A last line without its end was cut by a full disk: it is no event."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n") or not glance(line).id:
                continue
            if lines and (len(lines) >= most_events or size + len(line) > most_bytes):
                yield lines
                lines, size = [], 0
            lines.append(line[:-1])
            size += len(line)
    if lines:
        yield lines
