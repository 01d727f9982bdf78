"""Moments and durations as people say them, told as the query language spells them."""

import pytest

from graven.errors import InvalidInput
from graven.index.query.parse import parse
from graven.index.query.spoken import meant_duration, meant_moment

NOW = 1_795_774_500 * 10**9
"""A Friday, 2026-11-27T10:15:00Z."""


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("yesterday", "1d"),
        ("last week", "1w"),
        ("2h ago", "2h"),
        ("2 hours ago", "2h"),
        ("now-1h", "1h"),
        ("now - 30 minutes", "30m"),
        ("-1h", "1h"),
        ("1h30m", "90m"),
        ("half an hour ago", "30m"),
        ("the last 3 days", "3d"),
        ("in the past 2h", "2h"),
        ("in last 2h", "2h"),
        ("1 month", "30d"),
        ("30", "30m"),
        ("today", "2026-11-27"),
        ("monday", "2026-11-23"),
        ("last friday", "2026-11-20"),
        ("fri", "2026-11-27"),
        ("9:05", "2026-11-27T09:05"),
        ("2026/11/27", "2026-11-27"),
        ("20261127", "2026-11-27"),
        ("2026-11", "2026-11-01"),
        ("27.11.2026", "2026-11-27"),
        ("11/27/2026", "2026-11-27"),
        ("2026-11-27 10:15 UTC", "2026-11-27T10:15Z"),
        ("2026-11-27T10:15:00+0200", "2026-11-27T10:15:00+02:00"),
        ("1764233700", "2025-11-27T08:55:00Z"),
        ("1764233700123", "2025-11-27T08:55:00Z"),
    ],
)
def test_a_moment_is_told_as_it_is_spelled_here(said, meant):
    assert meant_moment(said, now_ns=NOW) == meant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "last",
        "in 2 hours",
        "in an hour",
        "some day",
        "5 apples",
        "2026-02-30",
        "11/10/2026",
        "9" * 30 + "w",
        "a" * 100,
    ],
)
def test_what_is_no_moment_or_might_be_two_is_not_guessed(said):
    assert meant_moment(said, now_ns=NOW) == ""


def test_today_is_that_of_the_zone():
    assert meant_moment("today", now_ns=NOW, zone_offset_s=14 * 3_600) == "2026-11-28"


@pytest.mark.parametrize(
    ("said", "meant"), [("2 seconds", "2s"), ("1.5hours", "90m"), ("200msec", "200ms"), ("fast", "")]
)
def test_a_duration_is_told_as_it_is_spelled_here(said, meant):
    assert meant_duration(said) == meant


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("since:yesterday", "did you mean since:1d?"),
        ('until:"2 hours ago"', "did you mean until:2h?"),
        ("received>yesterday", "did you mean 1d?"),
        ("duration>2sec", "did you mean 2s?"),
        ("duration>5", "give it a unit: 5s"),
        ("since:whenever", ""),
    ],
)
def test_a_query_with_another_spelling_says_the_right_one(query, hint):
    with pytest.raises(InvalidInput) as caught:
        parse(query, now_ns=NOW)
    assert caught.value.hint == hint
