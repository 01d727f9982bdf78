import json

import msgspec
import pytest

from graven.cli.access.questions import Newest, Page
from graven.cli.alerting import (
    alert_lines,
    condition_text,
    last_firings,
    made_alert,
    query_text,
    set_text,
    span_text,
    state_text,
    told_text,
)
from graven.detect.rule import Silence, Threshold
from graven.detect.shipped import SHIPPED
from graven.errors import InvalidInput, UsageError
from graven.index.query.times import time_ns
from graven.program import program

NOW = time_ns("2026-11-27T10:15:00Z")
NONE = {"query": None, "count": None, "within": None, "by": None, "silent_for": None}
BURST = {"name": "a", "query": "x", "threshold": {"count": 3, "window_s": 60}}


def test_options_spell_an_alert():
    made = made_alert(
        "burst", **{**NONE, "query": "outcome:denied", "count": 10, "within": "5m", "by": "actor.id"}, cooldown="1h"
    )
    assert made.threshold == Threshold(count=10, window_s=300, by="actor")
    assert made.cooldown_s == 3_600
    assert made_alert("s", **{**NONE, "silent_for": "10m"}).silence == Silence(window_s=600)


@pytest.mark.parametrize(
    "options",
    [{}, {"count": 3}, {"within": "5m"}, {"silent_for": "5m", "count": 3}, {"silent_for": "5"}, {"silent_for": "1ms"}],
)
def test_options_that_say_no_moment_are_refused(options):
    with pytest.raises(UsageError):
        made_alert("a", **{**NONE, **options})


@pytest.mark.parametrize("options", [{"silent_for": "400d"}, {"count": 3, "within": "400d"}, {"silent_for": "0s"}])
def test_a_window_has_at_most_31_days(options):
    with pytest.raises(UsageError, match="31 days"):
        made_alert("a", **{**NONE, **options})


def test_what_a_server_would_refuse_is_refused_here():
    with pytest.raises(InvalidInput):
        made_alert("NAME", **{**NONE, "silent_for": "5m"})
    with pytest.raises(InvalidInput):
        made_alert("a", **{**NONE, "silent_for": "5m"}, to=["ftp://x"])


def test_an_alert_is_told_in_words():
    assert condition_text({"threshold": {"count": 3, "window_s": 90, "by": "actor"}}) == "3 within 90s by actor"
    assert condition_text({"silence": {"window_s": 600}}) == "silence of 10m"
    assert condition_text({"rule": "result_changed"}) == "a changed result"
    assert query_text({"rule": "result_changed"}) == "(its own)"
    found = {"alert": {**BURST, "to": ["mailto:a@b.example"]}, "armed": 7, "secrets": {"https://x": "s3"}}
    lines = alert_lines(found, {"index": 9, "time": "2026-11-27T10:05:00Z"}, now_ns=NOW)
    assert "  tells         mailto:a@b.example" in lines
    assert "  last fired    10 min ago: entry 9 of system" in lines
    assert "  secret        s3  for https://x" in lines
    assert not any("last fired" in line for line in alert_lines(found, None, now_ns=NOW))


WAITS = {
    "address": "mailto:a@b.example",
    "count": 1,
    "attempts": 2,
    "next": "2026-11-27T10:15:42Z",
    "detail": "no mail",
}


def test_what_waits_and_what_was_given_up_is_shown():
    row = {
        "index": 4,
        "received": "2026-11-27T10:05:00Z",
        "outcome": "failure",
        "message": "l/a not delivered to mailto:a@b.example: no mail",
    }
    lines = alert_lines({"alert": BURST, "waiting": [WAITS]}, None, [row], now_ns=NOW)
    assert lines[-2:] == [
        "  waiting       attempt 2 failed (no mail), next in 42 s: mailto:a@b.example",
        f"  delivery      GIVEN UP 10 min ago: mailto:a@b.example: no mail ({program()} show 4 --log system)",
    ]


def state(**members):
    return state_text({"alert": BURST, **members}, now_ns=NOW)


def test_what_keeps_an_alert_from_listening_is_its_state():
    assert state() == "watched"
    assert state(alert={**BURST, "enabled": False}, problem="p", waiting=[WAITS]) == "off"
    assert state(problem="no index", waiting=[WAITS]) == "problem: no index"


def test_an_alert_of_which_nobody_could_be_told_is_not_watched_only():
    assert state(waiting=[WAITS]) == "not delivered: attempt 2, next in 42 s"


