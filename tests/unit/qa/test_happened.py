"""Entries as events in time."""

import json

import pytest
from tests.support.run_events import entry

from graven.errors import NotFound
from graven.qa.happened import happened

SECOND = 10**9
NOON = "2026-11-27T12:00:00Z"


def read(data, **more):
    return happened(7, entry({"action": "a", **data}, **more))


def test_time_is_the_beginning_and_the_duration_comes_after_it():
    event = read({"time": NOON, "duration_ns": SECOND})
    assert event.end_ns - event.start_ns == SECOND
    assert event.start_ns == read({"time": NOON}).start_ns


def test_a_finish_has_its_time_at_the_end():
    event = happened(0, entry({"action": "test.case.finish", "time": NOON, "duration_ns": SECOND}))
    assert event.end_ns == read({"time": NOON}).start_ns
    assert event.start_ns == event.end_ns - SECOND


def test_a_finish_that_says_when_it_began_is_believed():
    data = {"action": "x.finish", "time": NOON, "duration_ns": 1, "attributes": {"started": "2026-11-27T11:59:50Z"}}
    event = happened(0, entry(data))
    assert event.end_ns - event.start_ns == 10 * SECOND


def test_calls_are_in_order_of_their_beginnings_by_the_clock_of_their_process():
    event = read({"producer": {"epoch": "e", "seq": 9}, "attributes": {"began": 3}})
    assert (event.seq, event.clock) == (3, ("ci", "e"))
    assert event.producer != read({"producer": {"epoch": "e", "seq": 9}}).producer


@pytest.mark.parametrize(
    "data",
    [
        {"trace": {"span_id": {"$redacted": {}}}, "time": 5, "duration_ns": "x", "causation_id": []},
        {"trace": "t", "producer": {"epoch": None, "seq": -1}, "attributes": [], "qa": 3},
    ],
)
def test_members_of_another_type_count_as_absent(data):
    event = read(data)
    assert (event.span, event.start_ns, event.producer, event.causation) == ("", None, None, "")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        entry(b"[1]"),
        entry({"action": 3}),
        entry({"action": "a"}, format="k8s.audit/v1"),
        entry(b"[" * 5000),
        b'{"v":1,"received":"x","id":"i","source":"s","format":"event/1","data":{"action":"a"}}',
    ],
)
def test_bytes_that_are_no_event_are_none(raw):
    assert happened(0, raw) is None


def blob_entry():
    return entry({"action": "a"}).replace(
        b'"data":{"action":"a"}', b'"blob":{"digest":"sha256:%b","size":9}' % (b"0" * 64)
    )


def test_an_oversize_event_is_read_from_its_blob():
    assert happened(0, blob_entry(), lambda digest: b'{"action":"big"}').data == {"action": "big"}


def test_an_absent_blob_is_none():
    def absent(digest):
        raise NotFound("gone")

    assert happened(0, blob_entry(), absent) is None


def test_an_entry_of_another_log_is_read_as_it_was_received_there():
    inner = entry({"action": "inner", "time": NOON}, second=5)
    outer = entry(b'{"entry":%b}' % inner, second=50, format="graven.entry/1")
    event = happened(3, outer)
    assert (event.index, event.data["action"]) == (3, "inner")
    assert event.received_ns == happened(0, inner).received_ns


def test_the_data_is_what_was_recorded():
    data = {"action": "a", "input": {"x": [1.5, None, "ü"]}}
    assert happened(0, entry(data)).data == data
    assert happened(0, entry(data)).size == len(json.dumps(data, separators=(",", ":")))
