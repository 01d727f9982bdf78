"""Questions about one log, answered as JSON bodies. Pure but for the reading of segments and entries."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from graven.errors import Conflict, InvalidInput, NotFound
from graven.event.envelope import format_time
from graven.index.answers.completion import options_at
from graven.index.answers.cursor import Cursor, decode_cursor, encode_cursor
from graven.index.answers.facets import facets
from graven.index.answers.histogram import histogram
from graven.index.answers.page import matching, page
from graven.index.answers.plan import plan_of
from graven.index.answers.shown import row_of, viewed
from graven.index.derive.view import event_bytes, view_of
from graven.index.process.asked import MOST, Asked, asked, choice, facet_fields, number_of, order_of, span_asked
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Answer, Call
from graven.index.query.ast import All, And, Compare, Equals, Query, all_of
from graven.index.query.fields import BY_NAME
from graven.tlog.encoding import decode_decimal

__all__ = ["METHODS"]

_encode: Final = msgspec.json.Encoder().encode
_DEFAULT_LIMIT: Final = 50
_MOST_BUCKETS: Final = 1_000
_MOST_VALUES: Final = 1_000
_ONE_LINE: Final = bytes.maketrans(b"\r\n", b"  ")
"""A line break in an entry is white space between JSON tokens; in a stream of events it would end the line."""
_MAX_TIME_NS: Final = 253_402_300_799_999_999_999

Check = Callable[[], None]
Method = Callable[[FollowedLog, Call, Check], Answer]


def _search(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    order = order_of(parameters)
    limit = number_of(parameters, "limit", _DEFAULT_LIMIT, most=MOST)
    view = choice(parameters, "view", ("row", "entry"))
    given = parameters.get("cursor")
    question = _asked(call)
    after = None
    if given is not None:
        cursor = decode_cursor(given, log.index.secret, (*question.question, order))
        after = cursor.last
        question = _asked(call, now_ns=cursor.now_ns)
    snapshot = log.index.snapshot()
    began = time.perf_counter()
    found = page(snapshot, question.query, order=order, limit=limit, after=after, check=check)
    took = _ms(began)
    following = None
    if found.more:
        cursor = Cursor(question.now_ns, found.indexes[-1])
        following = encode_cursor(cursor, log.index.secret, (*question.question, order))
    rest: dict[str, Any] = {"next": following, "indexed": snapshot.size, "size": max(log.committed, snapshot.size)}
    rest["took_ms"] = took
    if parameters.get("explain") == "true":
        rest["explain"] = plan_of(snapshot, question.query)
    body = b'{"events":[%b],%b' % (b",".join(_shown(log, found.indexes, view)), _encode(rest)[1:])
    return _answer(call, body, found.indexes)


def _around(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    index = _index_of(log, call)
    query = _asked(call).query
    snapshot = log.index.snapshot()
    before = number_of(parameters, "before", 20, most=MOST, least=0)
    after = number_of(parameters, "after", 20, most=MOST, least=0)
    older = page(snapshot, query, order="newest", limit=before, after=index, check=check).indexes if before else []
    newer = page(snapshot, query, order="oldest", limit=after, after=index, check=check).indexes if after else []
    below, event, above = (b",".join(_shown(log, indexes, "row")) for indexes in (older[::-1], [index], newer))
    body = b'{"before":[%b],"event":%b,"after":[%b],"indexed":%d}' % (below, event, above, snapshot.size)
    return _answer(call, body, [*older, index, *newer])


def _by_id(log: FollowedLog, call: Call, check: Check) -> Answer:
    """The log index of the one event with an id."""
    wanted = call.parameters.get("id", "")
    found = page(log.index.snapshot(), Equals(BY_NAME["id"], wanted), order="oldest", limit=MOST, check=check).indexes
    found = [index for index in found if view_of(index, log.reader.entry(index), log.reader.blob)["id"] == wanted]
    if not found:
        size = log.index.size
        hint = f"{log.committed - size} entries are not indexed yet" if size < log.committed else ""
        raise NotFound(f"no event has the id {wanted[:128]!r}", hint=hint, code="entry_not_found")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} events have the id {wanted[:128]!r}",
            why="an id is unique within a source only",
            hint="ask by log index: " + ", ".join(map(str, found[:10])),
            code="ambiguous_id",
            details={"indexes": found},
        )
    return _answer(call, _encode({"index": found[0]}), found)


def _histogram(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    question = _asked(call)
    by = facet_fields(parameters.get("by", ""), "by")
    if len(by) > 1:
        raise InvalidInput("by: one field is expected", code="bad_parameter")
    snapshot = log.index.snapshot()
    began = time.perf_counter()
    start, stop = span_asked(question.query, question.clock)
    found = histogram(
        snapshot,
        question.query,
        buckets=number_of(parameters, "buckets", 60, most=_MOST_BUCKETS),
        clock=question.clock,
        by=by[0] if by else None,
        start_ns=start,
        stop_ns=stop,
        check=check,
    )
    took = _ms(began)
    first = found.buckets[0].start_ns if found.buckets else None
    body = {
        "from": _time(first),
        "to": _time(found.buckets[-1].start_ns + found.width_ns) if found.buckets else None,
        "width_ns": found.width_ns,
        "clock": question.clock,
        "values": found.values,
        "buckets": [
            {
                "start": _time(bucket.start_ns),
                "count": bucket.count,
                **({"by": {v: n for v, n in zip(found.values, bucket.by, strict=True) if n}} if by else {}),
            }
            for bucket in found.buckets
        ],
        "total": found.total,
        "untimed": found.untimed,
        "indexed": snapshot.size,
        "took_ms": took,
    }
    return Answer(call.id, _encode(body), found.total, 0 if found.total else None, snapshot.size - 1 or None)


def _facets(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    question = _asked(call)
    fields = facet_fields(parameters.get("fields", "action,outcome,actor"), "fields")
    snapshot = log.index.snapshot()
    limit = number_of(parameters, "limit", 10, most=_MOST_VALUES)
    began = time.perf_counter()
    found = facets(snapshot, question.query, fields, limit=limit, check=check)
    body = {
        "facets": {
            name: {
                "values": [{"value": value, "count": count} for value, count in facet.values],
                "other": facet.other,
                "absent": facet.absent,
            }
            for name, facet in found.fields.items()
        },
        "total": found.total,
        "indexed": snapshot.size,
        "took_ms": _ms(began),
    }
    return Answer(call.id, _encode(body), found.total)


def _tail(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Matches behind `after`, oldest first, as server-sent events; of more than `limit` only the newest.

    The answer's `last` is the log index up to which was looked, whether something matched there or not.
    """
    parameters = call.parameters
    after = int(parameters["after"])
    limit = number_of(parameters, "limit", MOST, most=MOST)
    view = choice(parameters, "view", ("row", "entry"))
    query = _asked(call).query
    snapshot = log.index.snapshot()
    total = 0
    shown: list[int] = []
    for segment, rows in matching(snapshot, query, after=after, check=check):
        total += len(rows)
        shown = [*shown, *(rows[-limit:] + segment.first).tolist()][-limit:]
    parts = [
        b"id: %d\nevent: row\ndata: %b\n\n" % (index, row.translate(_ONE_LINE))
        for index, row in zip(shown, _shown(log, shown, view), strict=True)
    ]
    state = {"indexed": snapshot.size, "size": max(log.committed, snapshot.size), "skipped": total - len(shown)}
    parts.append(b"id: %d\nevent: progress\ndata: %b\n\n" % (max(after, snapshot.size - 1), _encode(state)))
    return Answer(call.id, b"".join(parts), total, shown[0] if shown else None, max(after, snapshot.size - 1))


