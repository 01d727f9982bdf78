import pytest

from graven.cli.alerting import alert_lines, condition_text, dry_run, made_alert, state_text
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


def test_what_keeps_an_alert_from_listening_is_its_state():
    assert state_text({"alert": BURST}) == "watched"
    assert state_text({"alert": {**BURST, "enabled": False}, "problem": "p"}) == "off"
    assert state_text({"alert": BURST, "problem": "no index"}) == "problem: no index"


class Counts:
    """A search that finds these counts, a bucket each minute."""

    def __init__(self, *counts, facets=()):
        self.counts, self.values = counts, [{"value": value, "count": count} for value, count in facets]

    def histogram(self, log, question, *, buckets):
        self.asked = question
        return {
            "total": sum(self.counts),
            "width_ns": 60 * 10**9,
            "buckets": [{"count": count} for count in self.counts],
        }

    def facets(self, log, question, fields, *, limit):
        return {"facets": {fields[0]: {"values": self.values}}}


def test_a_burst_in_the_past_would_have_fired():
    search = Counts(0, 4, 2)
    found = dry_run(search, "l", BURST, over="1d")
    assert (found.facts["would_fire"], found.facts["steps_at_or_above"]) == (True, 1)
    assert (search.asked.query, search.asked.since, search.asked.until) == ("x", "1d", "now")
    assert not dry_run(Counts(2, 2), "l", BURST, over="1d").facts["would_fire"]


def test_silence_in_the_past_would_have_fired():
    silence = {"name": "s", "silence": {"window_s": 120}}
    assert dry_run(Counts(1, 0, 0, 1), "l", silence, over="4m").facts == {
        "over_s": 240, "matches": 2, "step_s": 60.0, "longest_silence_s": 120, "would_fire": True
    }  # fmt: skip
    assert dry_run(Counts(), "l", silence, over="4m").facts["longest_silence_s"] == 240


def test_by_a_field_the_busiest_values_are_told():
    by = {**BURST, "threshold": {"count": 3, "window_s": 60, "by": "actor"}}
    found = dry_run(Counts(5, facets=[("alice", 4), ("bob", 1)]), "l", by, over="1d")
    assert found.facts["could_fire"]
    assert "  alice: 4" in found.lines
