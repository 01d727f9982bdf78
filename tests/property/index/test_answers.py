"""Whatever answers a query, in memory or in files, gives what looking at every event gives."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.property.index.strategies import entries, queries

from graven.index.answers.facets import facets
from graven.index.answers.histogram import histogram
from graven.index.answers.page import count, page
from graven.index.derive.deriver import Deriver
from graven.index.derive.view import VERSION, view_of
from graven.index.query.fields import BY_NAME, FACETS
from graven.index.query.matches import matches
from graven.index.query.view import keywords
from graven.index.segment.hot import HotSegment
from graven.index.segment.sealed import SealedSegment, seal
from graven.index.store import Snapshot


def nothing(digest: str) -> bytes | None:
    return None


def unlimited() -> None:
    return


@st.composite
def worlds(draw):
    """Entries in the order of their times, and where segments end."""
    made = sorted(draw(st.lists(entries(), min_size=1, max_size=30)), key=lambda entry: entry[19:49])
    cuts = sorted(draw(st.sets(st.integers(1, len(made)), max_size=3)) | {len(made)})
    return made, cuts


def segments_of(made, cuts, folder: Path, sealed: int):
    """Segments between the cuts; the first `sealed` of them as files."""
    deriver = Deriver(nothing)
    segments = []
    start = 0
    for number, stop in enumerate(cuts):
        table = deriver.derive(start, made[start:stop])
        if number < sealed:
            path = seal(pa.concat_tables([table]), start, folder, mapper=VERSION, leaf="", secret="0f")
            segments.append(SealedSegment(path, secret="0f"))
        else:
            segments.append(HotSegment(start, table))
        start = stop
    deriver.close()
    return Snapshot(tuple(segments), start)


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@given(worlds(), st.lists(queries(), min_size=4, max_size=12), st.integers(1, 8))
@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
def test_every_answer_from_memory_is_that_of_a_scan(world, asked, limit):
    check_answers(world, asked, 0, limit)


@pytest.mark.slow
@given(worlds(), st.lists(queries(), min_size=8, max_size=16), st.integers(1, 3), st.integers(1, 8))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
def test_every_answer_from_files_is_that_of_a_scan(world, asked, sealed, limit):
    check_answers(world, asked, sealed, limit)


def check_answers(world, asked, sealed, limit):
    made, cuts = world
    views = [view_of(index, entry, nothing) for index, entry in enumerate(made)]
    with TemporaryDirectory() as folder:
        snapshot = segments_of(made, cuts, Path(folder), sealed)
        for query in asked:
            expected = [view["index"] for view in views if matches(query, view)]
            assert count(snapshot, query, check=unlimited) == len(expected), query
            assert pages(snapshot, query, "oldest", limit) == expected, query
            assert pages(snapshot, query, "newest", limit) == expected[::-1], query
            field = FACETS[len(expected) % len(FACETS)]
            check_facet(snapshot, query, field, [views[index] for index in expected])
            check_histogram(snapshot, query, "received", expected, views)


def pages(snapshot, query, order, limit):
    found: list[int] = []
    more = True
    while more:
        part = page(snapshot, query, order=order, limit=limit, after=found[-1] if found else None, check=unlimited)
        found += part.indexes
        more = part.more
    return found


def check_facet(snapshot, query, field, matching):
    found = facets(snapshot, query, [field], limit=1_000, check=unlimited)
    expected: dict[str, int] = {}
    for view in matching:
        for value in keywords(field, view):
            expected[value] = expected.get(value, 0) + 1
    assert found.total == len(matching)
    assert dict(found.fields[field.name].values) == expected
    assert found.fields[field.name].absent == len(matching) - sum(expected.values())


def check_histogram(snapshot, query, clock, expected, views):
    found = histogram(
        snapshot, query, buckets=20, clock=clock, by=BY_NAME["outcome"], start_ns=None, stop_ns=None, check=unlimited
    )
    assert found.total == len(expected)
    for bucket in found.buckets:
        inside = [
            views[index]
            for index in expected
            if bucket.start_ns <= views[index]["received"] < bucket.start_ns + found.width_ns
        ]
        assert bucket.count == len(inside)
        for value, number in zip(found.values[:-1], bucket.by[:-1], strict=True):
            assert number == sum(value in keywords(BY_NAME["outcome"], view) for view in inside)
