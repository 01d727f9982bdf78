"""Entries of another log: whole, strict, redacted by our rules as well, never refused for what its server redacted."""

import hashlib
import json

import pytest
from tests.support.event_samples import PRODUCER, REDACTOR, entries
from tests.support.verify_logs import graven_entry

from graven.errors import InvalidEvent, InvalidInput
from graven.event.assemble import blob_digest
from graven.event.batch import MAX_ENTRY_SIZE
from graven.event.envelope import decode_entry, entry_head
from graven.event.mappers.pushed import prepare_pushed
from graven.event.pushed import MAX_INDEX, MAX_LEVELS, leaf_of, pushed_key, unwrap, wrap
from graven.event.recorded import recorded

ORIGIN = "graven.local/0123/default"
HMAC = "k1:" + "0" * 64


def event(**members) -> bytes:
    return json.dumps({"action": "a.b", "actor": {"id": "x"}, "source": "shop", **members}).encode()


def absent(at, digest, size):
    raise InvalidInput(f"{digest} is not here")


def prepare(*raw: bytes, first: int = 0, load=absent):
    return prepare_pushed(raw, PRODUCER, REDACTOR, origin=ORIGIN, first=first, load=load)


def entry(number: int = 1, **members) -> bytes:
    return graven_entry(number, data=event(**members))


def refused(*raw: bytes, load=absent) -> list[dict]:
    with pytest.raises(InvalidEvent) as caught:
        prepare(*raw, load=load)
    return caught.value.details["errors"]


def test_an_entry_is_kept_byte_for_byte_with_its_place():
    raw = [entry(n, message="ü\\n") for n in range(3)]
    batch = prepare(*raw, first=40)
    for at, made in enumerate(entries(batch)):
        assert (made.format, made.id, made.source, made.redacted) == ("graven.entry/1", f"e-{at}", "shop", 0)
        assert unwrap(made.data) == (ORIGIN, 40 + at, raw[at])
    assert batch.keys == [pushed_key(ORIGIN, 40 + at, leaf_of(one)) for at, one in enumerate(raw)]


def test_the_source_of_the_envelope_may_be_written_with_escapes():
    raw = graven_entry(1, data=event(source='a"b')).replace(b'"source":"shop"', b'"source":"a\\"b"', 1)
    (made,) = entries(prepare(raw))
    assert made.source == 'a"b'
    assert unwrap(made.data).entry == raw


def test_a_pretty_printed_event_keeps_its_line_breaks():
    raw = graven_entry(1, data=json.dumps(json.loads(event()), indent=1).encode())
    assert unwrap(entries(prepare(raw, entry(2)))[0].data).entry == raw


def test_what_another_server_redacted_is_right():
    raw = entry(input={"password": {"$redacted": {"by": "server", "rule": "password-field", "hmac": HMAC}}})
    (made,) = entries(prepare(raw))
    assert unwrap(made.data).entry == raw
    assert made.redacted == 0


def test_a_sealed_value_is_right():
    raw = entry(input={"name": {"$sealed": {"subject": "s", "nonce": "n", "ct": "c"}}})
    assert unwrap(entries(prepare(raw))[0].data).entry == raw


@pytest.mark.parametrize(
    "value",
    [{"$redacted": {"by": "someone", "rule": "r"}}, {"$redacted": 1}, {"$sealed": {"subject": "s"}}, {"$sealed": 1}],
)
def test_a_mark_that_no_recorder_makes_is_refused(value):
    assert refused(entry(1), entry(2, input={"x": value}))[0]["item"] == 1


def test_our_rules_redact_what_the_other_log_kept():
    raw = entry(input={"password": "hunter2", "n": 1})
    (made,) = entries(prepare(raw))
    assert made.redacted == 1
    inner = decode_entry(unwrap(made.data).entry)
    assert b"hunter2" not in made.data
    assert json.loads(inner.data)["input"]["password"]["$redacted"]["by"] == "server"
    assert (inner.id, inner.received_ns, inner.redacted) == ("e-1", decode_entry(raw).received_ns, 0)


def test_the_key_of_a_redacted_entry_is_that_of_what_came():
    raw = entry(input={"password": "hunter2"})
    assert prepare(raw).keys == [pushed_key(ORIGIN, 0, leaf_of(raw))]


def test_a_large_event_is_checked_in_its_blob_and_stays_there():
    content = event(message="x" * 70_000)
    raw = graven_entry(1, blob=(blob_digest(content), len(content)))
    batch = prepare(raw, load=lambda at, digest, size: content)
    assert unwrap(entries(batch)[0].data).entry == raw
    assert batch.attachments == [(0, blob_digest(content), len(content))]
    assert batch.blobs == {}


