"""How far clocks are apart."""

from tests.support.happenings import event

from graven.qa.clocks import Clocks
from graven.qa.kin import Kin

CALL = event(0, at=0, lasts=100, span="a", by="test")


def clocks(*events):
    return Clocks(events, Kin(events), events[0])


def request(at, lasts, index=1, **more):
    return event(index, at=at, lasts=lasts, span=f"r{index}", parent="a", by="shop", **more)


def test_clocks_that_do_not_contradict_each_other_are_believed():
    inside = request(10, 50)
    assert clocks(CALL, inside).corrected(inside, inside.start_ns) == 10


def test_a_clock_that_is_ahead_is_set_back_by_the_least_that_fits():
    ahead = request(7_000, 60)
    assert clocks(CALL, ahead).corrected(ahead, ahead.start_ns) == 40


def test_several_requests_narrow_the_bounds():
    events = (CALL, request(1_010, 90), request(1_005, 80, 2))
    found = clocks(*events)
    assert found.corrected(events[1], 1_010) == 10
    assert found.unsure_ns(CALL, events[1]) == 5


def test_a_child_that_outlasts_its_parent_leaves_one_side_open():
    late = request(10, 500)
    assert clocks(CALL, late).unsure_ns(CALL, late) is None


def test_a_clock_follows_another_one_through_a_third():
    events = (CALL, request(1_000, 100), event(2, at=50_000, lasts=100, span="d", parent="r1", by="db"))
    assert clocks(*events).corrected(events[2], 50_000) == 0


def test_a_clock_that_nothing_compares_is_set_back_only_when_it_is_ahead_of_the_receipt():
    future = event(1, at=5_000, by="other", received=4_000)
    past = event(1, at=3_000, by="other", received=4_000)
    assert clocks(CALL, future).corrected(future, 5_000) == 4_000
    assert clocks(CALL, past).corrected(past, 3_000) == 3_000


def test_bounds_that_exclude_each_other_are_as_wide_as_their_distance():
    events = (CALL, request(1_000, 100), request(1_400, 100, 2))
    assert clocks(*events).unsure_ns(CALL, events[1]) == 400
