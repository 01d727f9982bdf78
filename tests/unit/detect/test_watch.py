"""When an alert fires."""

import msgspec
import pytest
from tests.support.alert_world import SECOND, START_NS

from graven.detect.changed import ResultChanged
from graven.detect.counting import Counting
from graven.detect.fired import MOST_INDEXES, bounded, fire_event, message_of
from graven.detect.rule import Alert, Silence, Threshold, digest_of
from graven.detect.watch import Span, Watch, query_of
from graven.errors import InvalidInput
from graven.event.intake import JSON, prepare_events
from graven.event.redact import Redactor
from graven.server.system import SERVER


def at(second, index=None, **event):
    return {
        "index": second if index is None else index,
        "received": START_NS + int(second * SECOND),
        "event": {"action": "a", "actor": {"id": "alice"}, **event},
    }


def watch_of(log="shop", **members):
    cooldown_s = members.pop("cooldown_s", 0)
    return Watch(log, Alert(name="x", cooldown_s=cooldown_s, **members), armed=0, armed_ns=START_NS)


def fed(watch, *views):
    stop = max((view["index"] for view in views), default=-1) + 1
    return watch.feed(Span(0, stop, views[-1]["received"] if views else 0, views))


def indexes(fired):
    return [one.found.indexes for one in fired]


def seconds(fired):
    return [(one.found.at_ns - START_NS) / SECOND for one in fired]


# -- threshold


def test_so_many_matches_within_the_window_fire():
    watch = watch_of(threshold=Threshold(count=3, window_s=10))
    assert indexes(fed(watch, at(0), at(5), at(10))) == [(0, 5, 10)]


def test_a_match_beyond_the_window_does_not_count():
    watch = watch_of(threshold=Threshold(count=3, window_s=10))
    assert indexes(fed(watch, at(0), at(5), at(11), at(15))) == [(5, 11, 15)]


def test_a_firing_uses_its_matches_up():
    watch = watch_of(threshold=Threshold(count=2, window_s=10))
    assert indexes(fed(watch, at(0), at(1), at(2), at(3), at(4))) == [(0, 1), (2, 3)]


def test_values_of_a_field_are_counted_apart():
    watch = watch_of(threshold=Threshold(count=2, window_s=10, by="actor"))
    views = [at(n, actor={"id": who}) for n, who in enumerate(["bob", "eve", "eve", "bob"])]
    fired = fed(watch, *views)
    assert [(one.found.group, one.found.indexes) for one in fired] == [("eve", (1, 2)), ("bob", (0, 3))]


def test_a_match_without_the_field_counts_for_nobody():
    watch = watch_of(threshold=Threshold(count=1, window_s=10, by="labels.team"))
    assert fed(watch, at(0), at(1, labels={"team": "qa"}))[0].found.group == "qa"


def test_a_burst_that_goes_on_fires_again_after_the_rest():
    watch = watch_of(threshold=Threshold(count=2, window_s=5), cooldown_s=10)
    fired = fed(watch, *[at(n) for n in range(30)])
    assert seconds(fired) == [1, 11, 21]
    assert [one.found.rested for one in fired] == [0, 8, 8]


def test_a_burst_that_ended_within_the_rest_does_not():
    watch = watch_of(threshold=Threshold(count=2, window_s=5), cooldown_s=60)
    assert seconds(fed(watch, at(0), at(1), at(2), at(3), at(100))) == [1]


def test_values_rest_for_themselves():
    watch = watch_of(threshold=Threshold(count=1, window_s=1, by="actor"), cooldown_s=60)
    views = [at(n, actor={"id": who}) for n, who in enumerate(["bob", "eve", "eve", "bob"])]
    assert len(fed(watch, *views)) == 2


def test_memory_is_bounded_by_values_and_by_matches():
    counting = Counting(Threshold(count=5, window_s=100, by="actor"), 0, max_groups=10, max_held=20)
    for n in range(200):
        list(counting.take(n, START_NS + n, at(n, actor={"id": f"u{n % 30}"})))
        assert len(counting.state()) <= 10
        assert sum(len(group[3]) for group in counting.state()) <= 20


