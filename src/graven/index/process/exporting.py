"""Exports and single large values, as streams of pieces."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec

from graven.errors import NotFound
from graven.event.recorded import may_lie_in_blob
from graven.index.answers.page import counted, masks, span_of
from graven.index.derive.view import view_of
from graven.index.export import FORMATS, export, parse_columns
from graven.index.process.asked import asked
from graven.index.process.bodies import index_asked
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Call

__all__ = ["STREAMED"]

_BATCH: Final = 256
_BATCH_BYTES: Final = 4 * 2**20
_PIECE_BYTES: Final = 256 * 1024


def _export(log: FollowedLog, call: Call, now_ns: int, check: Callable[[], None]) -> tuple[int, Iterator[bytes]]:
    """How many events match, and the pieces. The number is known first: it is recorded before anything goes out."""
    parameters = call.parameters
    name = parameters.get("format", next(iter(FORMATS)))
    fields = parameters.get("fields")
    columns = parse_columns(tuple(fields.split(","))) if fields is not None else None
    snapshot = log.index.snapshot()
    query = asked(call.log, parameters, now_ns).query
    found = list(masks(snapshot, query, check=check))

    def batches() -> Iterator[Sequence[tuple[Any, bytes]]]:
        for segment, mask in found:
            rows = span_of(mask, segment.count)
            for start in range(0, len(rows), _BATCH):
                yield from _in_batches(log, (rows[start : start + _BATCH] + segment.first).tolist())

    total = sum(counted(rows, segment.count) for segment, rows in found)
    return total, export(name, batches(), log=call.log, columns=columns, open_blob=log.reader.open_blob)


def _in_batches(log: FollowedLog, indexes: list[int]) -> Iterator[Sequence[tuple[Any, bytes]]]:
    """Views and their entries; an event with megabytes in a blob ends its batch."""
    batch: list[tuple[Any, bytes]] = []
    size_bytes = 0
    for index, entry in zip(indexes, log.reader.entries(indexes), strict=True):
        view = view_of(index, entry, log.reader.blob)
        batch.append((view, entry))
        size_bytes += len(msgspec.json.encode(view["event"])) if may_lie_in_blob(entry) else len(entry)
        if size_bytes > _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


def _value(log: FollowedLog, call: Call, now_ns: int, check: Callable[[], None]) -> tuple[int, Iterator[bytes]]:
    """One member of an event, however large."""
    index = index_asked(log, call)
    name = call.parameters.get("path", "").removeprefix("/")
    event = view_of(index, log.reader.entry(index), log.reader.blob)["event"]
    if name not in event:
        raise NotFound(f"entry {index} has no {name[:80]!r}", hint=f"it has {', '.join(event)}", code="no_such_member")
    text = msgspec.json.encode(event[name])
    return 1, (text[start : start + _PIECE_BYTES] for start in range(0, len(text), _PIECE_BYTES))


STREAMED: Final = {"export": _export, "value": _value}
