"""A page of matches, and how many there are: segments are asked in order, and no further than the page needs."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from graven.index.answers.order import Order
from graven.index.query.ast import All, And, Query, all_of
from graven.index.segment.contract import Segment
from graven.index.segment.rows import FLAT, TERMS, Rows, between, rank, rows_of
from graven.index.store import Snapshot

__all__ = ["Order", "Page", "count", "counted", "masks", "matching", "page", "span_of"]

_FIRST_ROWS: Final = 8_192
"""How many rows are looked at in the first step; twice as many in each that follows."""


class Page(NamedTuple):
    """Log indexes in the order asked for; `more` when others may follow."""

    indexes: list[int]
    more: bool


def page(
    snapshot: Snapshot,
    query: Query,
    *,
    order: Order,
    limit: int,
    after: int | None = None,
    check: Callable[[], None],
) -> Page:
    """The first `limit` matches beyond the log index `after` (below it when the newest come first)."""
    found: list[int] = []
    for segment, rows in matching(snapshot, query, order=order, after=after, check=check):
        wanted = limit + 1 - len(found)
        part = rows[::-1][:wanted] if order == "newest" else rows[:wanted]
        found.extend((part + segment.first).tolist())
        if len(found) > limit:
            return Page(found[:limit], more=True)
    return Page(found, more=False)


def matching(
    snapshot: Snapshot,
    query: Query,
    *,
    order: Order = "oldest",
    after: int | None = None,
    check: Callable[[], None],
) -> Iterator[tuple[Segment, Any]]:
    """Segments that have matches, with their row numbers, ascending; segment by segment in that order.

    Where rows have to be looked at, a segment comes in several stretches: whoever wants a page of them has enough
    before all are looked at.
    """
    segments = snapshot.segments if order == "oldest" else snapshot.segments[::-1]
    for segment in segments:
        low, high = 0, segment.count
        if after is not None and order == "newest":
            high = min(high, after - segment.first)
        elif after is not None:
            low = max(low, after + 1 - segment.first)
        if low >= high:
            continue
        check()
        cheap, costly = _parted(query, segment)
        within = rows_of(cheap, segment, between(low, high, segment.count), check=check)
        if isinstance(costly, All):
            steps: Iterable[Rows] = (within,)
        else:
            steps = _stretches(within, low, high, segment.count, order)
        for step in steps:
            rows = span_of(rows_of(costly, segment, step, check=check), segment.count)
            if rows.size:
                yield segment, rows


def _parted(query: Query, segment: Segment) -> tuple[Query, Query]:
    """The part of a query that is asked of all rows at once, and the one for which rows are looked at."""
    most = TERMS if segment.has_terms else FLAT
    parts = query.parts if isinstance(query, And) else (query,)
    return all_of(p for p in parts if rank(p) <= most), all_of(p for p in parts if rank(p) > most)


def _stretches(within: Rows, low: int, high: int, count: int, order: Order) -> Iterator[Rows]:
    """The rows in stretches that grow, from the end that is asked for first."""
    size = _FIRST_ROWS
    while low < high and within is not False:
        if order == "newest":
            part, high = between(max(low, high - size), high, count), high - size
        else:
            part, low = between(low, min(high, low + size), count), low + size
        if within is True or part is True:
            yield part if within is True else within
        elif (rows := within & part).any():
            yield rows
        size *= 2


def span_of(rows: Rows, count: int) -> Any:
    """Row numbers of a mask."""
    if rows is True:
        return np.arange(count)
    return np.empty(0, np.int64) if rows is False else np.flatnonzero(rows)


def masks(snapshot: Snapshot, query: Query, *, check: Callable[[], None]) -> Iterator[tuple[Segment, Rows]]:
    """Segments that have matches, oldest first, each with which of its rows match."""
    for segment in snapshot.segments:
        check()
        rows = rows_of(query, segment, check=check)
        if counted(rows, segment.count):
            yield segment, rows


def count(snapshot: Snapshot, query: Query, *, check: Callable[[], None]) -> int:
    """How many events match."""
    return sum(counted(rows, segment.count) for segment, rows in masks(snapshot, query, check=check))


def counted(rows: Rows, count: int) -> int:
    """How many rows of a segment of `count` there are."""
    return count if rows is True else 0 if rows is False else int(np.count_nonzero(rows))
