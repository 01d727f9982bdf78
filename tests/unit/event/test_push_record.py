"""The event `log.push`: the same push is the same event, and a malformed one is told apart from any other."""

import json

import pytest

from graven.errors import InvalidInput
from graven.event.push_record import PushRecord, push_event, read_push

RECORD = PushRecord("a.example/log", 5, "root", "vkey", "note\n", [(0, 10, 3), (3, 20, 2)])


def test_a_record_comes_back():
    assert read_push(push_event(RECORD)) == RECORD


def test_the_same_push_is_the_same_event():
    assert push_event(RECORD) == push_event(RECORD)


def test_another_place_makes_another_id():
    other = PushRecord("a.example/log", 5, "root", "vkey", "note\n", [(0, 10, 5)])
    assert json.loads(push_event(RECORD))["id"] != json.loads(push_event(other))["id"]


def test_another_event_is_no_push():
    assert read_push(b'{"action":"log.pushed","actor":{"id":"a"}}') is None


@pytest.mark.parametrize(
    "ranges", [[], [[0, 10, 4]], [[1, 10, 5]], [[0, 10, 3], [2, 20, 3]], [[0, 10, 6]], [[0, 10, 5], [5, 15, 0]]]
)
def test_ranges_that_are_not_the_whole_are_refused(ranges):
    event = json.loads(push_event(RECORD))
    event["attributes"]["pushed"]["ranges"] = ranges
    with pytest.raises(InvalidInput, match="ranges"):
        read_push(json.dumps(event).encode())


@pytest.mark.parametrize("attributes", [{}, {"pushed": {}}, {"pushed": 5}, None])
def test_a_push_without_its_record_is_refused(attributes):
    with pytest.raises(InvalidInput, match="not the record"):
        read_push(json.dumps({"action": "log.push", "attributes": attributes}).encode())
