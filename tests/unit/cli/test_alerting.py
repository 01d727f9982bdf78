import pytest

from graven.cli.alerting import alert_lines, condition_text, made_alert, span_text, state_text
from graven.detect.rule import Silence, Threshold
from graven.errors import InvalidInput, UsageError
from graven.index.query.times import time_ns

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
    assert condition_text({"rule": "result_changed"}) == "result_changed"
    found = {"alert": {**BURST, "to": ["mailto:a@b.example"]}, "armed": 7, "secrets": {"https://x": "s3"}}
    lines = alert_lines(found, {"index": 9, "time": "2026-11-27T10:05:00Z"}, now_ns=NOW)
    assert "  tells         mailto:a@b.example" in lines
    assert "  last fired    10 min ago: entry 9 of system" in lines
    assert "  secret        s3  for https://x" in lines
    assert not any("last fired" in line for line in alert_lines(found, None, now_ns=NOW))


def test_a_last_delivery_that_failed_is_shown():
    row = {
        "received": "2026-11-27T10:05:00Z",
        "outcome": "failure",
        "message": "l/a not delivered to mailto:a@b.example: no mail",
    }
    lines = alert_lines({"alert": BURST}, None, row, now_ns=NOW)
    assert lines[-1] == "  delivery      FAILED 10 min ago: mailto:a@b.example: no mail"
    assert "delivery" not in str(alert_lines({"alert": BURST}, None, {**row, "outcome": "success"}, now_ns=NOW))


def test_what_keeps_an_alert_from_listening_is_its_state():
    assert state_text({"alert": BURST}) == "watched"
    assert state_text({"alert": {**BURST, "enabled": False}, "problem": "p"}) == "off"
    assert state_text({"alert": BURST, "problem": "no index"}) == "problem: no index"


def test_spans_are_told_in_their_two_largest_units():
    spans = {0: "0s", 59: "59s", 60: "1m", 90: "1m 30s", 86_280: "23h 58m", 86_400: "1d", 90_061: "1d 1h"}
    assert {seconds: span_text(seconds) for seconds in spans} == spans