def test_values_that_cannot_matter_are_forgotten():
    counting = Counting(Threshold(count=2, window_s=1, by="actor"), 0)
    for n in range(1000):
        list(counting.take(n, START_NS + n * SECOND, at(n, actor={"id": f"u{n}"})))
    assert len(counting.state()) <= 3


def test_of_many_entries_the_first_and_the_last_are_named():
    assert bounded(range(MOST_INDEXES)) == tuple(range(MOST_INDEXES))
    many = bounded(range(1000))
    assert len(many) == MOST_INDEXES
    assert (many[0], many[-1]) == (0, 999)


# -- silence


def test_silence_fires_once_at_the_moment_when_the_window_was_over():
    watch = watch_of(silence=Silence(window_s=10))
    fed(watch, at(3))
    assert watch.tick(START_NS + 12 * SECOND) == []
    fired = watch.tick(START_NS + 50 * SECOND)
    assert (seconds(fired), indexes(fired)) == ([13], [(3,)])
    assert watch.tick(START_NS + 90 * SECOND) == []


def test_a_silence_that_nobody_noticed_fires_with_the_next_match():
    watch = watch_of(silence=Silence(window_s=10))
    assert seconds(fed(watch, at(3), at(5), at(40), at(60))) == [15, 50]


def test_a_log_that_never_said_anything_is_silent_since_the_alert_was_set():
    fired = watch_of(silence=Silence(window_s=10)).tick(START_NS + 10 * SECOND)
    assert (seconds(fired), indexes(fired)) == ([10], [()])
    assert message_of(fired[0]) == "shop/x: no match for 10s"


def test_entries_that_do_not_match_show_that_time_went_by():
    watch = watch_of(silence=Silence(window_s=10))
    assert seconds(watch.feed(Span(0, 5, START_NS + 30 * SECOND, []))) == [10]


def test_no_cooldown_puts_a_silence_off():
    watch = watch_of(silence=Silence(window_s=10), cooldown_s=30)
    assert seconds(fed(watch, at(20), at(25), at(90))) == [10, 35]


# -- result changed


def result(index, action, run="r", **qa):
    attributes = {"shard": qa.pop("shard")} if "shard" in qa else {}
    return at(index, action=f"test.{action}", qa={"run": run, **qa}, attributes=attributes)


def case(index, status, test="t", **more):
    return result(index, "case.finish", test=test, suite="s", status=status, **more)


def changed(*views):
    return fed(watch_of(rule="result_changed"), *views)


def test_another_result_after_the_run_closed_fires_and_names_all_three():
    fired = changed(result(0, "run.start"), case(1, "failed"), result(2, "run.finish"), case(3, "passed"))
    assert indexes(fired) == [(1, 2, 3)]
    assert "t of run r went from failed to passed after the run was closed" in message_of(fired[0])


@pytest.mark.parametrize(
    "views",
    [
        [result(0, "run.start"), case(1, "failed"), case(2, "passed"), result(3, "run.finish")],
        [result(0, "run.start"), case(1, "passed"), result(2, "run.finish"), case(3, "passed")],
        [result(0, "run.start"), result(1, "run.finish"), case(2, "passed")],
        [result(0, "run.start"), case(1, "failed"), result(2, "run.finish"), case(3, "passed", run="other")],
        [result(0, "run.start"), case(1, "failed"), result(2, "run.finish"), case(3, "passed", environment="e")],
        # a rerun that says so opens the run again
        [result(0, "run.start"), case(1, "failed"), result(2, "run.finish"), result(3, "run.start"), case(4, "passed")],
        # a shard is still running
        [result(0, "run.start", shard="1"), result(1, "run.start", shard="2"), case(2, "failed"),
         result(3, "run.finish", shard="1"), case(4, "passed")],
        [case(0, "failed"), case(1, "passed")],
    ],
)  # fmt: skip
def test_what_is_no_change_after_the_end_does_not_fire(views):
    assert changed(*views) == []