def _view(log: FollowedLog, call: Call, check: Check) -> Answer:
    """The entry as its mapper reads it; members above `LARGE_BYTES` are named, and given by `value`."""
    index = _index_of(log, call)
    entry = log.reader.entry(index)
    view = view_of(index, entry, log.reader.blob)
    check()
    return Answer(call.id, viewed(view, event_bytes(entry, log.reader.blob)), 1, index, index)


def _views(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Views of the matches in [start, stop), oldest first, as MessagePack: for programs of the server itself."""
    start, stop = int(call.parameters["start"]), int(call.parameters["stop"])
    query = _asked(call).query
    found = page(log.index.snapshot(), query, order="oldest", limit=MOST, after=start - 1, check=check)
    indexes = [index for index in found.indexes if index < stop]
    views = [view_of(index, log.reader.entry(index), log.reader.blob) for index in indexes]
    more = found.more and len(indexes) == len(found.indexes)
    return Answer(call.id, msgspec.msgpack.encode(views), len(views), more=more)


def _moments(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Of the matches in [start, stop) the first and the last of each second of received time, as MessagePack."""
    start, stop = int(call.parameters["start"]), int(call.parameters["stop"])
    found: list[tuple[int, int]] = []
    for segment, rows in matching(log.index.snapshot(), _asked(call).query, after=start - 1, check=check):
        inside = rows[rows + segment.first < stop]
        if not inside.size:
            break
        received = segment.numbers("received")[inside]
        borders = np.flatnonzero(np.diff(received // 1_000_000_000))
        ends = np.unique(np.concatenate(([0], borders, borders + 1, [inside.size - 1])))
        found += zip((inside[ends] + segment.first).tolist(), received[ends].tolist(), strict=True)
    views = [{"index": index, "received": moment} for index, moment in found]
    return Answer(call.id, msgspec.msgpack.encode(views), len(views))


def _head(log: FollowedLog, call: Call, check: Check) -> Answer:
    """How far the index is: entries, the received time of the last one (Unix ns), and whether that is all."""
    snapshot = log.index.snapshot()
    received = int(snapshot.segments[-1].numbers("received")[-1]) if snapshot.segments else 0
    return Answer(call.id, msgspec.msgpack.encode([snapshot.size, received, snapshot.size >= log.committed]))


def _complete(log: FollowedLog, call: Call, check: Check) -> Answer:
    text = call.parameters.get("q", "")
    at = number_of(call.parameters, "at", len(text), most=len(text), least=0)
    return Answer(call.id, _encode(options_at(log.index.snapshot(), text, at, check=check)))


def _newest(log: FollowedLog, call: Call, check: Check) -> Answer:
    """The newest match whatever the time range, for an empty result that says where to look."""
    question = _asked(call)
    wide = _without_times(question.query, question.clock)
    found = page(log.index.snapshot(), wide, order="newest", limit=1, check=check).indexes
    rows = list(_shown(log, found, "row"))
    return _answer(call, b'{"newest":%b}' % (rows[0] if rows else b"null"), found)


METHODS: Final[Mapping[str, Method]] = {
    "search": _search,
    "around": _around,
    "by_id": _by_id,
    "head": _head,
    "histogram": _histogram,
    "facets": _facets,
    "tail": _tail,
    "complete": _complete,
    "view": _view,
    "views": _views,
    "moments": _moments,
    "newest": _newest,
}


def _index_of(log: FollowedLog, call: Call) -> int:
    """The log index that is asked about; NotFound unless it is indexed."""
    index, size = decode_decimal(call.parameters.get("index", "")), log.index.size
    if index < size:
        return index
    if index < log.committed:
        raise NotFound(
            f"entry {index} is not indexed yet", why=f"the index has {size} entries", hint="ask again in a moment"
        )
    raise NotFound(f"the log has no entry {index}", why=f"its size is {log.committed}", code="entry_not_found")


def _asked(call: Call, now_ns: int | None = None) -> Asked:
    return asked(call.log, call.parameters, time.time_ns() if now_ns is None else now_ns)


def _without_times(query: Query, clock: str) -> Query:
    column = "received" if clock == "received" else "time"
    parts = query.parts if isinstance(query, And) else (query,)
    left = [part for part in parts if not (isinstance(part, Compare) and part.field.column == column)]
    return all_of(left) if left else All()


def _shown(log: FollowedLog, indexes: list[int], view: str) -> list[bytes]:
    entries = log.reader.entries(indexes)
    if view == "entry":
        return [b'{"index":%d,%b' % (index, entry[1:]) for index, entry in zip(indexes, entries, strict=True)]
    blob = log.reader.blob
    return [_encode(row_of(view_of(index, entry, blob))) for index, entry in zip(indexes, entries, strict=True)]


def _answer(call: Call, body: bytes, indexes: list[int]) -> Answer:
    if not indexes:
        return Answer(call.id, body)
    return Answer(call.id, body, len(indexes), min(indexes), max(indexes))


def _ms(began: float) -> float:
    """Milliseconds since then, for whoever wonders where the time goes."""
    return round((time.perf_counter() - began) * 1_000, 3)


def _time(ns: int | None) -> str | None:
    """RFC 3339; a bucket of claims outside of what that can spell stands at its ends."""
    return None if ns is None else format_time(max(0, min(ns, _MAX_TIME_NS)))
