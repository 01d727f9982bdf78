"""Numbers, each with one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.index.query.numbers import number, severity, spell_number
from graven.index.query.times import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("5.0", 5), ("-1.5", -1.5), ("007", 7), ("1e3", None), ("1_0", None), ("٥", None), ("9" * 400, None)],
)
def test_a_number_is_decimal(text, expected):
    assert number(text) == expected


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_from_its_spelling(value):
    assert number(spell_number(value)) == value


def test_a_severity_by_name_is_four_numbers():
    assert severity("error") == severity("ERROR") == Span(17, 20)
    assert severity("error2") == Span(18, 18)
    assert severity("errors") is None
