"""Which test is meant."""

import pytest
from tests.support.run_events import case, feed_all, start

from graven.errors import Conflict, NotFound
from graven.qa import FindTest

RUNS = [
    start("q", commit="c1", branch="main"),
    case("q", "test_total", "failed", suite="shop.py"),
    case("q", "test_total_of_many", suite="shop.py"),
    start("r"),
    case("r", "test_total_of_many", suite="shop.py"),
    case("r", "test_other", suite="shop.py"),
]


def find(name, run=None, environment=None, events=RUNS):
    return feed_all(FindTest(name, run, environment), events)


@pytest.mark.parametrize("name", ["test_total", "shop.py::test_total"])
def test_a_whole_name_wins_over_a_part_even_of_a_newer_run(name):
    run, test = find(name).result()
    assert (run, test.test, test.failing) == ("q", "test_total", True)


@pytest.mark.parametrize("name", ["test_order", "::test_order"])
def test_the_name_of_a_function_wins_over_names_that_it_is_a_part_of(name):
    events = [case("q", "a.py::test_order_reduces_stock", suite=""), case("q", "a.py::test_order", suite="")]
    assert find(name, events=events).result()[1].test == "a.py::test_order"


def test_of_the_parameters_of_a_function_the_failing_one_is_meant():
    events = [case("q", "a.py::test_sum[1]"), case("q", "a.py::test_sum[2]", "failed"), case("q", "a.py::test_sum[3]")]
    assert find("test_sum", events=events).result()[1].test == "a.py::test_sum[2]"


def test_several_failing_parameters_of_a_function_have_to_be_told_apart():
    with pytest.raises(Conflict):
        find("test_sum", events=[case("q", f"a.py::test_sum[{n}]", "failed") for n in (1, 2)]).result()


def test_a_part_in_any_case_means_the_newest_run_that_has_it():
    assert find("OF_MANY").result()[0] == "r"
    assert find("of_many", "q").result()[0] == "q"


def test_last_is_the_newest_run_though_it_has_no_such_test():
    with pytest.raises(NotFound) as refused:
        find("test_shipping", "last", events=[case("q", "test_shipping"), *RUNS]).result()
    assert refused.value.code == "unknown_test"


def test_runs_that_arrive_mixed_are_as_new_as_their_first_event():
    events = [case("q", "a", "failed"), start("r"), case("r", "a"), case("q", "a", attempt=2)]
    assert find("a", events=events).result()[0] == "r"


def test_attempts_of_all_shards_are_joined():
    events = [case("q", "a", "failed"), case("q", "a", attempt=2)]
    assert find("a", events=events).result()[1].flaky


def test_a_part_of_several_names_is_refused_with_the_failing_one_first():
    with pytest.raises(Conflict) as refused:
        find("total", "q").result()
    assert refused.value.details["tests"] == ["shop.py::test_total", "shop.py::test_total_of_many"]
    assert refused.value.message.endswith("shop.py::test_total (failed), shop.py::test_total_of_many (passed)")


def test_environments_are_told_apart_by_name():
    events = [case("q", "a", environment="mac"), case("q", "a", "failed", environment="linux")]
    with pytest.raises(Conflict) as refused:
        find("a", events=events).result()
    assert "--environment linux" in refused.value.hint
    assert find("a", environment="mac", events=events).result()[1].environment == "mac"


@pytest.mark.parametrize(
    ("name", "run", "code", "hint"),
    [
        ("tset_other", None, "unknown_test", "did you mean test_other"),
        ("zzzzzz", "q", "unknown_test", "graven run show q"),
        ("test_total", "qq", "unknown_run", "did you mean q?"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(name, run, code, hint):
    with pytest.raises(NotFound) as refused:
        find(name, run).result()
    assert refused.value.code == code
    assert hint in refused.value.hint


def test_a_log_without_runs_says_so():
    with pytest.raises(NotFound) as refused:
        find("a", events=[]).result()
    assert refused.value.code == "no_runs"


def test_commit_and_branch_are_those_of_the_run_s_start():
    assert find("test_total").commit_of("q") == ("c1", "main")
