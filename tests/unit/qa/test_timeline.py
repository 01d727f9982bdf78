"""One line of what happened, each place with its reason."""

import time

import pytest
from tests.support.happenings import event, lines

from graven.qa.kin import MAX_DEPTH
from graven.qa.timeline import timeline


def test_a_request_stands_in_the_call_and_the_statement_in_the_request():
    items = timeline(
        [
            event(0, "statement", at=30, lasts=5, cause="request", span="b", parent="a", by="shop", seq=1),
            event(1, "request", at=20, lasts=50, span="b", parent="a", by="shop", seq=2),
            event(2, "call", at=10, lasts=90, span="a", parent="t", by="test", seq=1),
            event(3, "case", at=0, lasts=200, span="t", by="test", seq=2),
        ],
        root=3,
    )
    assert lines(items) == ["case first", "  call first", "    request first", "      statement first"]
    assert [item.parent for item in items] == [None, 3, 2, 1]


def test_one_producer_s_events_stand_as_it_counted_them_though_its_clock_was_set_back():
    items = timeline([event(0, "a", at=100, by="p", seq=1), event(1, "b", at=50, lasts=1, by="p", seq=2)])
    assert lines(items) == ["a first", "b concurrent"]


def test_a_count_is_told_as_the_reason_when_the_times_agree():
    items = timeline([event(0, "b", at=60, by="p", seq=2), event(1, "a", at=50, by="p", seq=1)])
    assert lines(items) == ["a first", "b sequence"]


def test_siblings_that_overlap_are_concurrent():
    items = timeline([event(0, "a", at=0, lasts=10, by="p", seq=2), event(1, "b", at=5, lasts=1, by="p", seq=1)])
    assert lines(items) == ["b first", "a concurrent"]


def test_what_one_caused_stands_after_it_whatever_the_clocks_say():
    items = timeline([event(0, "effect", at=5, cause="cause", by="p"), event(1, "cause", at=900, by="q")])
    assert lines(items) == ["cause first", "  effect first"]


def test_a_cause_in_another_family_goes_before_the_family_of_its_effect():
    items = timeline(
        [
            event(0, "x", at=90, span="x", by="p", seq=2),
            event(1, "sent", at=91, span="s", parent="x", by="p", seq=3),
            event(2, "y", at=10, lasts=1, span="y", by="q"),
            event(3, "got", at=11, span="g", parent="y", cause="sent", by="q"),
        ]
    )
    assert lines(items) == ["x first", "  sent first", "y cause", "  got first"]


def test_families_that_caused_something_in_each_other_are_concurrent():
    items = timeline(
        [
            event(0, "x", at=0, span="x", by="p", seq=1),
            event(1, "x1", at=1, parent="x", cause="y1", by="p", seq=2),
            event(2, "x2", at=2, parent="x", by="p", seq=3),
            event(3, "y", at=5, span="y", by="q", seq=1),
            event(4, "y1", at=6, parent="y", by="q", seq=2),
            event(5, "y2", at=7, parent="y", cause="x2", by="q", seq=3),
        ]
    )
    assert [line for line in lines(items) if not line.startswith(" ")] == ["x first", "y concurrent"]


def test_clocks_that_nothing_compares_give_a_claimed_order_only():
    items = timeline([event(0, "a", at=0, by="p"), event(1, "b", at=50, by="q")])
    assert lines(items) == ["a first", "b claimed"]


def test_what_overlaps_is_concurrent_by_whatever_clocks():
    items = timeline([event(0, "a", at=0, lasts=60, by="p"), event(1, "b", at=50, by="q")])
    assert lines(items) == ["a first", "b concurrent"]


def test_compared_clocks_give_the_order_of_time_when_they_are_further_apart_than_they_may_be_off():
    def world(gap):
        return [
            event(0, "call", at=0, lasts=100, span="a", by="test", seq=1),
            event(1, "request", at=5_000_010, lasts=90, span="b", parent="a", by="shop", seq=1),
            event(2, "later", at=5_000_100 + gap, by="shop", seq=2),
            event(3, "mine", at=100 + 2 * gap, by="test", seq=2),
        ]

    assert lines(timeline(world(50)))[2:] == ["later time", "mine time"]
    assert lines(timeline(world(8)))[2:] == ["later concurrent", "mine concurrent"]


def test_without_a_time_the_order_is_not_known():
    assert lines(timeline([event(0, "a", at=0), event(1, "b")])) == ["a first", "b concurrent"]


def test_a_missing_parent_is_marked_and_the_event_stands_in_the_test():
    (_, lost) = timeline([event(0, "case", at=0, lasts=9, span="t"), event(1, "lost", at=3, parent="gone")], root=0)
    assert (lost.parent, lost.missing_parent) == (0, True)


def test_the_parent_of_the_root_stands_before_it():
    items = timeline(
        [event(0, "case", at=5, span="t", parent="job"), event(1, "job", at=0, lasts=9, span="job")], root=0
    )
    assert lines(items) == ["job first", "  case first"]


def test_a_circle_of_parents_is_nobody_s_parent():
    items = timeline([event(0, "a", at=1, span="a", parent="b"), event(1, "b", at=2, span="b", parent="a")])
    assert [(item.depth, item.missing_parent) for item in items] == [(0, True), (0, True)]


def test_offsets_count_from_the_root_by_its_clock():
    items = timeline(
        [
            event(0, "call", at=1000, lasts=100, span="a", by="test"),
            event(1, "request", at=9_000_000, lasts=100, span="b", parent="a", by="shop"),
        ],
        root=0,
    )
    assert [item.offset_ns for item in items] == [0, 0]


def test_ten_thousand_events_in_a_chain_are_flattened_in_their_order_and_soon_done():
    chain = [event(i, at=i, span=f"s{i}", parent=f"s{i - 1}") for i in range(10_000)]
    began = time.process_time()
    items = timeline(chain[::-1])
    assert [item.index for item in items] == list(range(10_000))
    assert max(item.depth for item in items) == MAX_DEPTH
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    "members",
    [
        lambda n: {"by": f"p{n}", "seq": n},
        lambda n: {"name": "same", "cause": "same"},
        lambda n: {"span": "same", "parent": "same"},
    ],
    ids=["producers", "ids", "spans"],
)
def test_what_anybody_may_record_does_not_take_the_square_of_its_number(members):
    events = [event(n, at=n, **members(n)) for n in range(10_000)]
    begun = time.process_time()
    assert len(timeline(events)) == 10_000
    assert time.process_time() - begun < 4  # seconds; the square took 5 to 40
