"""Durations and moments as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.index.query.times import (
    MAX_NS,
    MIN_NS,
    Span,
    duration_ns,
    moment,
    spell_duration,
    spell_time,
    time_ns,
    zone_offset_s,
)

DAY = 1_795_737_600 * 10**9
"""2026-11-27T00:00:00Z."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", 250_000_000),
        ("1.5h", 5_400 * 10**9),
        ("2w", 14 * 86_400 * 10**9),
        ("3µs", 3_000),
        ("3us", 3_000),
        ("-1s", -(10**9)),
        ("0.5ns", None),
        ("5", None),
        ("1_0s", None),
        ("s", None),
        ("٣s", None),
        ("9999999999w", None),
    ],
)
def test_a_duration_is_a_number_with_a_unit(text, expected):
    assert duration_ns(text) == expected


@given(st.integers(-MAX_NS, MAX_NS))
def test_a_duration_comes_back_from_its_spelling(ns):
    assert duration_ns(spell_duration(ns)) == ns


@pytest.mark.parametrize(
    ("text", "first", "width"),
    [
        ("2026-11-27", DAY, 86_400 * 10**9),
        ("2026-11-27T10:15", DAY + 36_900 * 10**9, 60 * 10**9),
        ("2026-11-27 10:15:01", DAY + 36_901 * 10**9, 10**9),
        ("2026-11-27T10:15:01.5Z", DAY + 36_901 * 10**9 + 500_000_000, 10**8),
        ("2026-11-27T10:15:01.500000001Z", DAY + 36_901 * 10**9 + 500_000_001, 1),
        ("2026-11-27T10:15:01+02:00", DAY + 29_701 * 10**9, 10**9),
        ("2026-11-26T23:59:60Z", DAY - 10**9, 10**9),
    ],
)
def test_a_moment_stands_for_as_much_time_as_it_spells(text, first, width):
    assert moment(text, now_ns=0) == Span(first, first + width - 1)


def test_a_zone_holds_for_what_names_none():
    assert moment("2026-11-27", now_ns=0, zone_offset_s=3_600) == Span(DAY - 3_600 * 10**9, DAY + 82_800 * 10**9 - 1)
    assert moment("2026-11-27T00:00:00.000000000Z", now_ns=0, zone_offset_s=3_600) == Span(DAY, DAY)


def test_a_duration_is_that_long_before_now():
    assert moment("2h", now_ns=DAY) == Span(DAY - 7_200 * 10**9, DAY - 7_200 * 10**9)
    assert moment("now", now_ns=DAY) == Span(DAY, DAY)
    assert moment("-2h", now_ns=DAY) is None


@pytest.mark.parametrize("text", ["", "2026", "2026-13-01", "2026-02-29", "2026-11-27T24:00", "2026-11-27T10:15+24:00"])
def test_what_is_no_moment_is_none(text):
    assert moment(text, now_ns=0) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.9-01:00", 3_599_900_000_000),
        ("0000-02-29T00:00:00Z", MIN_NS + 1),
        ("9999-12-31T23:59:59Z", MAX_NS),
        ("2016-12-31T23:59:60.25Z", 1_483_228_799_250_000_000),
        ("1970-01-01T00:00:00", None),
        ("1970-01-01 00:00:00Z", None),
        ("1970-01-01", None),
        ("1970-01-01T00:00Z", None),
    ],
)
def test_a_claimed_time_has_seconds_and_a_zone(text, expected):
    assert time_ns(text) == expected


@given(st.integers(MIN_NS + 1, MAX_NS))
def test_a_time_comes_back_from_its_spelling(ns):
    assert time_ns(spell_time(ns)) == ns


@pytest.mark.parametrize(
    ("text", "expected"), [("Z", 0), ("+02:00", 7_200), ("-11:30", -41_400), ("+24:00", None), ("2", None)]
)
def test_a_zone_is_an_offset(text, expected):
    assert zone_offset_s(text) == expected
