"""Who happened inside of whom."""

from tests.support.happenings import event

from graven.qa.kin import Kin


def test_an_event_recorded_within_a_span_is_a_child_of_what_lasts_that_long():
    kin = Kin([event(0, at=5, span="a"), event(1, at=0, lasts=9, span="a")])
    assert kin.parent == {0: 1, 1: None}


def test_events_of_one_span_without_a_duration_are_siblings():
    kin = Kin([event(0, at=5, span="a", parent="p"), event(1, at=6, span="a", parent="p"), event(2, span="p")])
    assert kin.parent == {0: 2, 1: 2, 2: None}


def test_a_span_wins_over_a_cause_which_stays_a_cause():
    kin = Kin([event(0, "c"), event(1, at=0, lasts=9, span="p"), event(2, parent="p", cause="c")])
    assert kin.parent[2] == 1
    assert (0, 2) in kin.causes


def test_an_id_that_two_sources_have_is_that_of_the_event_s_own_source():
    kin = Kin([event(0, "x", by="p"), event(1, "x", by="q"), event(2, cause="x", by="q")])
    assert kin.parent[2] == 1


def test_an_id_that_two_other_sources_have_tells_nothing():
    kin = Kin([event(0, "x", by="p"), event(1, "x", by="q"), event(2, cause="x", by="r")])
    assert (kin.parent[2], kin.missing) == (None, {2})


def test_an_event_that_names_itself_has_no_parent():
    kin = Kin([event(0, "x", span="a", parent="a", cause="x")])
    assert kin.parent == {0: None}
