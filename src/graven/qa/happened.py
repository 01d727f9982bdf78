"""One entry as something that happened: what its order can be told from, and the event itself.

`time` is when it began, `duration_ns` later it ended; an action in `….finish` was recorded at its end, so there
`time` is the end (unless `attributes.started` says when it began). Members of another type than the format has
(redacted, sealed, or written by whoever) count as absent.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from graven.errors import GravenError
from graven.event.recorded import BROKEN, recorded
from graven.index.query.times import time_ns

__all__ = ["Happened", "happened"]

_LONGEST_NS = 2**63


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Times are Unix nanoseconds as claimed; absent texts are "". `producer` is None where nothing was counted;
    a recorder that counted the beginnings of calls (`attributes.began`) is one of its own, for its other count is of
    their ends."""

    index: int
    received_ns: int
    id: str
    source: str
    start_ns: int | None
    end_ns: int | None
    trace: str
    span: str
    parent_span: str
    causation: str
    producer: tuple[str, ...] | None
    seq: int
    data: dict[str, Any]
    size: int
    """Bytes of `data` as recorded."""

    @property
    def clock(self) -> tuple[str, ...]:
        """Whose clock its times are of: the counting process, else the source."""
        return (self.producer or (self.source, ""))[:2]

    def of(self, *names: str) -> Any:
        """The member at this path, None where there is none."""
        return member(self.data, *names)

    def text(self, *names: str) -> str:
        """The text at this path, else ""."""
        return _text(self.of(*names))


def member(value: Any, *names: str) -> Any:
    """The member at this path, None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < _LONGEST_NS else None


def happened(index: int, raw: bytes, load_blob: Callable[[str], bytes | None] | None = None) -> Happened | None:
    """The event/1 of an entry, or of the entry of another log in it; None for whatever else the bytes are.

    Raises nothing. An entry of another log counts as received when its own recorder received it.
    """
    try:
        entry, spelled = recorded(raw, load_blob or _nowhere)
        if entry.format != "event/1" or spelled is None:
            return None
        data = msgspec.json.decode(spelled)
    except (*BROKEN, GravenError):
        return None
    received = time_ns(entry.received)
    if not isinstance(data, dict) or not isinstance(data.get("action"), str) or received is None:
        return None
    start, end = _interval(data)
    epoch, seq = member(data, "producer", "epoch"), _count(member(data, "producer", "seq"))
    producer: tuple[str, ...] | None = None
    if isinstance(epoch, str | int) and seq is not None:
        producer = (entry.source, str(epoch))
        if (began := _count(member(data, "attributes", "began"))) is not None:
            producer, seq = (*producer, "began"), began
    trace = data.get("trace")
    return Happened(
        index=index,
        received_ns=received,
        id=entry.id,
        source=entry.source,
        start_ns=start,
        end_ns=end,
        trace=_text(member(trace, "trace_id")),
        span=_text(member(trace, "span_id")),
        parent_span=_text(member(trace, "parent_span_id")),
        causation=_text(data.get("causation_id")),
        producer=producer,
        seq=seq or 0,
        data=data,
        size=len(spelled),
    )


def _nowhere(digest: str) -> None:
    """The blobs of a reader that has none."""


def _interval(data: dict[str, Any]) -> tuple[int | None, int | None]:
    claimed = time_ns(_text(data.get("time")))
    duration = _count(data.get("duration_ns")) or 0
    if claimed is None:
        return None, None
    if not data["action"].endswith(".finish"):
        return claimed, claimed + duration
    started = time_ns(_text(member(data, "attributes", "started")))
    return (claimed - duration if started is None else min(started, claimed)), claimed
