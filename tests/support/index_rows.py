"""Rows of a segment made from a few events, without a log."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from graven.event.envelope import entry_head, entry_tail
from graven.index.derive.deriver import Deriver
from graven.index.derive.view import VERSION
from graven.index.segment.hot import HotSegment
from graven.index.segment.sealed import SealedSegment, seal

__all__ = ["SECRET", "T0", "entry", "event", "hot", "nothing", "rows", "sealed"]

SECRET = "0f"
T0 = 1_800_000_000_000_000_000


def nothing(digest: str) -> bytes | None:
    return None


def event(**members: Any) -> dict[str, Any]:
    return {"action": "thing.make", "actor": {"id": "alice"}, **members}


def entry(data: bytes | dict[str, Any], *, at: int = 0, format: str = "event/1") -> bytes:
    """An entry that was received `at` seconds after `T0`."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    tail = entry_tail(token="t", ip="127.0.0.1", id=f"e-{at}", source="s", format=format, data=body, redacted=0)
    return entry_head(T0 + at * 10**9) + tail


def rows(events: Sequence[bytes | dict[str, Any]], first: int = 0) -> pa.Table:
    deriver = Deriver(nothing)
    try:
        return deriver.derive(first, [entry(one, at=first + n) for n, one in enumerate(events)])
    finally:
        deriver.close()


def hot(events: Sequence[bytes | dict[str, Any]], first: int = 0) -> HotSegment:
    return HotSegment(first, rows(events, first))


def sealed(events: Sequence[bytes | dict[str, Any]], home: Path, first: int = 0) -> SealedSegment:
    folder = seal(rows(events, first), first, home, mapper=VERSION, leaf="", secret=SECRET)
    return SealedSegment(folder, secret=SECRET)
