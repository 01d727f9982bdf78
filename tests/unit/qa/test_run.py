"""One run with its tests."""

from tests.support.run_events import case, feed_all, finish, start

from graven.qa import RunView


def test_attempts_are_joined_and_differing_ones_are_flaky():
    error = {"type": "AssertionError", "message": "1 != 2"}
    view = feed_all(
        RunView("r"),
        [start("r"), case("r", "a", "failed", error=error, duration_ns=3), case("r", "a", attempt=2, duration_ns=4)],
    )
    (test,) = view.tests()
    assert (test.status, test.failing, test.flaky, test.duration_ns) == ("passed", False, True, 7)
    assert [(one.index, one.error_type, one.error_message) for one in test.attempts] == [
        (1, "AssertionError", "1 != 2"),
        (2, "", ""),
    ]


def test_tests_of_all_shards_stand_together_failing_first():
    view = feed_all(
        RunView("r"),
        [start("r", shard="1"), start("r", shard="2"), case("r", "a"), case("r", "z", "error"), finish("r", shard="1")],
    )
    assert [test.test for test in view.tests()] == ["z", "a"]


def test_other_runs_are_left_out_but_their_names_are_known():
    view = feed_all(RunView("r"), [case("q", "a", "failed"), case("r", "a")])
    assert [test.status for test in view.tests()] == ["passed"]
    assert list(view.seen) == ["q", "r"]


def test_without_a_name_the_run_that_began_last_is_held():
    view = feed_all(RunView(None), [start("q"), start("r"), case("q", "a"), case("r", "b")])
    assert view.summary().run == "r"
    assert [test.test for test in view.tests()] == ["b"]


def test_a_run_that_is_not_there_is_none():
    assert feed_all(RunView("nope"), [start("r")]).summary() is None
