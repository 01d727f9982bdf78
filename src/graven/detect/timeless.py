"""A query that asks the same whenever it is asked: what an alert fires on must follow from the log alone.

A time told from now (`since:1h`) is resolved anew at each look. After an hour of downtime the next look would pass over
that hour, and nobody would be told.
"""

from typing import Final

from graven.errors import InvalidInput
from graven.index.query.ast import Compare, Equals, Query, leaves
from graven.index.query.parse import parse
from graven.index.query.times import MAX_NS

__all__ = ["check_timeless"]

_ONE_NS: Final = 0
_OTHER_NS: Final = MAX_NS
"""Two moments. From neither of them a duration of 64 bits leads out of what a moment may be, and between them lies
every date since 1970: a range from a date to a time told from now, or back, is reversed at one of them only."""


def check_timeless(text: str) -> Query:
    """The query; InvalidInput for none (`bad_query`), or for one that holds a time told from now (`invalid_alert`)."""
    one, other = _read(text, _ONE_NS), _read(text, _OTHER_NS)
    if isinstance(one, InvalidInput):
        if isinstance(other, InvalidInput):
            raise one
        one, other = other, one
    if one == other:
        return one
    raise InvalidInput(
        f"alert: the query bounds {_bounded(one, other)} by a time told from now",
        why="an alert looks again and again, and late after downtime: what it fires on must not depend on when",
        hint="leave the condition out: `window_s` of the threshold (--within) or the silence says how far back",
        code="invalid_alert",
    )


def _read(text: str, now_ns: int) -> Query | InvalidInput:
    try:
        return parse(text, now_ns=now_ns).query
    except InvalidInput as error:
        return error


def _bounded(query: Query, other: Query | InvalidInput) -> str:
    """The field of the first time that differs; of the first time at all where the other is a range that holds none."""
    times = [one for one in leaves(query) if isinstance(one, Compare | Equals) and one.field.kind == "time"]
    same = set() if isinstance(other, InvalidInput) else set(leaves(other))
    return next(one.field.name for one in times if one not in same)
