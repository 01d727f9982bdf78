"""The list of runs: state, verdict, counts, from whatever a log holds."""

import pytest
from tests.support.run_events import case, entry, feed_all, finish, start

from graven.qa import RunsView


def only(*events):
    (run,) = feed_all(RunsView(), list(events)).runs()
    return run


def test_a_started_and_finished_run_is_complete_with_its_counts_and_indexes():
    run = only(
        start("r", commit="c0ffee", branch="main", environment="linux"),
        case("r", "a"),
        case("r", "b", "failed"),
        finish("r", "failed"),
    )
    assert (run.state, run.verdict, run.counts) == ("complete", "failed", {"passed": 1, "failed": 1})
    assert (run.first_index, run.last_index, run.commit, run.branch) == (0, 3, "c0ffee", "main")
    assert run.environments == ["linux"]
    assert run.last_received_ns - run.first_received_ns == 3_000_000_000


def test_a_run_without_its_finish_is_open_and_has_no_verdict_yet():
    run = only(start("r"), case("r", "a"))
    assert (run.state, run.verdict, run.finished_ns) == ("open", "unknown", None)


def test_an_open_run_with_a_failure_has_failed_already():
    assert only(start("r"), case("r", "a", "error")).verdict == "failed"


@pytest.mark.parametrize("status", ["interrupted", "error"])
def test_a_finish_that_says_so_aborts_the_run_even_when_a_shard_is_open(status):
    run = only(start("r", shard="1"), start("r", shard="2"), finish("r", status, shard="1"))
    assert (run.state, run.verdict) == ("aborted", status)


def test_a_run_is_open_until_every_shard_has_finished():
    events = [start("r", shard="1"), start("r", shard="2"), finish("r", shard="2")]
    assert only(*events).state == "open"
    done = only(*events, finish("r", shard="1"))
    assert (done.state, done.verdict, done.shards) == ("complete", "passed", ["1", "2"])


def test_a_run_of_reports_only_is_complete_and_judged_by_its_tests():
    run = only(case("r", "a", duration_ns=5), case("r", "b", "skipped", duration_ns=7))
    assert (run.state, run.verdict, run.duration_ns, run.identity) == ("complete", "passed", 12, "1")


def test_a_retry_replaces_the_attempt_before_it():
    run = only(start("r"), case("r", "a", "failed"), case("r", "a", "passed", attempt=2), finish("r"))
    assert (run.counts, run.attempts, run.verdict) == ({"passed": 1}, 2, "passed")


def test_a_first_attempt_that_arrives_last_does_not_win():
    assert only(case("r", "a", "passed", attempt=2), case("r", "a", "failed")).counts == {"passed": 1}


def test_a_test_of_another_environment_or_suite_is_another_test():
    run = only(case("r", "a"), case("r", "a", environment="mac"), case("r", "a", suite="api"))
    assert run.counts == {"passed": 3}


def test_events_after_the_finish_still_count():
    run = only(start("r"), finish("r", "passed"), case("r", "late", "failed"))
    assert (run.state, run.verdict, run.last_index) == ("complete", "failed", 2)


def test_a_finish_before_its_start_closes_it():
    assert only(finish("r"), start("r")).state == "complete"


def test_an_unknown_status_is_counted_as_unknown():
    assert only(case("r", "a", "exploded"), case("r", "b", "")).counts == {"unknown": 2}


def test_a_strict_xpass_fails_the_run_and_a_lenient_one_does_not():
    assert only(case("r", "a", "xpassed", outcome="failure")).verdict == "failed"
    assert only(case("r", "a", "xpassed", outcome="success")).verdict == "passed"


def test_two_interleaved_runs_are_told_apart_newest_first():
    runs = feed_all(
        RunsView(),
        [start("a"), start("b"), case("b", "x", "failed"), case("a", "x"), finish("a"), finish("b", "failed")],
    ).runs()
    assert [(run.run, run.verdict) for run in runs] == [("b", "failed"), ("a", "passed")]


def test_the_claimed_span_of_all_shards_is_the_duration():
    run = only(
        start("r", shard="1", time="2026-01-01T00:00:00Z"),
        start("r", shard="2", time="2026-01-01T01:00:01+01:00"),
        finish("r", shard="1", time="2026-01-01T00:00:02.5Z", duration_ns=1),
        finish("r", shard="2", time="2026-01-01T00:00:02Z", duration_ns=1),
    )
    assert run.duration_ns == 2_500_000_000


def test_the_one_finish_of_a_run_says_how_long_it_took():
    assert only(start("r"), finish("r", duration_ns=77)).duration_ns == 77


def test_an_attempt_for_a_run_that_was_settled_makes_it_inexact():
    view = feed_all(RunsView(live_runs=1), [case("a", "x", "failed"), case("b", "x"), case("a", "x", attempt=2)])
    b, a = view.runs()
    assert (a.exact, a.counts, b.exact) == (False, {"failed": 1}, True)


def test_unreadable_entries_and_other_formats_are_counted_and_skipped():
    view = RunsView()
    view.feed(0, b'"test.')
    view.feed(1, entry(start("r"), format="other/1"))
    view.feed(2, entry({"action": "test.run.start", "qa": {"run": {"$redacted": {}}}}))
    view.feed(3, entry({"action": "order.create", "message": "test.run.start"}))
    view.feed(4, entry({"action": "test.run.start", "qa": [1]}))
    assert (view.runs(), view.events.malformed, view.events.unknown_format) == ([], 3, 1)


def test_an_action_spelled_with_escapes_is_found():
    view = RunsView()
    view.feed(0, entry(b'{"action":"\\u0074est.run.start","qa":{"run":"r"}}'))
    assert view.names() == ["r"]


def test_an_oversize_event_is_read_from_its_blob_and_counted_when_absent():
    blob = entry(b"0").replace(b'"data":0', b'"blob":{"digest":"sha256:00","size":9}')
    view = RunsView(lambda digest: b'{"action":"test.run.start","qa":{"run":"r"}}' if digest == "sha256:00" else None)
    view.feed(0, blob)
    without = RunsView()
    without.feed(0, blob)
    assert (view.names(), without.names(), without.events.absent) == (["r"], [], 1)
