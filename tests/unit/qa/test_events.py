"""Reading run events."""

import pytest
from tests.support.run_events import case, entry

from graven.qa.events import MESSAGE_CHARS, REDACTED, RunEvents, time_ns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("1970-01-01T01:00:00.000000001+01:00", 1),
        ("1970-01-01T00:00:60Z", 59_000_000_000),
        ("1970-13-01T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_a_time_is_nanoseconds_or_none(text, expected):
    assert time_ns(text) == expected


def test_redacted_texts_are_shown_as_such_and_long_messages_are_cut():
    redacted = RunEvents().read(0, entry(case("r", "a", error={"type": {"$redacted": {}}, "message": "x" * 9000})))
    assert redacted.error_type == REDACTED
    assert len(redacted.error_message) == MESSAGE_CHARS


def test_a_shard_may_be_any_json():
    assert RunEvents().read(0, entry(case("r", "a", shard={"of": 2, "n": 1}))).shard == '{"of":2,"n":1}'