def test_a_large_event_that_our_rules_change_gets_a_new_blob():
    content = event(message="x" * 70_000, input={"password": "hunter2"})
    raw = graven_entry(1, blob=(blob_digest(content), len(content)))
    batch = prepare(raw, load=lambda at, digest, size: content)
    (made,) = entries(batch)
    digest, size = decode_entry(unwrap(made.data).entry).blob
    assert b"hunter2" not in batch.blobs[digest]
    assert len(batch.blobs[digest]) == size
    assert batch.attachments == [], "nothing may refer to the blob with the secret"
    assert made.redacted == 1


def test_attachments_of_the_event_are_named():
    digest = "sha256:" + "1" * 64
    raw = entry(attachments=[{"digest": digest, "size": 5}])
    assert prepare(entry(0), raw).attachments == [(1, digest, 5)]


def test_an_entry_that_is_too_large_with_its_wrapper_goes_to_a_blob():
    for size in (65_100, 65_200, 65_300):
        raw = entry(message="x" * size)
        assert len(raw) <= MAX_ENTRY_SIZE
        batch = prepare(raw)
        (made,) = entries(batch)
        data = made.data if made.data is not None else batch.blobs[made.blob[0]]
        assert unwrap(data).entry == raw
    assert made.data is None


def test_a_blob_that_is_not_there_is_told_with_its_entry():
    found = refused(entry(0), graven_entry(1, blob=("sha256:" + "1" * 64, 9)))
    assert found == [{"item": 1, "field": "entry", "reason": found[0]["reason"], "suggestion": ""}]
    assert "is not here" in found[0]["reason"]


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        entry().replace(b'"v":1', b'"v":2'),
        entry() + b" ",
        entry().replace(b'"e-1"', b'"\\u0065-1"'),
        entry().replace(b'"e-1"', b'""'),
        entry().replace(b'"e-1"', b'"\\n"'),
        entry().replace(b'"e-1"', b'"%b"' % (b"e" * 129)),
        entry().replace(b"event/1", b"Event 1"),
        graven_entry(1, data=b'{"action":"a"}'),
        graven_entry(1, data=b'{"action":"a","action":"b","actor":{"id":"x"}}'),
        graven_entry(1, data=event(time="yesterday")),
        graven_entry(1, data=event(id="other")),
        graven_entry(1, data=event(source="other")),
        graven_entry(1, data=b'{"a":1,"a":2}', form="k8s.audit/v1"),
        graven_entry(1, data=b'{"origin":"o","index":0,"entry":{}}', form="graven.entry/1"),
    ],
)
def test_what_no_recorder_wrote_is_refused_with_its_place(raw):
    assert [fault["item"] for fault in refused(entry(0), raw, entry(2))] == [1]


def test_places_are_those_of_the_request_beside_other_formats():
    audit = graven_entry(0, data=b'{"kind":"Event"}', form="k8s.audit/v1")
    assert refused(audit, audit, graven_entry(2, data=b'{"action":1}'))[0]["item"] == 2


def test_the_body_of_a_secret_is_redacted_as_at_the_webhook():
    data = b'{"objectRef":{"resource":"secrets"},"requestObject":{"kind":"Secret","data":{"a":"aHVudGVy"}}}'
    (made,) = entries(prepare(graven_entry(0, data=data, form="k8s.audit/v1")))
    assert b"aHVudGVy" not in made.data
    assert made.redacted == 1


def test_what_was_quarantined_keeps_its_blob():
    digest = "sha256:" + hashlib.sha256(b"?").hexdigest()
    raw = graven_entry(0, data=b'{"expected":"x","reason":"y"}', blob=(digest, 1), form="quarantine/1")
    assert prepare(raw).attachments == [(0, digest, 1)]


def test_our_rules_reach_through_all_wrappers():
    inner = entry(input={"password": "hunter2"})
    outer = graven_entry(3, data=wrap("b.example/log", 9, inner), form="graven.entry/1")
    (made,) = entries(prepare(outer))
    assert b"hunter2" not in made.data
    again = unwrap(decode_entry(unwrap(made.data).entry).data)
    assert again[:2] == ("b.example/log", 9)


def wrapped(levels: int) -> bytes:
    raw = entry()
    for level in range(levels):
        raw = graven_entry(level, data=wrap("b.example/log", level, raw), form="graven.entry/1")
    return raw


def test_what_is_taken_can_be_read_again_however_often_it_is_wrapped():
    batch = prepare(wrapped(MAX_LEVELS - 1))
    inner, data = recorded(entry_head(0) + batch.tails[0], lambda digest: None)
    assert (inner.format, data) == ("event/1", event())
    (fault,) = refused(wrapped(MAX_LEVELS))
    assert "more than 4 times" in fault["reason"]


def test_a_place_that_no_wrapper_can_spell_is_refused():
    raw = entry()
    (made,) = entries(prepare(raw, first=MAX_INDEX))
    assert unwrap(made.data).index == MAX_INDEX
    with pytest.raises(InvalidInput, match="no log has an entry"):
        prepare(raw, entry(2), first=MAX_INDEX)
