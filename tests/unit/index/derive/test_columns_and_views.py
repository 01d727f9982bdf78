"""What the SQL makes of single members, where it is most likely to differ from the view."""

import pytest
from tests.support.index_rows import event, rows

from graven.index.derive.columns import MISSING
from graven.index.query.times import time_ns


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-18T00:00:00Z",
        "2026-11-18T00:00:00.5+02:00",
        "2026-11-18T00:00:00.123456789-23:59",
        "1969-12-31T23:59:59.9-01:30",
        "1969-12-31T23:59:59.999999999Z",
        "2026-11-18t00:00:00z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:60.5+02:00",
        "1677-09-21T00:12:43.145224192Z",
        "2262-04-11T23:47:16.854775807Z",
        "2262-04-11T23:47:16.854775808Z",
        "2262-04-11T22:47:16.854775807-02:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999+00:00",
    ],
)
def test_a_claimed_time_is_the_moment_that_it_spells(text):
    assert rows([event(time=text)])["time"].to_pylist() == [time_ns(text)]


@pytest.mark.parametrize(
    "text", ["2026-02-29T00:00:00Z", "2026-11-18 00:00:00Z", "2026-11-18T00:00:00", "2026-11-18T24:00:00Z", "x", ""]
)
def test_what_is_no_time_is_absent(text):
    assert rows([event(time=text)])["time"].to_pylist() == [MISSING]
    assert time_ns(text) is None


def test_no_claim_is_the_number_that_stands_for_absent():
    assert time_ns("1600-01-01T00:00:00Z") != MISSING
    assert rows([event(time="1600-01-01T00:00:00Z")])["time"].to_pylist() != [MISSING]


def test_an_entry_that_is_none_spoils_no_other():
    found = rows([event(message="one"), b"nonsense", event(message="three")])
    assert found["action"].to_pylist()[::2] == ["thing.make"] * 2
    assert len(found) == 3
