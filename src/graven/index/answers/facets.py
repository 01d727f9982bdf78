"""How many matches have each value of a field: partials of segments are added up by value."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.answers.page import masks
from graven.index.query.ast import Query
from graven.index.query.fields import Field
from graven.index.segment.contract import Segment
from graven.index.segment.rows import Rows
from graven.index.segment.sealed import SealedSegment
from graven.index.store import Snapshot

__all__ = ["Facet", "Facets", "counted_by", "facets", "values_of", "values_where"]


class Facet(NamedTuple):
    """Most frequent values first; `other` counts matches with further values, `absent` those without any."""

    values: list[tuple[str, int]]
    other: int
    absent: int


class Facets(NamedTuple):
    """`total` is how many events match."""

    fields: dict[str, Facet]
    total: int


def facets(
    snapshot: Snapshot, query: Query, fields: Sequence[Field], *, limit: int, check: Callable[[], None]
) -> Facets:
    """Counts for fields that are stored as facets, each named once."""
    return counted_by(masks(snapshot, query, check=check), fields, limit=limit, check=check)


def counted_by(
    matched: Iterable[tuple[Segment, Rows]], fields: Sequence[Field], *, limit: int, check: Callable[[], None]
) -> Facets:
    """The same, over what `masks` gave."""
    partials: dict[str, list[tuple[pa.StringArray, Any]]] = {field.name: [] for field in fields}
    absent = dict.fromkeys(partials, 0)
    total = 0
    for segment, rows in matched:
        check()
        total += segment.count if rows is True else int(np.count_nonzero(rows))
        for field in fields:
            counts = _counts(segment, field.column, rows)
            values = segment.codes(field.column).values
            absent[field.name] += int(counts[-1])
            there = np.flatnonzero(counts[:-1])
            if there.size:
                all_there = there.size == len(values)
                partials[field.name].append((values if all_there else values.take(pa.array(there)), counts[:-1][there]))
    return Facets({field.name: _merged(partials[field.name], limit, absent[field.name]) for field in fields}, total)


def _counts(segment: Segment, column: str, rows: Rows) -> Any:
    if rows is True:
        if isinstance(segment, SealedSegment):
            return segment.counts(column)
        return segment.codes(column).counts()
    assert rows is not False  # noqa: S101 - for the type checker; asked before
    return segment.codes(column).counts(rows)


def _merged(partials: list[tuple[pa.StringArray, Any]], limit: int, absent: int) -> Facet:
    if not partials:
        return Facet([], 0, absent)
    values = pa.chunked_array([values for values, _ in partials], pa.string())
    counts = pa.chunked_array([pa.array(counts) for _, counts in partials], pa.int64())
    summed = pa.table({"value": values, "count": counts}).group_by("value").aggregate([("count", "sum")])
    order = pc.select_k_unstable(summed, k=limit, sort_keys=[("count_sum", "descending"), ("value", "ascending")])
    first = summed.take(order)
    shown = list(zip(first["value"].to_pylist(), first["count_sum"].to_pylist(), strict=True))
    everything = pc.sum(summed["count_sum"]).as_py()
    return Facet(shown, everything - sum(count for _, count in shown), absent)


def values_where(
    snapshot: Snapshot,
    field: Field,
    *,
    wanted: Callable[[pa.StringArray], pa.BooleanArray],
    limit: int,
    check: Callable[[], None],
) -> list[tuple[str, int]]:
    """Values of a field that are `wanted`, the most frequent first."""
    partials = []
    for segment in snapshot.segments:
        check()
        values = segment.codes(field.column).values
        counts = _counts(segment, field.column, True)[:-1]
        places = np.flatnonzero(wanted(values).to_numpy(zero_copy_only=False))
        if places.size:
            partials.append((values.take(pa.array(places)), counts[places]))
    return _merged(partials, limit, 0).values


def values_of(
    snapshot: Snapshot, field: Field, *, prefix: str, limit: int, check: Callable[[], None]
) -> list[tuple[str, int]]:
    """Values of a field that begin so, the most frequent first."""

    def begins(values: pa.StringArray) -> pa.BooleanArray:
        return pc.starts_with(values, prefix, ignore_case=True)

    return values_where(snapshot, field, wanted=begins, limit=limit, check=check)
