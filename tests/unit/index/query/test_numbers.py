"""Numbers, each with one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.index.query.numbers import EXACT, number, severity, spell_number
from graven.index.query.times import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("5.0", 5), ("-1.5", -1.5), ("007", 7), ("1e3", None), ("1_0", None), ("٥", None), ("9" * 400, None)],
)
def test_a_number_is_decimal(text, expected):
    assert number(text) == expected


@pytest.mark.parametrize("value", [2**53 + 1, 2**64 + 1, 2**126 + 1, EXACT, -EXACT])
def test_a_whole_number_is_exact_however_it_is_spelled(value):
    assert [number(text) for text in (f"{value}", f"{value}.0", f"{value:+050d}".lstrip("+"))] == [value] * 3
    assert isinstance(number(f"{value}"), int)


@pytest.mark.parametrize("value", [EXACT + 1, -EXACT - 1, 10**300 + 1])
def test_a_whole_number_beyond_those_is_the_nearest_float(value):
    assert number(str(value)) == float(value)
    assert isinstance(number(str(value)), float)


def test_a_number_of_more_digits_than_python_reads_is_none():
    assert number("9" * 5_000) is None


@given(st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_from_its_spelling(value):
    assert number(spell_number(value)) == value


def test_a_severity_by_name_is_four_numbers():
    assert severity("error") == severity("ERROR") == Span(17, 20)
    assert severity("error2") == Span(18, 18)
    assert severity("errors") is None
