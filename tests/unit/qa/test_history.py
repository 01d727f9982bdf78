"""One test across runs."""

import pytest
from tests.support.run_events import case, feed_all, start

from graven.errors import Conflict, NotFound
from graven.qa import TestHistory

TWO_RUNS = [
    start("q", commit="c1"),
    case("q", "total", "failed"),
    case("q", "total", attempt=2),
    start("r", commit="c2"),
    case("r", "total"),
]


@pytest.mark.parametrize("name", ["total", "shop::total"])
def test_a_test_is_found_by_its_name_or_with_its_suite_newest_first(name):
    rows = feed_all(TestHistory(name), TWO_RUNS).appearances()
    assert [(row.run, row.commit, row.result.status, row.result.flaky) for row in rows] == [
        ("r", "c2", "passed", False),
        ("q", "c1", "passed", True),
    ]


def test_environments_have_rows_of_their_own():
    rows = feed_all(
        TestHistory("a"), [case("r", "a", environment="mac"), case("r", "a", environment="linux")]
    ).appearances()
    assert [row.result.environment for row in rows] == ["linux", "mac"]


def test_a_name_in_two_suites_is_refused_with_both():
    view = feed_all(TestHistory("a"), [case("r", "a"), case("r", "a", suite="api")])
    with pytest.raises(Conflict) as refused:
        view.appearances()
    assert refused.value.details == {"tests": ["api::a", "shop::a"]}


def test_an_unknown_name_gets_near_ones():
    view = feed_all(TestHistory("totl"), TWO_RUNS)
    with pytest.raises(NotFound) as refused:
        view.appearances()
    assert refused.value.details == {"close": ["total"]}


def test_runs_of_another_identity_version_are_left_out_and_counted():
    view = feed_all(TestHistory("a"), [start("q", identity="2"), case("q", "a"), case("r", "a")])
    assert [row.run for row in view.appearances()] == ["r"]
    assert view.other_identity == 1


@pytest.mark.parametrize("name", ["tot", "SHOP::TOT", "op::total"])
def test_a_part_that_no_other_test_has_is_enough(name):
    view = feed_all(TestHistory(name), [*TWO_RUNS, case("r", "other")])
    assert [(row.run, row.result.test) for row in view.appearances()] == [("r", "total"), ("q", "total")]
    assert not view.is_whole


def test_the_whole_name_wins_over_a_part_of_one():
    view = feed_all(TestHistory("total"), [case("r", "subtotal"), case("r", "total")])
    assert [row.result.test for row in view.appearances()] == ["total"]
    assert view.is_whole


def test_a_part_of_several_names_is_refused_with_them_however_they_come():
    view = feed_all(TestHistory("total"), [case("r", "total_a"), case("r", "total_b"), case("q", "total_a")])
    with pytest.raises(Conflict) as refused:
        view.appearances()
    assert refused.value.details == {"tests": ["shop::total_a", "shop::total_b"]}


def test_of_very_many_names_with_a_part_the_first_are_told():
    view = feed_all(TestHistory("t"), [case("r", f"t{number}") for number in range(200)])
    with pytest.raises(Conflict, match="names 50 or more tests") as refused:
        view.appearances()
    assert len(refused.value.details["tests"]) == 50
