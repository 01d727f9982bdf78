"""Whatever answers a query, in memory or in files, gives what looking at every event gives."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.index.strategies import entries, queries_about
from tests.support.unlimited import unlimited

from graven.index.answers import page as page_module
from graven.index.answers.cursor import Cursor, decode_cursor, encode_cursor
from graven.index.answers.facets import facets, values_of
from graven.index.answers.histogram import STACKED, histogram
from graven.index.answers.page import count, masks, page, span_of
from graven.index.derive.deriver import Deriver
from graven.index.derive.view import VERSION, view_of
from graven.index.query.fields import BY_NAME, FACETS
from graven.index.query.matches import matches
from graven.index.query.view import keywords, numbers
from graven.index.segment.hot import HotSegment
from graven.index.segment.sealed import SealedSegment, seal
from graven.index.store import Snapshot

SECRET = "0f"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def nothing(digest: str) -> bytes | None:
    return None


@st.composite
def worlds(draw):
    """Entries in the order of their times, where segments end, and queries about them."""
    made = sorted(draw(st.lists(entries(), min_size=1, max_size=20)), key=lambda entry: entry[19:49])
    cuts = sorted(draw(st.sets(st.integers(1, len(made)), max_size=3)) | {len(made)})
    views = [view_of(index, entry, nothing) for index, entry in enumerate(made)]
    asked = draw(st.lists(queries_about(views[:4]), min_size=4, max_size=8))
    return made, cuts, views, asked


def segments_of(made, cuts, folder: Path, sealed: int):
    """Segments between the cuts; the first `sealed` of them as files."""
    deriver = Deriver(nothing)
    segments = []
    start = 0
    for number, stop in enumerate(cuts):
        table = deriver.derive(start, made[start:stop])
        if number < sealed:
            path = seal(pa.concat_tables([table]), start, folder, mapper=VERSION, leaf="", secret=SECRET)
            segments.append(SealedSegment(path, secret=SECRET))
        else:
            segments.append(HotSegment(start, table))
        start = stop
    deriver.close()
    return Snapshot(tuple(segments), start)


@given(worlds(), st.integers(1, 8))
@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
def test_every_answer_from_memory_is_that_of_a_scan(world, limit):
    check_answers(world, 0, limit)


@pytest.mark.slow
@given(worlds(), st.integers(1, 3), st.integers(1, 8))
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
def test_every_answer_from_files_is_that_of_a_scan(world, sealed, limit):
    check_answers(world, sealed, limit)


@pytest.mark.soak
@given(worlds(), st.integers(0, 3), st.integers(1, 8))
@settings(max_examples=4_000, deadline=None, suppress_health_check=SLOW)
def test_the_same_for_four_thousand_worlds(world, sealed, limit):
    check_answers(world, sealed, limit)


def check_answers(world, sealed, limit):
    made, cuts, views, asked = world
    # so that few rows come in several stretches, too
    with TemporaryDirectory() as folder, patch.object(page_module, "_FIRST_ROWS", limit):
        snapshot = segments_of(made, cuts, Path(folder), sealed)
        check_values(snapshot, views)
        for query in asked:
            expected = [view["index"] for view in views if matches(query, view)]
            assert count(snapshot, query, check=unlimited) == len(expected), query
            assert pages(snapshot, query, "oldest", limit) == expected, query
            assert pages(snapshot, query, "newest", limit) == expected[::-1], query
            exported = [
                int(row) + segment.first
                for segment, mask in masks(snapshot, query, check=unlimited)
                for row in span_of(mask, segment.count)
            ]
            assert exported == expected, query
            matched = [views[index] for index in expected]
            check_facets(snapshot, query, matched)
            for clock in ("received", "claimed"):
                check_histogram(snapshot, query, clock, matched)


def pages(snapshot, query, order, limit):
    """Page by page, by the cursors that a client gets."""
    found: list[int] = []
    cursor = None
    while True:
        after = decode_cursor(cursor, SECRET, ("q", order)).last if cursor is not None else None
        part = page(snapshot, query, order=order, limit=limit, after=after, check=unlimited)
        assert len(part.indexes) <= limit
        found += part.indexes
        if not part.more:
            return found
        cursor = encode_cursor(Cursor(17, found[-1]), SECRET, ("q", order))


def counted(field, views):
    return Counter(value for view in views for value in keywords(field, view))


def check_values(snapshot, views):
    for field in FACETS:
        assert dict(values_of(snapshot, field, prefix="", limit=1_000, check=unlimited)) == counted(field, views)


def check_facets(snapshot, query, matched):
    found = facets(snapshot, query, FACETS, limit=1_000, check=unlimited)
    assert found.total == len(matched)
    for field in FACETS:
        expected = counted(field, matched)
        facet = found.fields[field.name]
        assert dict(facet.values) == expected, (query, field.name)
        assert (facet.other, facet.absent) == (0, len(matched) - sum(expected.values())), (query, field.name)


def check_histogram(snapshot, query, clock, matched):
    by = BY_NAME["source" if len(matched) % 2 else "outcome"]
    found = histogram(snapshot, query, buckets=20, clock=clock, by=by, start_ns=None, stop_ns=None, check=unlimited)
    field = BY_NAME["received" if clock == "received" else "time"]
    timed = [(times[0], view) for view in matched if (times := numbers(field, view))]
    assert found.total == len(matched), query
    assert found.untimed == len(matched) - len(timed), query
    assert sum(bucket.count for bucket in found.buckets) == len(timed), query
    assert len(found.values) <= STACKED + 1
    for bucket in found.buckets:
        inside = [view for time, view in timed if bucket.start_ns <= time < bucket.start_ns + found.width_ns]
        assert bucket.count == len(inside) == sum(bucket.by), query
        for value, number in zip(found.values[:-1], bucket.by[:-1], strict=True):
            assert number == sum(value in keywords(by, view) for view in inside)
