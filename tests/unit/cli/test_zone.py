import time

import pytest

from graven.cli.zone import Zone, ago, zone_of
from graven.errors import UsageError
from graven.index.query.times import time_ns

NOW = time_ns("2026-11-27T10:15:00Z")
S = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "offset", "spelled"),
    [("Z", 0, "Z"), ("utc", 0, "Z"), ("+02:00", 7_200, "+02:00"), ("-09:30", -34_200, "-09:30"), ("+00:00", 0, "Z")],
)
def test_a_zone_is_an_offset(text, offset, spelled):
    assert zone_of(text, now_s=0) == Zone(offset, spelled)


@pytest.mark.parametrize("text", ["Berlin", "+2", "+25:00", "", "02:00"])
def test_what_is_no_zone_is_refused(text):
    with pytest.raises(UsageError):
        zone_of(text, now_s=0)


@pytest.mark.parametrize(("tz", "spelled"), [("UTC", "Z"), ("Asia/Kolkata", "+05:30"), ("America/St_Johns", "-03:30")])
def test_the_zone_of_this_machine_is_taken_without_a_name(tz, spelled, monkeypatch):
    monkeypatch.setenv("TZ", tz)
    time.tzset()
    try:
        assert zone_of(None, now_s=NOW / S).text == zone_of("local", now_s=NOW / S).text == spelled
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_moment_of_today_has_no_date():
    zone = Zone(7_200, "+02:00")
    assert zone.shown(NOW - 1_500_000, now_ns=NOW) == "12:14:59.998"
    assert zone.shown(NOW - 13 * 3_600 * S, now_ns=NOW) == "2026-11-26 23:15:00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-27T10:15:00Z", "2026-11-27T12:15:00+02:00"),
        ("2026-11-27T10:15:00.120Z", "2026-11-27T12:15:00.120+02:00"),
        ("2026-11-27T10:15:00.123456789-05:00", "2026-11-27T17:15:00.123456789+02:00"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_whole_time_stays_as_exact_as_it_was(text, shown):
    assert Zone(7_200, "+02:00").whole(text) == shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "now"), (42, "42 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7_300, "2 h ago"), (-5, "in 5 s")],
)
def test_how_long_ago(seconds, said):
    assert ago(NOW - seconds * S, now_ns=NOW) == said