def test_runs_and_tests_are_bounded():
    kind = ResultChanged(max_runs=3, max_tests=10)
    for n in range(100):
        list(kind.take(n, START_NS, case(n, "passed", test=f"t{n % 7}", run=f"r{n % 10}")))
        assert len(kind.state()) <= 3
        assert sum(len(run[2]) for run in kind.state().values()) <= 13


def test_an_event_without_a_run_is_nothing():
    assert changed(at(0, action="test.case.finish"), at(1, action="test.case.finish", qa="x")) == []


# -- any


def test_entries_that_were_fed_before_are_passed_over():
    watch = watch_of(threshold=Threshold(count=1, window_s=1))
    assert len(fed(watch, at(0), at(1))) == 2
    assert indexes(fed(watch, at(0), at(1), at(2))) == [(2,)]


def test_a_gap_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="a range begins at 5, the next entry is 0"):
        watch_of(threshold=Threshold(count=1, window_s=1)).feed(Span(5, 6, 0, []))


@pytest.mark.parametrize("bound", [{"most_rows": 2}, {"most_fired": 2}])
def test_a_range_may_be_fed_in_parts(bound):
    watch = watch_of(threshold=Threshold(count=1, window_s=1))
    span = Span(0, 9, START_NS + 9 * SECOND, [at(n) for n in range(3)])
    assert (len(watch.feed(span, **bound)), watch.position) == (2, 2)
    assert (len(watch.feed(span, **bound)), watch.position) == (1, 9)


def test_what_alerts_write_themselves_sets_off_none():
    watch = watch_of("system", threshold=Threshold(count=1, window_s=1))
    assert fed(watch, at(0, action="alert.fire"), at(1, action="alert.deliver")) == []
    assert len(fed(watch_of(threshold=Threshold(count=1, window_s=1)), at(0, action="alert.fire"))) == 1


def test_a_state_from_before_there_were_floods_is_gone_on_with():
    alert = Alert(name="x", threshold=Threshold(count=2, window_s=10), cooldown_s=0)
    elder = [1, digest_of(alert), 1, [[None, 0, 1, [[START_NS, 0]]]]]
    watch = Watch("shop", alert, armed=0, armed_ns=START_NS)
    watch.restore(msgspec.msgpack.encode(elder))
    assert indexes(watch.feed(Span(1, 2, START_NS + SECOND, [at(1)]))) == [(0, 1)]


def test_a_state_of_another_definition_is_refused():
    state = watch_of(threshold=Threshold(count=1, window_s=1)).snapshot()
    with pytest.raises(InvalidInput):
        watch_of(threshold=Threshold(count=2, window_s=1)).restore(state)


@pytest.mark.parametrize("state", [b"", b"\x93", b"\xc0", b"\x94\x01\xa0\x00\xc0"])
def test_a_malformed_state_is_refused(state):
    with pytest.raises(InvalidInput):
        watch_of(threshold=Threshold(count=1, window_s=1)).restore(state)


def test_the_query_of_a_rule_is_its_own():
    assert query_of(Alert(name="x", query="a:b", silence=Silence(window_s=1))) == "a:b"
    assert "test.run.finish" in query_of(Alert(name="x", rule="result_changed"))


def test_the_entry_of_a_firing_is_a_valid_event_and_names_its_entries():
    watch = watch_of(threshold=Threshold(count=2, window_s=10, by="actor"), cooldown_s=1)
    (fired,) = fed(watch, at(0), at(1))
    event = fire_event(fired)
    assert event["message"] == "shop/x: 2 matches of actor alice within 10s"
    assert event["attributes"]["indexes"] == [0, 1]
    assert event["targets"][0] == {"type": "alert", "id": "shop/x"}
    body = msgspec.json.encode(event)
    assert len(prepare_events(body, JSON, SERVER, Redactor(()), now_ns=START_NS)) == 1
