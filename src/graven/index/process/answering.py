"""Questions about one log, answered as JSON bodies. Pure but for the reading of segments and entries."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from graven.errors import Conflict, NotFound, TimedOut
from graven.index.answers.completion import options_at
from graven.index.answers.cursor import Cursor, decode_cursor, encode_cursor
from graven.index.answers.known import KnownHere
from graven.index.answers.page import page
from graven.index.answers.plan import plan_of
from graven.index.answers.shown import viewed
from graven.index.derive.view import event_bytes, view_of
from graven.index.process.asked import MOST, choice, number_of, order_of, without_times
from graven.index.process.bodies import Check, asked_by, index_asked, ms_since, shown
from graven.index.process.counting import facets_answer, histogram_answer
from graven.index.process.feeding import head, moments, tail, views
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Answer, Call
from graven.index.query.ast import Equals, Query
from graven.index.query.better import better_query
from graven.index.query.fields import BY_NAME
from graven.index.store import Snapshot

__all__ = ["METHODS"]

_encode: Final = msgspec.json.Encoder().encode
_DEFAULT_LIMIT: Final = 50

Method = Callable[[FollowedLog, Call, Check], Answer]


def _search(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    order = order_of(parameters)
    limit = number_of(parameters, "limit", _DEFAULT_LIMIT, most=MOST)
    view = choice(parameters, "view", ("row", "entry"))
    explained = choice(parameters, "explain", ("false", "true")) == "true"
    given = parameters.get("cursor")
    question = asked_by(call)
    after = None
    if given is not None:
        cursor = decode_cursor(given, log.index.secret, (*question.question, order))
        after = cursor.last
        question = asked_by(call, now_ns=cursor.now_ns)
    snapshot = log.index.snapshot()
    began = time.perf_counter()
    found = page(snapshot, question.query, order=order, limit=limit, after=after, check=check)
    took = ms_since(began)
    following = None
    if found.more:
        cursor = Cursor(question.now_ns, found.indexes[-1])
        following = encode_cursor(cursor, log.index.secret, (*question.question, order))
    rest: dict[str, Any] = {"next": following, "indexed": snapshot.size, "size": max(log.committed, snapshot.size)}
    rest["took_ms"] = took
    if explained:
        rest["explain"] = plan_of(snapshot, question.query, check=check) | {"clock": question.clock, "took_ms": took}
    body = b'{"events":[%b],%b' % (b",".join(shown(log, found.indexes, view, check)), _encode(rest)[1:])
    return _answer(call, body, found.indexes)


def _around(log: FollowedLog, call: Call, check: Check) -> Answer:
    parameters = call.parameters
    index = index_asked(log, call)
    query = asked_by(call).query
    snapshot = log.index.snapshot()
    before = number_of(parameters, "before", 20, most=MOST, least=0)
    after = number_of(parameters, "after", 20, most=MOST, least=0)
    older = page(snapshot, query, order="newest", limit=before, after=index, check=check).indexes if before else []
    newer = page(snapshot, query, order="oldest", limit=after, after=index, check=check).indexes if after else []
    below, event, above = (b",".join(shown(log, indexes, "row", check)) for indexes in (older[::-1], [index], newer))
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


def _view(log: FollowedLog, call: Call, check: Check) -> Answer:
    """The entry as its mapper reads it; members above `LARGE_BYTES` are named, and given by `value`."""
    index = index_asked(log, call)
    entry = log.reader.entry(index)
    view = view_of(index, entry, log.reader.blob)
    check()
    return Answer(call.id, viewed(view, event_bytes(entry, log.reader.blob)), 1, index, index)


def _complete(log: FollowedLog, call: Call, check: Check) -> Answer:
    text = call.parameters.get("q", "")
    at = number_of(call.parameters, "at", len(text), most=len(text), least=0)
    return Answer(call.id, _encode(options_at(log.index.snapshot(), text, at, check=check)))


def _newest(log: FollowedLog, call: Call, check: Check) -> Answer:
    """The newest match whatever the time range, for an empty result that says where to look, or else what was meant."""
    question = asked_by(call)
    wide = without_times(question.query, question.clock)
    snapshot = log.index.snapshot()
    found = page(snapshot, wide, order="newest", limit=1, check=check).indexes
    if not found:
        hints = _hints(snapshot, call.parameters.get("q", ""), wide, check)
        return _answer(call, _encode({"newest": None, "hints": hints}), found)
    (row,) = shown(log, found, "row", check)
    return _answer(call, b'{"newest":%b}' % row, found)


def _hints(snapshot: Snapshot, text: str, query: Query, check: Check) -> list[str]:
    """What was probably meant by a query that nothing matches; nothing where there is no time to find out."""
    try:
        return better_query(text, query, KnownHere(snapshot, check))
    except TimedOut:
        return []


METHODS: Final[Mapping[str, Method]] = {
    "search": _search,
    "around": _around,
    "by_id": _by_id,
    "head": head,
    "histogram": histogram_answer,
    "facets": facets_answer,
    "tail": tail,
    "complete": _complete,
    "view": _view,
    "views": views,
    "moments": moments,
    "newest": _newest,
}


def _answer(call: Call, body: bytes, indexes: list[int]) -> Answer:
    if not indexes:
        return Answer(call.id, body)
    return Answer(call.id, body, len(indexes), min(indexes), max(indexes))
