"""The view of an entry, whatever its format."""

import msgspec
import pytest
from tests.support.verify_logs import graven_entry

from graven.errors import NotFound
from graven.event.envelope import entry_head, entry_tail
from graven.event.pushed import FORMAT as PUSHED
from graven.event.pushed import MAX_LEVELS, wrap
from graven.index.derive.view import view_of

ORIGIN = "graven.local/0123/default"
DIGEST = "sha256:" + "1" * 64
EVENT = b'{"action":"order.create","actor":{"id":"alice"}}'


def entry(data, *, format_="event/1", token="t1", blob=None, redacted=0, received_ns=5):
    tail = entry_tail(
        token=token, ip="::1", id="e1", source="shop", format=format_, data=data, blob=blob, redacted=redacted
    )
    return entry_head(received_ns) + tail


def no_blob(digest):
    return None


def test_an_event_is_its_own_view():
    assert view_of(7, entry(EVENT, redacted=2), no_blob) == {
        "index": 7, "received": 5, "token": "t1", "by_ip": "::1", "id": "e1", "source": "shop", "format": "event/1",
        "redacted": 2, "event": {"action": "order.create", "actor": {"id": "alice"}},
    }  # fmt: skip


def test_a_pushed_entry_shows_the_inner_event_and_the_outer_proof():
    inner = entry(EVENT, redacted=1, received_ns=1)
    outer = graven_entry(3, data=wrap(ORIGIN, 0, inner), form=PUSHED)
    bare = view_of(3, graven_entry(3), no_blob)
    view = view_of(3, outer, no_blob)
    assert (view["received"], view["token"], view["by_ip"]) == (bare["received"], bare["token"], bare["by_ip"])
    assert (view["id"], view["source"], view["format"], view["redacted"]) == ("e1", "shop", "event/1", 1)
    assert view["event"]["action"] == "order.create"


def test_behind_too_many_wrappers_it_is_unreadable():
    raw = entry(EVENT)
    for level in range(MAX_LEVELS + 1):
        raw = graven_entry(level, data=wrap(ORIGIN, level, raw), form=PUSHED)
    assert view_of(0, raw, no_blob)["event"]["action"] == "entry.unreadable"


@pytest.mark.parametrize("format_", ["event/1", "k8s.audit/v1"])
def test_what_lies_in_a_blob_is_fetched(format_):
    raw = entry(None, format_=format_, blob=(DIGEST, 9))
    data = {"event/1": EVENT, "k8s.audit/v1": b'{"verb":"get","user":{"username":"alice"}}'}[format_]
    assert view_of(0, raw, {DIGEST: data}.get)["event"]["actor"]["id"] == "alice"


def test_a_blob_that_is_not_to_be_had_leaves_an_event_that_says_so():
    def gone(digest):
        raise NotFound("no such blob")

    raw = entry(None, blob=(DIGEST, 9))
    for load in (no_blob, gone):
        event = view_of(0, raw, load)["event"]
        assert (event["action"], event["outcome"], event["actor"]) == ("entry.absent", "error", {"id": "t1"})


def test_an_audit_event_goes_through_its_mapper():
    raw = entry(b'{"verb":"get","objectRef":{"resource":"pods"},"user":{"username":"bob"}}', format_="k8s.audit/v1")
    assert view_of(0, raw, no_blob)["event"]["action"] == "k8s.pods.get"


def test_what_was_quarantined_says_why():
    data = msgspec.json.encode({"expected": "k8s.audit/v1", "reason": "not JSON"})
    event = view_of(0, entry(data, format_="quarantine/1", blob=(DIGEST, 9)), no_blob)["event"]
    assert event == {
        "action": "entry.quarantine", "actor": {"id": "t1"}, "outcome": "error", "message": "not JSON",
        "attributes": {"expected": "k8s.audit/v1", "blob": DIGEST},
    }  # fmt: skip


def test_an_unknown_format_keeps_its_words():
    event = view_of(0, entry(b'[1,"two"]', format_="otlp.log/1"), no_blob)["event"]
    assert event == {"action": "entry.otlp.log", "actor": {"id": "t1"}, "attributes": [1, "two"]}


def test_the_blob_of_an_unknown_format_is_not_fetched():
    asked: list[str] = []
    event = view_of(0, entry(None, format_="x/1", blob=(DIGEST, 9)), asked.append)["event"]
    assert (event, asked) == ({"action": "entry.x", "actor": {"id": "t1"}}, [])


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"1"])
def test_data_that_is_no_event_is_unreadable(data):
    view = view_of(4, entry(data), no_blob)
    assert (view["event"]["action"], view["id"], view["received"]) == ("entry.unreadable", "e1", 5)


def test_bytes_that_are_no_entry_were_received_at_0():
    view = view_of(4, b"\xff", no_blob)
    assert (view["index"], view["received"], view["event"]["action"]) == (4, 0, "entry.unreadable")


def test_a_day_that_no_calendar_has_makes_an_audit_event_unreadable():
    time = '"0000-01-01T00:00:00Z"'
    data = f'{{"requestReceivedTimestamp":{time},"stageTimestamp":{time}}}'.encode()
    assert view_of(0, entry(data, format_="k8s.audit/v1"), no_blob)["event"]["action"] == "entry.unreadable"
