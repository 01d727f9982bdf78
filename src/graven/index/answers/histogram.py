"""Matches over time, by either clock, stacked by a facet.

By received time no row is looked at to find its bucket: times never decrease with the log index, so the borders of
buckets are searched, and what lies between them is counted.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.answers.facets import counted_by
from graven.index.answers.page import masks
from graven.index.answers.widths import width_for
from graven.index.derive.columns import MISSING
from graven.index.query.ast import Query
from graven.index.query.fields import Field
from graven.index.segment.codes import Codes, Rows
from graven.index.segment.contract import Segment
from graven.index.segment.sealed import SealedSegment
from graven.index.store import Snapshot

__all__ = ["STACKED", "Bucket", "Clock", "Histogram", "histogram"]

Clock = Literal["received", "claimed"]
STACKED: Final = 8
"""Values that get a stack of their own."""

_MIN: Final = -(2**63)
_MAX: Final = 2**63 - 1


class Bucket(NamedTuple):
    """Matches from `start_ns` on, for the width of the histogram; `by` in the order of `Histogram.values`."""

    start_ns: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants here
    by: tuple[int, ...]


class Histogram(NamedTuple):
    """Buckets without gaps. The last of `values` is "" and stands for all others, for an empty one, and for none."""

    width_ns: int
    values: tuple[str, ...]
    buckets: list[Bucket]
    total: int
    untimed: int
    """Matches without a claimed time, or with one outside of the range."""


def histogram(
    snapshot: Snapshot,
    query: Query,
    *,
    buckets: int,
    clock: Clock,
    by: Field | None,
    start_ns: int | None,
    stop_ns: int | None,
    check: Callable[[], None],
) -> Histogram:
    """Matches by time in at most that many buckets (two or more), over [start, stop), or over what matches where these
    are open."""
    matched = list(masks(snapshot, query, check=check))
    total = sum(segment.count if rows is True else int(np.count_nonzero(rows)) for segment, rows in matched)
    column = "received" if clock == "received" else "time"
    low, high = _extent(matched, column, start_ns, stop_ns)
    width = width_for(max(0, high - low), buckets)
    base = low // width
    number = high // width - base + 1
    values: tuple[str, ...] = ()
    if by is not None:
        top = counted_by(matched, [by], limit=STACKED, check=check).fields[by.name]
        values = (*(value for value, _ in top.values if value), "")
    stacked = np.zeros((number, max(1, len(values))), np.int64)
    for segment, rows in matched:
        check()
        stacked += _partial(segment, rows, column, base, width, number, by, values)
    made = [
        Bucket((base + n) * width, int(stacked[n].sum()), tuple(stacked[n].tolist()) if by is not None else ())
        for n in range(number)
    ]
    return Histogram(width, values, made if total else [], total, total - int(stacked.sum()))


def _extent(
    matched: list[tuple[Segment, Rows]], column: str, start_ns: int | None, stop_ns: int | None
) -> tuple[int, int]:
    """First and last moment of the histogram."""
    low, high = start_ns, None if stop_ns is None else stop_ns - 1
    if low is None or high is None:
        firsts, lasts = [], []
        for segment, rows in matched:
            times = segment.numbers(column)
            if column == "received":  # sorted
                places = np.array([0, segment.count - 1]) if rows is True else np.flatnonzero(rows)[[0, -1]]
                firsts.append(int(times[places[0]]))
                lasts.append(int(times[places[1]]))
                continue
            times = times if rows is True else times[rows]
            times = times[times != MISSING]
            if times.size:
                firsts.append(int(times.min()))
                lasts.append(int(times.max()))
        low = low if low is not None else min(firsts, default=high if high is not None else 0)
        high = high if high is not None else max(lasts, default=low)
    return low, max(low, high)


def _partial(
    segment: Segment,
    rows: Rows,
    column: str,
    base: int,
    width: int,
    number: int,
    by: Field | None,
    values: tuple[str, ...],
) -> Any:
    times = segment.numbers(column)
    # the outer borders may need more than 64 bits
    first, last = max(_MIN, base * width), min(_MAX, (base + number) * width - 1)
    inner = np.array([(base + n) * width for n in range(1, number)], np.int64)
    if column == "received":
        ends = np.searchsorted(times, first), np.searchsorted(times, last, side="right")
        edges = np.concatenate((ends[:1], np.searchsorted(times, inner), ends[1:]))
        if by is None:
            return _sizes(rows, edges)[:, None]
        codes = segment.codes(by.column)
        filled = np.flatnonzero(np.diff(edges))
        if filled.size * len(codes.values) <= segment.count:
            return _by_stretches(segment, rows, edges, filled, by.column, _stacks_of(codes, values))
        bucket = np.repeat(np.arange(number), np.diff(edges))
        inside = slice(int(edges[0]), int(edges[-1]))
        chosen = None if isinstance(rows, bool) else rows[inside]
        bucket = bucket if chosen is None else bucket[chosen]
    else:
        bucket = np.searchsorted(inner, times, side="right")
        there = (times != MISSING) & (times >= first) & (times <= last)
        chosen = there if rows is True else there & rows
        inside = slice(None)
        bucket = bucket[chosen]
        if by is None:
            return np.bincount(bucket, minlength=number)[:, None]
        codes = segment.codes(by.column)
    stacks = len(values)
    stack = codes.codes[inside]
    stack = _stacks_of(codes, values)[stack if chosen is None else stack[chosen]]
    return np.bincount(bucket * stacks + stack, minlength=number * stacks).reshape(number, stacks)


def _sizes(rows: Rows, edges: Any) -> Any:
    """How many of the rows lie between each edge and the next."""
    if rows is True:
        return np.diff(edges)
    assert rows is not False  # noqa: S101 - for the type checker; such segments were left out
    return np.diff(np.concatenate(([0], np.cumsum(rows, dtype=np.int64)))[edges])


def _by_stretches(segment: Segment, rows: Rows, edges: Any, filled: Any, column: str, stack_of: Any) -> Any:
    """Stacks of the buckets: a stretch of codes is counted for each that has rows, and no row is given its bucket."""
    codes = segment.codes(column)
    stacked = np.zeros((len(edges) - 1, int(stack_of[-1]) + 1), np.int64)
    for bucket in filled.tolist():
        low, high = int(edges[bucket]), int(edges[bucket + 1])
        if rows is True and (low, high) == (0, segment.count) and isinstance(segment, SealedSegment):
            counts = segment.counts(column)
        else:
            counts = codes.counts(slice(low, high), None if isinstance(rows, bool) else rows[low:high])
        np.add.at(stacked[bucket], stack_of, counts)
    return stacked


def _stacks_of(codes: Codes, values: tuple[str, ...]) -> Any:
    """The stack of each code; the last one for values that have none of their own, and for no value."""
    place = np.full(len(codes.values) + 1, len(values) - 1, np.int64)
    known = {value: n for n, value in enumerate(values[:-1])}
    for position, value in _positions(codes.values, known):
        place[position] = value
    return place


def _positions(values: Any, known: dict[str, int]) -> list[tuple[int, int]]:
    wanted = pa.array(list(known), pa.string())
    found = pc.index_in(values, value_set=wanted)
    there = np.flatnonzero(~found.is_null().to_numpy(zero_copy_only=False))
    return [(int(position), int(found[int(position)].as_py())) for position in there]
