"""A dry run says what the detector of the server would have done, to the nanosecond."""

import time

import pytest
from tests.support.views import row, view

from graven.cli.access.scanned import ScannedSearch
from graven.cli.access.scanning import Entries
from graven.cli.alert_replay import dry_run
from graven.errors import InvalidInput, TimedOut, UsageError
from graven.event.envelope import format_time
from graven.index.query.times import time_ns

SECOND = 10**9
RECEIVED_NS = time.time_ns() - 100_000 * SECOND
OVER = "2d"


def search_of(*entries):
    """A log of (second, members) in their order."""
    made = []
    for index, (second, members) in enumerate(entries):
        one = view(index, **members)
        one["received"] = RECEIVED_NS + int(second * SECOND)
        made.append(row(one)[1])
    return ScannedSearch("here", lambda log: Entries(len(made), lambda a, b: iter(made[a:b]), lambda digest: None))


def tried(search, *, log="l", over=OVER, now_s=1_000, cooldown_s=0, most=100_000, **condition):
    alert = {"name": "a", "cooldown_s": cooldown_s, **condition}
    return dry_run(search, log, alert, over=over, now_ns=RECEIVED_NS + now_s * SECOND, most=most)


def threshold(count, window_s, by=None):
    return {"count": count, "window_s": window_s} | ({"by": by} if by else {})


def seconds(found):
    return [(time_ns(one["at"]) - RECEIVED_NS) / SECOND for one in found.facts["fired"]]


def test_six_events_over_seven_seconds_are_no_burst_of_one():
    search = search_of(*((at, {}) for at in (0, 1.4, 2.8, 4.2, 5.6, 7)))
    found = tried(search, threshold=threshold(5, 1))
    assert not found.facts["would_fire"]
    assert found.lines[-1] == "it would not have fired (5 within 1s)"
    assert tried(search, threshold=threshold(5, 6)).facts["fires"] == 1


def test_a_burst_says_when_and_on_which_entries():
    found = tried(search_of((0, {}), (9.5, {}), (10, {}), (10.4, {})), threshold=threshold(3, 1))
    (fired,) = found.facts["fired"]
    assert (fired["at"], fired["indexes"]) == (format_time(RECEIVED_NS + int(10.4 * SECOND)), [1, 2, 3])
    assert found.lines[-2:] == ["it would have fired once (3 within 1s)", f"  {fired['at']}  entries 1 to 3"]


@pytest.mark.parametrize("by", ["actor", "target", "labels.team"])
def test_each_value_counts_for_itself(by):
    def said(name):
        return {"actor": {"id": name}, "targets": [{"type": "t", "id": name}], "labels": {"team": name}}

    search = search_of(*((at, said(name)) for at, name in enumerate("abababaa")))
    assert tried(search, threshold=threshold(5, 60)).facts["fires"] == 1
    found = tried(search, threshold=threshold(5, 60, by))
    (fired,) = found.facts["fired"]
    assert (fired["group"].removeprefix("t/"), fired["indexes"]) == ("a", [0, 2, 4, 6, 7])
    assert tried(search, threshold=threshold(6, 60, by)).facts["fires"] == 0


def test_it_rests_as_the_alert_does():
    search = search_of(*((at, {}) for at in range(20)))
    assert seconds(tried(search, threshold=threshold(1, 1), cooldown_s=6)) == [0, 6, 12, 18]


def test_of_many_firings_the_first_three_and_the_last_are_named():
    found = tried(search_of(*((at, {}) for at in range(20))), threshold=threshold(2, 1))
    assert (found.facts["fires"], seconds(found)) == (10, [1, 3, 5, 19])
    assert found.lines[-2] == "  … 6 more"


def test_of_too_many_matches_the_newest_are_looked_at():
    found = tried(search_of(*((at, {}) for at in range(20))), threshold=threshold(2, 1), most=6)
    assert (found.facts["matches"], found.facts["is_cut"], seconds(found)) == (6, True, [15, 17, 19])
    assert found.lines[0].startswith("the newest 6 matches since ")


def test_nothing_was_silent_before_the_first_entry():
    search = search_of((0, {"outcome": "x"}), (100, {"outcome": "denied"}), (150, {}))
    found = tried(search, query="outcome:denied", silence={"window_s": 120}, now_s=200)
    assert (found.facts["longest_silence_s"], found.facts["fires"]) == (100, 0)
    assert "the longest silence was 1m 40s" in found.lines
    assert seconds(tried(search, query="outcome:denied", silence={"window_s": 60}, now_s=200)) == [60, 160]


def test_a_range_that_begins_later_is_where_silence_begins():
    found = tried(search_of((0, {})), over="1h", now_s=86_400, silence={"window_s": 1_800})
    assert (found.facts["longest_silence_s"], seconds(found)) == (3_600, [84_600])
    assert found.facts["from"] == format_time(RECEIVED_NS + 82_800 * SECOND)


def test_an_empty_log_was_never_silent():
    assert not tried(search_of(), silence={"window_s": 60}).facts["would_fire"]


def test_no_alert_fires_on_what_alerts_wrote():
    search = search_of((0, {"action": "alert.fire"}), (1, {"action": "token.create"}))
    assert tried(search, log="system", threshold=threshold(1, 1)).facts["fires"] == 1


def test_what_cannot_be_replayed_is_refused():
    with pytest.raises(UsageError):
        tried(search_of(), rule="result_changed")
    with pytest.raises(InvalidInput, match="told from now"):
        tried(search_of(), query="since:1h", threshold=threshold(1, 1))


def test_a_query_that_found_nothing_is_told_what_was_probably_meant():
    search = search_of((0, {}))
    (hint,) = tried(search, query="outcome:failre", threshold=threshold(1, 1)).hints
    assert hint.startswith("did you mean outcome:failure?")


@pytest.mark.parametrize("query", ["", "action:order.create"])
def test_a_query_that_found_something_gets_no_hint(query):
    assert tried(search_of((0, {})), query=query, threshold=threshold(1, 1)).hints == []


def test_where_there_is_no_time_for_a_hint_the_verdict_is_said_without(monkeypatch):
    def too_slow(*args, **options):
        raise TimedOut("too slow")

    search = search_of((0, {}))
    monkeypatch.setattr(search, "newest", too_slow)
    found = tried(search, query="outcome:failre", threshold=threshold(1, 1))
    assert (found.lines[-1], found.hints) == ("it would not have fired (1 within 1s)", [])


def test_a_value_with_a_line_end_makes_no_line_of_its_own():
    actor = {"actor": {"id": "x\n  2026-11-27T10:15:00Z  alice"}}
    found = tried(search_of((0, actor), (1, actor)), threshold=threshold(2, 60, "actor"))
    assert not any("\n" in line for line in found.lines)
