import re

import pytest

from graven.cli.bars import bar, facet_lines, histogram_lines
from graven.cli.zone import Zone

UTC = Zone(0, "Z")


def test_a_bar_is_as_long_as_its_share_and_never_nothing_for_something():
    assert bar(4, 4, 10) == "█" * 10
    assert bar(1, 1000, 10) == "▏"
    assert bar(0, 4, 10) == ""
    assert bar(9, 16, 8) == "████▌"


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")


def test_values_have_counts_shares_and_bars():
    facet = {"values": [{"value": "success", "count": 30}, {"value": "x" * 90, "count": 10}], "other": 5, "absent": 5}
    heading, first, long, other, absent = facet_lines("outcome", facet, 50)
    assert heading.split() == ["OUTCOME", "COUNT", "SHARE"]
    assert first.split()[:3] == ["success", "30", "60.0%"]
    assert "…" in long
    assert other.split()[-3:-1] == ["5", "10.0%"]
    assert absent.startswith("(none)")
    assert all(len(line) <= 60 for line in (heading, first, long, other, absent))


def histogram(width_ns, *buckets, values=()):
    made = [{"start": start, "count": count, **({"by": by} if by else {})} for start, count, by in buckets]
    return {"width_ns": width_ns, "buckets": made, "values": list(values), "total": sum(one[1] for one in buckets)}


def test_buckets_name_the_day_where_it_changes():
    hour = 3_600 * 10**9
    starts = ["2026-11-26T23:00:00Z", "2026-11-27T00:00:00Z", "2026-11-27T01:00:00Z"]
    heading, *lines = histogram_lines(histogram(hour, *((start, 1, None) for start in starts)), UTC)
    assert heading.endswith("by 1h")
    assert [line[:16] for line in lines] == ["2026-11-26 23:00", "2026-11-27 00:00", "           01:00"]
    shifted = histogram_lines(histogram(hour, ("2026-11-26T23:00:00Z", 1, None)), Zone(3_600, "+01:00"))
    assert shifted[1].startswith("2026-11-27 00:00")


def test_days_are_dates():
    lines = histogram_lines(histogram(86_400 * 10**9, ("2026-11-26T00:00:00Z", 0, None)), UTC)
    assert lines[1].split() == ["2026-11-26", "0"]


def test_stacks_are_told_in_numbers_where_there_are_no_colours():
    stacked = histogram(
        10**9,
        ("2026-11-26T00:00:00Z", 3, {"success": 2, "": 1}),
        ("2026-11-26T00:00:01Z", 0, None),
        values=("success", ""),
    )
    _, first, second, legend = histogram_lines(stacked, UTC)
    assert first.endswith("success 2 (none) 1")
    assert second.split() == ["00:00:01", "0"]
    assert legend == "█ success  · (none)"
    assert re.search("█+·+ success", first), "the characters differ where the colours cannot"


OUTCOMES = ("success", "failure", "error", "denied", "unknown", "")


@pytest.mark.parametrize("values", [OUTCOMES, (*"abcdefg", "")])
@pytest.mark.parametrize("colour", [True, False])
def test_no_two_stacks_look_alike(monkeypatch, values, colour):
    monkeypatch.setenv("FORCE_COLOR" if colour else "NO_COLOR", "1")
    monkeypatch.delenv("NO_COLOR" if colour else "FORCE_COLOR", raising=False)
    bucket = ("2026-11-26T00:00:00Z", len(values), dict.fromkeys(values, 1))
    legend = histogram_lines(histogram(10**9, bucket, values=values), UTC)[-1]
    parts = legend.split("  ")
    looks = {part.split("█")[0] if colour else part[0] for part in parts}
    assert len(looks) == len(parts) == len(values)


def test_what_is_left_of_many_values_is_not_called_none():
    values = (*"abcdefgh", "")
    legend = histogram_lines(histogram(10**9, ("2026-11-26T00:00:00Z", 2, {"a": 1, "": 1}), values=values), UTC)[-1]
    assert legend == "█ a  · (others)"
