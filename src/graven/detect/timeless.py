"""A query that asks the same whenever it is asked: what an alert fires on must follow from the log alone.

A time told from now (`since:1h`) is resolved anew at each look. After an hour of downtime the next look would pass over
that hour, and nobody would be told.
"""

from typing import Final

from graven.errors import InvalidInput
from graven.index.query.ast import Compare, Query, leaves
from graven.index.query.parse import parse

__all__ = ["check_timeless"]

_ONE_NS: Final = 0
_OTHER_NS: Final = 10**18
"""Two moments. From neither of them a duration of 64 bits leads out of what a moment may be."""


def check_timeless(text: str) -> Query:
    """The query; InvalidInput for none (`bad_query`), or for one that holds a time told from now (`invalid_alert`)."""
    query, other = (parse(text, now_ns=now_ns).query for now_ns in (_ONE_NS, _OTHER_NS))
    if query == other:
        return query
    pairs = zip(leaves(query), leaves(other), strict=True)
    bounded = next(one.field.name for one, two in pairs if one != two and isinstance(one, Compare))
    raise InvalidInput(
        f"alert: the query bounds {bounded} by a time told from now",
        why="an alert looks again and again, and late after downtime: what it fires on must not depend on when",
        hint="leave the condition out: `window_s` of the threshold (--within) or the silence says how far back",
        code="invalid_alert",
    )
