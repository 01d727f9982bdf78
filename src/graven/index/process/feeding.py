"""Questions of what follows a log: the live tail, and the alerts of the server itself."""

from typing import Final

import msgspec
import numpy as np

from graven.errors import Unavailable
from graven.index.answers.page import matching, page
from graven.index.derive.view import view_of
from graven.index.one_line import one_line
from graven.index.process.asked import MOST, choice, number_of
from graven.index.process.bodies import Check, asked_by, shown
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Answer, Call
from graven.index.query.ast import Compare, Query, all_of
from graven.index.query.fields import BY_NAME
from graven.index.store import Snapshot

__all__ = ["head", "moments", "tail", "views"]

_MOST_BYTES: Final = 8 * 2**20

_encode: Final = msgspec.json.Encoder().encode
_pack: Final = msgspec.msgpack.Encoder().encode


def tail(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Matches behind `after`, oldest first, as server-sent events; of more than `limit` only the newest.

    The answer's `last` is the log index up to which was looked, whether something matched there or not.
    """
    parameters = call.parameters
    after = int(parameters["after"])
    limit = number_of(parameters, "limit", MOST, most=MOST)
    view = choice(parameters, "view", ("row", "entry"))
    query = asked_by(call).query
    snapshot = log.index.snapshot()
    count = 0
    newest: list[int] = []
    for segment, rows in matching(snapshot, query, after=after, check=check):
        count += len(rows)
        newest = [*newest, *(rows[-limit:] + segment.first).tolist()][-limit:]
    parts = [
        b"id: %d\nevent: row\ndata: %b\n\n" % (index, one_line(row))
        for index, row in zip(newest, shown(log, newest, view, check), strict=True)
    ]
    state = {"indexed": snapshot.size, "size": max(log.committed, snapshot.size), "skipped": count - len(newest)}
    last = max(after, snapshot.size - 1)
    mark = b"id: %d\n" % last if last >= 0 else b""  # of an empty log: there is no index to come back with
    parts.append(b"%bevent: progress\ndata: %b\n\n" % (mark, _encode(state)))
    return Answer(call.id, b"".join(parts), count, newest[0] if newest else None, last)


def views(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Views of the matches in [start, stop), oldest first, as JSON: for programs of the server itself.

    `more` says that not all of them found room. Unavailable (`index_away`) when not all of the range is indexed.
    MessagePack would not do: it has no integers beyond 64 bits, and events may.
    """
    snapshot, query, start = _range_of(log, call)
    found = page(snapshot, query, order="oldest", limit=MOST, after=start - 1, check=check)
    made: list[bytes] = []
    size_bytes = 0
    for index in found.indexes:
        check()
        made.append(_encode(view_of(index, log.reader.entry(index), log.reader.blob)))
        size_bytes += len(made[-1])
        if size_bytes > _MOST_BYTES:
            break
    return Answer(call.id, b"[%b]" % b",".join(made), len(made), more=found.more or len(made) < len(found.indexes))


def moments(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Of the matches in [start, stop) the first and the last of each second of received time, as MessagePack.

    Unavailable (`index_away`) when not all of the range is indexed.
    """
    snapshot, query, start = _range_of(log, call)
    found: list[tuple[int, int]] = []
    for segment, rows in matching(snapshot, query, after=start - 1, check=check):
        received = segment.numbers("received")[rows]
        borders = np.flatnonzero(np.diff(received // 1_000_000_000))
        ends = np.unique(np.concatenate(([0], borders, borders + 1, [rows.size - 1])))
        found += zip((rows[ends] + segment.first).tolist(), received[ends].tolist(), strict=True)
    return Answer(call.id, _pack([{"index": index, "received": moment} for index, moment in found]), len(found))


def head(log: FollowedLog, call: Call, check: Check) -> Answer:
    """How far the index is: entries, the received time of the last one (Unix ns), and whether that is all."""
    snapshot = log.index.snapshot()
    received = int(snapshot.segments[-1].numbers("received")[-1]) if snapshot.segments else 0
    return Answer(call.id, _pack([snapshot.size, received, snapshot.size >= log.committed]))


def _range_of(log: FollowedLog, call: Call) -> tuple[Snapshot, Query, int]:
    """What the index holds, the query within [start, stop), and start.

    The range was chosen by an earlier `head`; the index may have begun anew since, and what it does not hold yet would
    pass for what does not match. Bounded by the query, the segments behind the range are not looked at.
    """
    start, stop = int(call.parameters["start"]), int(call.parameters["stop"])
    snapshot = log.index.snapshot()
    if snapshot.size < stop:
        raise Unavailable(
            f"the index of {log.name} has {snapshot.size} entries, asked was up to {stop}",
            hint="ask again in a moment",
            code="index_away",
        )
    return snapshot, all_of([asked_by(call).query, Compare(BY_NAME["index"], "<", stop)]), start
