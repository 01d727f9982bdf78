"""Claimed times in the columns are the moments that queries read in them."""

import json

import pytest

from graven.index.derive.columns import MISSING
from graven.index.derive.deriver import Deriver
from graven.index.query.times import time_ns


def entry(time):
    data = json.dumps({"action": "a", "actor": {"id": "b"}, "time": time})
    head = '"v":1,"received":"2026-11-18T11:06:40.500000000Z","by":{"token":"t","ip":"i"},"id":"x","source":"s"'
    return f'{{{head},"format":"event/1","data":{data}}}'.encode()


def column(*times):
    deriver = Deriver(lambda digest: None)
    try:
        return deriver.derive(0, [entry(time) for time in times]).column("time").to_pylist()
    finally:
        deriver.close()


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-18T11:06:39Z",
        "2026-11-18t11:06:39.5z",
        "2026-11-18T11:06:39.123456789+02:00",
        "2026-11-18T11:06:39-09:30",
        "2026-11-18T00:30:00+23:59",
        "2026-11-18T23:59:60Z",
        "2026-11-18T23:59:60.5+02:00",
        "1970-01-01T00:00:00+05:00",
        "1969-12-31T23:59:59.999999999Z",
        "2262-04-11T23:47:16.854775807-01:00",
        "2400-01-01T00:00:00+01:00",
    ],
)
def test_a_time_is_its_moment_whatever_its_zone(time):
    assert column(time) == [time_ns(time)]


def test_a_time_before_what_64_bits_hold_stands_at_their_beginning():
    assert column("1600-01-01T00:00:00Z", "1677-09-21T00:12:43.145224193+01:00") == [MISSING + 1] * 2


@pytest.mark.parametrize("time", [None, "yesterday", "", "2026-11-18T11:06:39"])
def test_what_is_no_moment_is_missing(time):
    assert column(time) == [MISSING]
