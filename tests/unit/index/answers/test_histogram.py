import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.index_rows import T0, event, hot
from tests.support.unlimited import unlimited

from graven.index.answers.histogram import histogram, width_for
from graven.index.query.ast import All
from graven.index.query.fields import BY_NAME
from graven.index.store import Snapshot

moments = st.integers(-(2**63), 2**63 - 1)


@given(moments, moments, st.integers(2, 1_000))
def test_buckets_of_the_width_cover_the_span_wherever_it_begins(one, other, buckets):
    low, high = sorted((one, other))
    width = width_for(high - low, buckets)
    assert high // width - low // width + 1 <= buckets


@pytest.mark.parametrize(
    ("span", "buckets", "width"), [(0, 60, 10**6), (3_600 * 10**9, 60, 120 * 10**9), (10**9, 2, 2 * 10**9)]
)
def test_widths_are_round_and_as_narrow_as_they_may_be(span, buckets, width):
    assert width_for(span, buckets) == width


def asked(events, **options):
    snapshot = Snapshot((hot(events),), len(events)) if events else Snapshot((), 0)
    given = {"buckets": 10, "clock": "received", "by": None, "start_ns": None, "stop_ns": None, **options}
    return histogram(snapshot, All(), check=unlimited, **given)


def test_an_empty_log_has_no_buckets():
    found = asked([])
    assert (found.buckets, found.total, found.untimed) == ([], 0, 0)


def test_one_event_is_one_bucket():
    found = asked([event()])
    assert [(bucket.start_ns, bucket.count) for bucket in found.buckets] == [(T0, 1)]


@pytest.mark.parametrize("clock", ["received", "claimed"])
@pytest.mark.parametrize("buckets", [2, 10, 60])
def test_a_range_of_all_that_64_bits_hold_counts_every_event_once(clock, buckets):
    events = [event(time=text) for text in ("1600-01-01T00:00:00Z", "1969-01-01T00:00:00Z", "2500-01-01T00:00:00Z")]
    found = asked(events, clock=clock, buckets=buckets, start_ns=-(2**63) + 1, stop_ns=2**63)
    assert len(found.buckets) <= buckets
    assert sum(bucket.count for bucket in found.buckets) == 3
    assert found.untimed == 0


def test_buckets_have_no_gaps_and_begin_at_multiples_of_the_width():
    found = asked([event() for _ in range(30)])
    starts = [bucket.start_ns for bucket in found.buckets]
    assert starts == list(range(starts[0], starts[-1] + 1, found.width_ns))
    assert all(start % found.width_ns == 0 for start in starts)


def test_events_without_a_claim_are_counted_apart():
    found = asked([event(), event(time="2026-01-01T00:00:00Z")], clock="claimed")
    assert (found.total, found.untimed, sum(bucket.count for bucket in found.buckets)) == (2, 1, 1)


def test_an_empty_value_is_counted_with_the_rest():
    found = asked([event(qa={"suite": ""}), event(qa={"suite": "a"}), event()], by=BY_NAME["suite"])
    assert found.values == ("a", "")
    assert sum(bucket.by[0] for bucket in found.buckets) == 1
    assert sum(bucket.by[1] for bucket in found.buckets) == 2


def test_more_values_than_stacks_are_one_stack():
    found = asked([event(qa={"suite": f"s{n}"}) for n in range(12)], by=BY_NAME["suite"])
    assert len(found.values) == 9
    assert sum(bucket.by[-1] for bucket in found.buckets) == 4
