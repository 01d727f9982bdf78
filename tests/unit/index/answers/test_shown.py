"""What a list shows of an event, and the whole view of one."""

import json

from tests.support.verify_logs import graven_entry

from graven.index.answers.shown import LARGE_BYTES, row_of, viewed
from graven.index.derive.view import event_bytes, view_of


def nothing(digest):
    return None


def shown(data):
    return row_of(view_of(3, graven_entry(3, data=json.dumps(data).encode()), nothing))


def whole(data):
    entry = graven_entry(3, data=data)
    return viewed(view_of(3, entry, nothing), event_bytes(entry, nothing))


def test_a_row_names_the_branch():
    row = shown({"action": "test.run.start", "actor": {"id": "ci"}, "qa": {"run": "r", "branch": "main"}})
    assert row["qa"] == {"run": "r", "branch": "main"}


def test_a_recorded_search_says_what_was_asked_for():
    asked = {"query": "actor:bob", "count": 3, "deep": {"not": "shown"}}
    row = shown({"action": "events.search", "actor": {"id": "t1"}, "attributes": asked})
    assert row["attributes"] == {"query": "actor:bob", "count": 3}


def test_attributes_of_other_events_stay_out_of_their_rows():
    assert "attributes" not in shown({"action": "order.create", "actor": {"id": "x"}, "attributes": {"query": "y"}})


def test_a_viewed_event_stands_as_it_was_received():
    data = b'{"action": "order.create", "actor": {"id":"\\u0061lice"}, "input": {"price": 1.50, "n": 1e3}}'
    assert whole(data).endswith(b'"event":' + data + b"}")


def test_what_is_large_is_left_out_and_named():
    data = b'{"action":"a.b","actor":{"id":"x"},"message":"m","output":"%b"}' % (b"y" * LARGE_BYTES)
    seen = json.loads(whole(data))
    assert (seen["event"].keys(), seen["large"]) == (
        {"action", "actor", "message"},
        [{"path": "/output", "size": LARGE_BYTES + 2}],
    )
