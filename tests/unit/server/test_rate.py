"""A bucket gives its rate at once, and its rate a second after that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.server.rate import Bucket


def test_a_full_bucket_gives_its_rate_at_once_and_then_nothing() -> None:
    bucket = Bucket(200, 5.0)
    assert bucket.available(5.0) == 200
    bucket.take(200)
    assert bucket.available(5.0) == 0


def test_it_fills_at_its_rate_and_holds_no_more_than_that() -> None:
    bucket = Bucket(200, 0.0)
    bucket.take(200)
    assert bucket.available(0.25) == 50
    assert bucket.available(1.0) == 200
    assert bucket.available(60.0) == 200


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = Bucket(4, 10.0)
    bucket.take(4)
    assert [bucket.available(at) for at in (9.0, 10.0, 10.25)] == [0, 0, 1]


def test_more_than_there_is_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="5 are taken"):
        Bucket(4, 0.0).take(5)


@given(rate=st.integers(1, 1_000), taken=st.integers(0, 1_000))
def test_after_the_wait_one_may_be_taken(rate: int, taken: int) -> None:
    bucket = Bucket(rate, 0.0)
    bucket.take(min(rate, taken))
    assert bucket.available(bucket.wait_s(0.0)) >= 1


@given(rate=st.integers(1, 1_000), steps=st.lists(st.floats(0.001, 3.0), max_size=30))
def test_no_second_gives_more_than_twice_the_rate(rate: int, steps: list[float]) -> None:
    bucket, now_s, taken = Bucket(rate, 0.0), 0.0, 0
    for step in steps:
        now_s += step
        number = bucket.available(now_s)
        bucket.take(number)
        taken += number
    assert taken <= rate * (1 + now_s) + 1e-6 * (1 + now_s)
