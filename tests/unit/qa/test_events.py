"""Reading run events."""

import json

import pytest
from tests.support.run_events import case, entry
from tests.support.verify_logs import graven_entry

from graven.event.pushed import wrap
from graven.qa.events import MESSAGE_CHARS, REDACTED, RunEvents


def test_redacted_texts_are_shown_as_such_and_long_messages_are_cut():
    redacted = RunEvents().read(0, entry(case("r", "a", error={"type": {"$redacted": {}}, "message": "x" * 9000})))
    assert redacted.error_type == REDACTED
    assert len(redacted.error_message) == MESSAGE_CHARS


def test_a_shard_may_be_any_json():
    assert RunEvents().read(0, entry(case("r", "a", shard={"of": 2, "n": 1}))).shard == '{"of":2,"n":1}'


def pushed(inner: bytes) -> bytes:
    return entry(wrap("job.example/1", 3, inner), second=50, format="graven.entry/1")


@pytest.mark.parametrize("levels", [1, 2])
def test_a_pushed_event_reads_as_in_its_own_log(levels):
    raw = native = entry(case("r", "a"), second=2)
    for _ in range(levels):
        raw = pushed(raw)
    assert RunEvents().read(7, raw) == RunEvents().read(7, native)


def test_a_pushed_event_is_read_in_the_blob_of_either_log():
    data = json.dumps(case("r", "a")).encode()
    there = graven_entry(1, blob=("sha256:" + "1" * 64, len(data)))
    here = graven_entry(2, blob=("sha256:" + "2" * 64, 9), form="graven.entry/1")
    blobs = {"sha256:" + "1" * 64: data, "sha256:" + "2" * 64: wrap("job.example/1", 3, there)}
    for raw in (pushed(there), here):
        assert RunEvents(blobs.get).read(0, raw).test == "a"
    alone = RunEvents(lambda digest: None)
    assert alone.read(0, here) is None
    assert alone.absent == 1


def test_a_wrapper_that_is_none_is_malformed():
    events = RunEvents()
    assert events.read(0, entry(b'{"origin":"test.run.start"}', format="graven.entry/1")) is None
    assert events.read(0, entry(b'{"entry":"test.run.start","x":"\\u0000"}', format="graven.entry/1")) is None
    assert events.malformed == 2
