import pytest

from graven.sdk.backoff import Backoff, parse_retry_after

NOON = 1_763_812_800.0  # Sat, 22 Nov 2025 12:00:00 GMT


def test_the_window_doubles_up_to_the_cap_and_starts_again():
    backoff = Backoff(0.5, 3.0, lambda: 1.0)
    assert [backoff.next() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    assert backoff.next() == 0.5


def test_jitter_is_full():
    assert Backoff(0.5, 3.0, lambda: 0.0).next() == 0.0


def test_what_the_server_asked_for_comes_first():
    assert Backoff(0.5, 3.0, lambda: 0.5).next(7.0) == 7.25


def test_a_thousand_failures_do_not_overflow():
    backoff = Backoff(0.5, 60.0, lambda: 1.0)
    assert [backoff.next() for _ in range(2000)][-1] == 60.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("7", 7.0), (" 0 ", 0.0), ("999999999999", 300.0), ("-1", None), ("1.5", None), ("٣", None),
        ("soon", None), ("Sat, 22 Nov 2025 12:00:30 GMT", 30.0), ("Sat, 22 Nov 2025 11:00:00 GMT", 0.0),
        ("Mon, 22 Nov 2055 12:00:00 GMT", 300.0), ("", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_at_most_five_minutes(header, seconds):
    assert parse_retry_after(header, NOON) == seconds
