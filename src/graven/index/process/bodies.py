"""What the answers to several questions have in common: the query of a call, and events as they are shown."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from graven.errors import NotFound, Unavailable
from graven.index.answers.shown import row_of
from graven.index.derive.view import view_of
from graven.index.process.asked import Asked, asked
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Call
from graven.tlog.encoding import decode_decimal

__all__ = ["Check", "asked_by", "index_asked", "ms_since", "shown"]

Check = Callable[[], None]
"""Called between steps; raises when the answer is late, or nobody waits for it."""

_encode: Final = msgspec.json.Encoder().encode


def asked_by(call: Call, now_ns: int | None = None) -> Asked:
    """What a call asks for; relative times refer to now, or to the moment of the first page."""
    return asked(call.log, call.parameters, time.time_ns() if now_ns is None else now_ns)


def shown(log: FollowedLog, indexes: list[int], view: str, check: Check) -> list[bytes]:
    """Events as JSON objects: reduced to a row, or as the log has them (`entry`)."""
    made = []
    for index, entry in zip(indexes, log.reader.entries(indexes), strict=True):
        check()  # one of them may be megabytes in a blob
        if view == "entry":
            made.append(b'{"index":%d,%b' % (index, entry[1:]))
        else:
            made.append(_encode(row_of(view_of(index, entry, log.reader.blob))))
    return made


def index_asked(log: FollowedLog, call: Call) -> int:
    """The log index that is asked about. Unavailable (`index_away`) for an entry that is not indexed yet, NotFound
    (`entry_not_found`) for one that there is not."""
    index, size = decode_decimal(call.parameters.get("index", "")), log.index.size
    if index < size:
        return index
    if index < log.committed:
        raise Unavailable(
            f"entry {index} is not indexed yet",
            why=f"the index has {size} of {log.committed} entries",
            hint="ask again in a moment",
            code="index_away",
        )
    raise NotFound(f"the log has no entry {index}", why=f"its size is {log.committed}", code="entry_not_found")


def ms_since(began: float) -> float:
    """Milliseconds since a moment of `time.perf_counter`, for whoever wonders where the time goes."""
    return round((time.perf_counter() - began) * 1_000, 3)