CURRENT = {
    "name": "a", "query": "x", "threshold": {"count": 3, "window_s": 60, "by": "actor"}, "severity": "error",
    "to": ["mailto:a@b.example"], "cooldown_s": 7,
}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"enabled": False}, {"enabled": False}),
        ({"count": 9}, {"threshold": Threshold(count=9, window_s=60, by="actor")}),
        ({"by": ""}, {"threshold": Threshold(count=3, window_s=60)}),
        ({"to": ("",)}, {"to": ()}),
        ({"query": ""}, {"query": ""}),
        ({"silent_for": "5m"}, {"threshold": None, "silence": Silence(window_s=300)}),
    ],
)
def test_what_is_given_changes_and_the_rest_stays(options, changed):
    before = made_alert("a", current=CURRENT)
    assert made_alert("a", **options, current=CURRENT) == msgspec.structs.replace(before, **changed)


def test_a_shipped_rule_is_told_to_somebody_by_its_name():
    current = {"name": "result-changed", "rule": "result_changed"}
    made = made_alert("result-changed", to=["mailto:a@b.example"], current=current)
    assert (made.rule, made.to) == ("result_changed", ("mailto:a@b.example",))


def test_half_a_count_is_no_condition_of_a_silence():
    with pytest.raises(UsageError, match="when does it fire"):
        made_alert("a", count=3, current={"name": "a", "silence": {"window_s": 60}})


def test_what_was_set_says_that_it_is_off_and_counts_everything():
    assert set_text("a", "l", BURST) == "alert a of l: 3 within 1m"
    off = {**BURST, "query": "", "enabled": False}
    assert set_text("a", "l", off) == "alert a of l: 3 within 1m; it matches everything; it is OFF"


def test_who_is_told_is_shown_without_secrets():
    assert told_text({"to": ["https://hooks.example/T0/secret", "mailto:a@b.example"]}) == "hooks.example, a@b.example"
    assert told_text({}) == "nobody"


def test_the_cooldown_is_told_where_it_means_something():
    def told(**members):
        lines = alert_lines({"alert": {"name": "a", **members}}, None, now_ns=NOW)
        return [line for line in lines if "cooldown" in line]

    assert told(**{**BURST, "cooldown_s": 0}) == ["  cooldown      none"]
    assert told(**BURST) == ["  cooldown      5m"]
    assert told(silence={"window_s": 60}) == []


class System:
    """Finds these firings, the newest first, and of other alerts what `newest` says."""

    def __init__(self, *names, following=None):
        rows = [{"targets": [{"type": "alert", "id": f"l/{name}"}], "received": at} for name, at in names]
        self.answer = Page([json.dumps(row).encode() for row in rows], following, 9, 9)
        self.asked = []

    def page(self, log, question, *, limit):
        return self.answer

    def newest(self, log, question):
        self.asked.append(question.query)
        return Newest({"received": "2026-11-27T10:00:00Z"})


def test_when_alerts_last_fired_is_one_read_unless_they_fired_often():
    times = ("2026-11-27T10:05:00Z", "2026-11-27T10:04:00Z")
    one = System(("a", times[0]), ("a", times[1]))
    assert last_firings(one, "l", ["a", "b"]) == {"a": time_ns(times[0])}
    many = System(("a", times[0]), following="more")
    assert last_firings(many, "l", ["a", "b"])["b"] == time_ns("2026-11-27T10:00:00Z")
    assert (one.asked, many.asked) == ([], ["action:alert.fire target:alert/l/b"])


def test_spans_are_told_in_their_two_largest_units():
    spans = {0: "0s", 59: "59s", 60: "1m", 90: "1m 30s", 86_280: "23h 58m", 86_400: "1d", 90_061: "1d 1h"}
    assert {seconds: span_text(seconds) for seconds in spans} == spans


@pytest.mark.parametrize("options", [{"count": 3, "within": "1m"}, {"query": "x"}, {"silent_for": "5m"}])
def test_the_condition_of_a_rule_is_not_replaced_unseen(options):
    with pytest.raises(UsageError, match="condition of its own"):
        made_alert(
            "result-changed", **{**NONE, **options}, current={"name": "result-changed", "rule": "result_changed"}
        )


def test_what_is_beside_the_condition_of_a_rule_can_be_changed():
    current = {"name": "result-changed", "rule": "result_changed"}
    made = made_alert("result-changed", **NONE, severity="critical", current=current)
    assert (made.rule, made.severity) == ("result_changed", "critical")


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.alert.name)
def test_one_that_comes_with_graven_can_be_brought_back(one):
    assert made_alert(one.alert.name, **NONE, enabled=True) == one.alert


def test_a_query_with_line_ends_is_one_line():
    lines = alert_lines({"alert": {**BURST, "query": "a\n  state         watched"}}, None, now_ns=NOW)
    assert "  query         a\\n  state         watched" in lines
