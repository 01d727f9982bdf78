"""Native intake: what is taken, byte for byte, and what is refused, with item, field, reason, suggestion."""

import hashlib
import json

import pytest
from tests.support.event_samples import (
    NOW_NS,
    REDACTOR,
    SLOW_REDACTOR,
    compact,
    entries,
    event,
    ndjson,
    prepare,
    prepare_lines,
)

from graven.errors import InvalidEvent, InvalidInput, TooLarge, UnsupportedMediaType
from graven.event.batch import HEAD_SIZE, MAX_ENTRY_SIZE
from graven.event.envelope import decode_entry, entry_head
from graven.event.intake import JSON, NDJSON, Producer, idempotency_key, prepare_events


def faults(body: bytes, media_type: str = JSON) -> list[dict]:
    with pytest.raises(InvalidEvent) as caught:
        prepare(body, media_type)
    return caught.value.details["errors"]


def fault(**members) -> dict:
    (only,) = faults(compact(event(**members)))
    return only


# --- taken


def test_data_is_exactly_the_bytes_received():
    body = b'{ "action" : "a.b",\t"actor":{"id":"\\u0061l"} , "input" : [1.0, 1e3, -0] }'
    (entry,) = entries(prepare(body))
    assert entry.data == body


def test_white_space_around_an_event_is_no_part_of_its_data():
    first, second = entries(
        prepare(b'\r\n  {"action":"a","actor":{"id":"x"}}\t\r\n\n {"action":"b","actor":{"id":"x"}}', NDJSON)
    )
    assert first.data == b'{"action":"a","actor":{"id":"x"}}'
    assert second.data == b'{"action":"b","actor":{"id":"x"}}'


def test_an_array_gives_one_entry_for_each_item_with_its_exact_bytes():
    items = [b'{"action":"a", "actor":{"id":"x"}}', b'{\n"action":"b","actor":{"id":"y"}\n}']
    batch = prepare(b" [" + b" ,\n".join(items) + b"] ")
    assert [entry.data for entry in entries(batch)] == items


def test_lines_and_arrays_and_single_events_make_the_same_entries():
    events = [event(id=str(number), source="s") for number in range(5)]
    lines = prepare(ndjson(*events), NDJSON)
    array = prepare(compact(events))
    singles = [prepare(compact(one)) for one in events]
    assert lines.tails == array.tails == [one.tails[0] for one in singles]
    assert lines.keys == array.keys
    assert lines.digests == array.digests


def test_a_parameter_of_the_media_type_is_ignored():
    assert len(prepare(compact(event()), "application/json; charset=utf-8")) == 1


def test_an_id_is_made_only_where_it_is_missing():
    batch = prepare(ndjson(event(id="mine"), event(), event(id="yours"), event()), NDJSON)
    assert sorted(batch.made_ids) == [1, 3]
    assert [entry.id for entry in entries(batch)] == ["mine", batch.made_ids[1], "yours", batch.made_ids[3]]


def test_an_explicit_null_counts_as_absent():
    batch = prepare(compact(event(id=None, outcome=None)))
    assert list(batch.made_ids) == [0]


def test_keys_and_digests_are_cut_sha256():
    body = compact(event(id="7", source="shop"))
    batch = prepare(body)
    assert batch.keys == [hashlib.sha256(b"tokenid12345\x00shop\x007").digest()[:16]]
    assert batch.keys == [idempotency_key("tokenid12345", "shop", "7")]
    assert batch.digests == [hashlib.sha256(body).digest()[:16]]


@pytest.mark.parametrize("odd", ['a"b', "a\\b", 'x",', 'x","y', "%s", "é€😀", "\x7f", "a/b"])
def test_ids_and_sources_of_any_spelling_survive(odd):
    batch = prepare(ndjson(event(id=odd, source="s"), event(id="plain", source="s"), event(id="q", source=odd)), NDJSON)
    decoded = entries(batch)
    assert [entry.id for entry in decoded] == [odd, "plain", "q"]
    assert decoded[2].source == odd
    assert batch.keys[0] == idempotency_key("tokenid12345", "s", odd)


def test_percent_signs_in_the_source_are_not_formatting():
    (entry,) = entries(prepare(compact(event(id="%b%b", source="100%s%%"))))
    assert (entry.id, entry.source) == ("%b%b", "100%s%%")


def test_a_full_event_is_taken():
    full = event(
        id="1", time="2026-11-22T20:01:02.123456789+05:30", source="shop", outcome="denied",
        on_behalf_of=[{"type": "user", "id": "bob"}],
        targets=[{"type": "order", "id": "1", "name": "n", "attributes": {"a": [1]},
                  "change": {"before": None, "after": {"x": 1}, "patch": [{"op": "remove", "path": "/a"}]}}],
        origin={"ip": "::1", "user_agent": "ua", "host": "h", "process": "p"},
        method={"protocol": "http", "operation": "POST", "uri": "/x", "statement": "s"},
        input={"any": [None, True, 1.5]}, output="text",
        error={"type": "E", "message": "m", "stack": [{"file": "f", "line": 1, "function": "g", "locals": {"x": 1}}]},
        duration_ns=2**63 - 1, severity=24, message="m", reason="r", ticket="T-1",
        qa={"run": "r", "suite": "s", "test": "t", "attempt": 1, "phase": "call", "status": "passed", "commit": "c",
            "tree": "t", "branch": "b", "build": "1", "environment": "e", "release": "r", "seed": 7,
            "config_digest": "d", "flags": {"f": True}},
        trace={"trace_id": "0" * 32, "span_id": "0" * 16, "parent_span_id": "0" * 16},
        correlation_id="c", causation_id="d", session_id="s", producer={"epoch": "e", "seq": 0},
        labels={"k": "v"}, attributes={"x": {}},
        attachments=[{"name": "n", "media_type": "m", "digest": "sha256:" + "0" * 64, "size": 5}],
    )  # fmt: skip
    batch = prepare(compact(full))
    assert batch.attachments == [(0, "sha256:" + "0" * 64, 5)]
    assert json.loads(entries(batch)[0].data or b"") == full


def test_large_integers_keep_their_digits():
    body = b'{"action":"a","actor":{"id":"x"},"input":' + b"9" * 400 + b"}"
    assert entries(prepare(body))[0].data == body


# --- oversize


def test_an_entry_of_exactly_the_limit_keeps_its_data():
    base = compact(event(id="1", source="s", message=""))
    room = MAX_ENTRY_SIZE - HEAD_SIZE - len(prepare(base).tails[0])
    fits = prepare(compact(event(id="1", source="s", message="x" * room)))
    beyond = prepare(compact(event(id="1", source="s", message="x" * (room + 1))))
    assert HEAD_SIZE + len(fits.tails[0]) == MAX_ENTRY_SIZE
    assert not fits.blobs
    assert len(beyond.blobs) == 1


def test_oversize_data_becomes_a_blob_that_the_entry_names():
    large = compact(event(id="1", message="x" * 70_000))
    batch = prepare(compact(event(id="0")) + b"\n" + large, NDJSON)
    small, entry = entries(batch)
    digest = "sha256:" + hashlib.sha256(large).hexdigest()
    assert small.data is not None
    assert entry.data is None
    assert entry.blob == (digest, len(large))
    assert batch.blobs == {digest: large}


def test_oversize_data_is_redacted_before_it_becomes_a_blob():
    batch = prepare(compact(event(input={"password": "hunter2"}, message="x" * 70_000)))
    (entry,) = entries(batch)
    assert entry.redacted == 1
    assert b"hunter2" not in next(iter(batch.blobs.values()))


# --- refused: no JSON


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b'{"action":"a","actor":{"id":"x"}', 32),
        (b'{"action":NaN,"actor":{"id":"x"}}', 10),
        (b'{"action":"a","actor":{"id":"x"},"input":Infinity}', 41),
        (b'{"action":"a","actor":{"id":"x"},"input":1e400}', 41),
        (b'{"action":"a","actor":{"id":"x"},"input":-1E999}', 41),
        (b'{"action":"a","actor":{"id":"x"},"input":"\\ud800"}', 41),
        (b'{"action":"a","actor":{"id":"x"},"input":"\\ud800\\u0041"}', 41),
        (b'{"action":"a","actor":{"id":"x"},"input":"\\udc00 long enough"}', 41),
        (b'{"action":"a","actor":{"id":"x"},"\\ud800long enough":1}', 33),
        (b'{"action":"a","actor":{"id":"x"},"input":"\xff"}', 42),
        (b'{"action":"a","actor":{"id":"x"},"input":"\xed\xa0\x80"}', 42),
        (b'{"action":"a","actor":{"id":"x"},}', 33),
        (b'{"action":"a","actor":{"id":"x"}} x', 34),
        (b'{"action":"a\nb","actor":{"id":"x"}}', 10),
        (b"\xef\xbb\xbf{}", 0),
        (b"not json", 0),
        (b'{"action":"a","actor":{"id":"x"},"input":' + b"9" * 5000 + b"}", 41),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_the_position(body, position):
    with pytest.raises(InvalidInput) as caught:
        prepare(body)
    assert caught.value.code == "not_json"
    assert caught.value.details["position"] == position


def test_a_broken_line_is_named():
    with pytest.raises(InvalidInput, match="item 1: not JSON") as caught:
        prepare(compact(event()) + b"\n{\n" + compact(event()), NDJSON)
    assert caught.value.details["item"] == 1


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\t\n"])
@pytest.mark.parametrize("media_type", [JSON, NDJSON])
def test_an_empty_batch_is_refused(body, media_type):
    with pytest.raises(InvalidInput) as caught:
        prepare(body, media_type)
    assert caught.value.code == "empty_batch"


def test_an_empty_array_is_refused():
    with pytest.raises(InvalidInput) as caught:
        prepare(b"[ ]")
    assert caught.value.code == "empty_batch"


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/xml", "application/jsonx", "application/json-seq"]
)
def test_another_content_type_is_refused(media_type):
    with pytest.raises(UnsupportedMediaType):
        prepare(compact(event()), media_type)


# --- refused: one value in one line


@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"a","actor":{"id":"x"}} {"action":"a","actor":{"id":"y"}}',
        b'{"action":"a","actor":{"id":"x"}}{"action":"a","actor":{"id":"y"}}\n{"action":"a",\n"actor":{"id":"z"}}',
        b'{"action":"a",\n"actor":{"id":"z"}}',
        b'{"action":"a","actor":{"id":"x"}} {"action":"a","actor":{"id":"y"}}\n{"action":"a","actor":\n{"id":"z"}}',
    ],
)
def test_each_line_holds_one_whole_event(body):
    with pytest.raises(InvalidInput):
        prepare(body, NDJSON)


# --- refused: no event


def test_an_unknown_field_gets_a_suggestion():
    body = ndjson(event(), {"action": "a", "actr": {"id": "x"}})
    assert faults(body, NDJSON) == [
        {"item": 1, "field": "actr", "reason": 'unknown field "actr"', "suggestion": 'did you mean "actor"?'}
    ]


def test_an_unknown_nested_field_names_its_whole_path():
    found = fault(targets=[{"id": "1"}, {"idd": "2"}])
    assert found["field"] == "targets[1].idd"
    assert found["suggestion"] == 'did you mean "id"?'


def test_an_unknown_field_unlike_any_other_is_sent_to_labels_or_attributes():
    assert "labels" in fault(zzzzzz=1)["suggestion"]


def test_an_unknown_value_gets_a_suggestion():
    assert fault(outcome="sucess") == {
        "item": 0, "field": "outcome", "reason": 'unknown value "sucess"', "suggestion": 'did you mean "success"?',
    }  # fmt: skip


def test_an_unknown_value_unlike_any_other_gets_the_list():
    assert fault(actor={"id": "x", "type": "zz"})["suggestion"].startswith("one of: user, service")


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"actor": {"id": "x"}}, "action", 'missing required field "action"'),
        ({"action": "a"}, "actor", 'missing required field "actor"'),
        ({"action": "a", "actor": {}}, "actor.id", 'missing required field "id"'),
        ({"action": 1, "actor": {"id": "x"}}, "action", "expected a string, got an integer"),
        ({"action": "a", "actor": "x"}, "actor", "expected an object, got a string"),
        ({"action": None, "actor": {"id": "x"}}, "action", "expected a string, got null"),
        (event(targets={}), "targets", "expected an array or null, got an object"),
        (event(labels={"a": 1}), "labels[...]", "expected a string, got an integer"),
        (event(severity=25), "severity", "expected an integer <= 24"),
        (event(severity=0), "severity", "expected an integer >= 1"),
        (event(severity=True), "severity", "expected an integer or null, got a boolean"),
        (event(duration_ns=-1), "duration_ns", "expected an integer >= 0"),
        (event(duration_ns=2**63), "duration_ns", "expected an integer <= 9223372036854775807"),
        (event(id="x" * 129), "id", "expected a string of length <= 128"),
        (event(id=""), "id", "expected a string of length >= 1"),
        (event(id=7), "id", "expected a string or null, got an integer"),
        (event(source="x" * 257), "source", "expected a string of length <= 256"),
        ([event()], "", "expected an object, got an array"),
        (7, "", "expected an object, got an integer"),
    ],
)
def test_a_wrong_type_or_bound_is_named(body, field, reason):
    (found,) = faults(compact([body]))
    assert (found["field"], found["reason"]) == (field, reason)


def test_an_id_of_128_characters_beyond_the_basic_plane_is_taken():
    assert len(entries(prepare(compact(event(id="😀" * 128))))[0].id) == 128


@pytest.mark.parametrize("name", ["id", "source"])
def test_control_characters_in_ids_and_sources_are_refused(name):
    assert fault(**{name: "a\x00b"})["field"] == name


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T20:01:02Z", "2026-11-22T20:01:02.1Z", "2026-11-22T20:01:02.123456789Z",
        "2024-02-29T00:00:00+00:00", "2000-02-29T23:59:59.999999999-12:00", "2026-12-31T23:59:59+14:00",
    ],
)  # fmt: skip
def test_a_time_with_a_zone_is_taken(time):
    assert len(prepare(compact(event(time=time)))) == 1


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("2026-11-22T20:01:02", "time without zone"),
        ("2026-11-22T20:01:02.5", "time without zone"),
        ("2026-11-22", "time without zone"),
        ("2026-11-22 20:01:02Z", "not an RFC 3339"),
        ("2026-11-22t20:01:02z", "not an RFC 3339"),
        ("2026-11-22T20:01Z", "not an RFC 3339"),
        ("2026-11-22T20:01:02.Z", "not an RFC 3339"),
        ("2026-11-22T20:01:02.1234567891Z", "not an RFC 3339"),
        ("2026-11-22T20:01:02+0530", "time without zone"),
        ("2026-11-22T24:00:00Z", "not an RFC 3339"),
        ("2026-11-31T00:00:00Z", "not an RFC 3339"),
        ("2026-13-01T00:00:00Z", "not an RFC 3339"),
        ("2026-02-29T00:00:00Z", "no such day"),
        ("1900-02-29T00:00:00Z", "no such day"),
        ("２０２６-11-22T20:01:02Z", "not an RFC 3339"),
        ("yesterday", "not an RFC 3339"),
        ("2026-11-22T20:01:02Z\n", "not an RFC 3339"),
        ("", "not an RFC 3339"),
    ],
)
def test_any_other_time_is_refused(time, reason):
    found = fault(time=time)
    assert found["field"] == "time"
    assert found["reason"].startswith(reason)


@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"a","action":"a","actor":{"id":"x"}}',
        b'{"action":"a","actor":{"id":"x","id":"x"}}',
        b'{"action":"a","actor":{"id":"x"},"input":{"a":1,"a":1}}',
        b'{"action":"a","actor":{"id":"x"},"input":[[{"a":{"b":1,"b":2}}]]}',
        b'{"action":"a","actor":{"id":"x"},"input":{"a":1,"\\u0061":2}}',
        b'{"action":"a","actor":{"id":"x"},"input":{"\\"a":1,"\\u0022a":2}}',
        b'{"action":"a","actor":{"id":"x"},"input":{"a\\\\":1,"a\\u005c":2}}',
        b'{"action":"a","actor":{"id":"x"},"input":{"":1,"":2}}',
        b'{"action":"a","actor":{"id":"x"},"input":{"\\ud83d\\ude00":1,"\xf0\x9f\x98\x80":2}}',
        b'{"action":"a","actor":{"id":"x"},"outcome":null,"outcome":null}',
        b'{"action":"a","\\u0061ction":"b","actor":{"id":"x"}}',
    ],
)
@pytest.mark.parametrize("padded", [False, True])
def test_a_duplicate_member_is_refused_wherever_it_is(body, padded):
    lines = [compact(event(message='é " \\ \n')) for _ in range(50)] if padded else []
    (found,) = faults(b"\n".join([*lines, body]), NDJSON)
    assert found["item"] == len(lines)
    assert found["reason"].startswith("duplicate member")


def nested(depth: int) -> bytes:
    """An event `depth` containers deep."""
    return b'{"action":"a","actor":{"id":"x"},"input":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


@pytest.mark.parametrize("copies", [1, 200])
def test_depth_64_is_taken_and_65_refused(copies):
    fine = [compact(event(input=[[[]]] * 40))] * (copies - 1)
    assert len(prepare_lines(*fine, nested(64))) == copies
    (found,) = faults(b"\n".join([*fine, nested(65)]), NDJSON)
    assert found["item"] == copies - 1
    assert "nested too deep" in found["reason"]


def test_brackets_inside_strings_do_not_count_as_depth():
    assert len(prepare(compact(event(message="[{" * 500)))) == 1


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_absurd_depth_is_refused_without_exhausting_the_stack(depth):
    assert "nested too deep" in faults(nested(depth))[0]["reason"]


def test_absurd_depth_of_a_bare_array_is_refused():
    with pytest.raises((InvalidInput, InvalidEvent)):
        prepare(b"[" * 100_000)


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:" + "A" * 64, "md5:" + "0" * 32, "sha256:" + "0" * 64 + "\n"]
)
def test_an_attachment_digest_has_one_spelling(digest):
    assert fault(attachments=[{"digest": digest, "size": 1}])["field"] == "attachments[0].digest"


def test_all_invalid_items_are_named_and_nothing_is_taken():
    found = faults(ndjson(event(x=1), event(), event(time="x"), event(severity=99)), NDJSON)
    assert [one["item"] for one in found] == [0, 3]


def test_a_long_list_of_invalid_items_is_counted_but_not_repeated():
    with pytest.raises(InvalidEvent) as caught:
        prepare(ndjson(*[event(x=1)] * 50), NDJSON)
    assert len(caught.value.details["errors"]) == 20
    assert caught.value.details["faulty_items"] == 50


# --- markers


def test_a_producers_own_redaction_is_kept_as_it_is():
    marker = {"$redacted": {"by": "producer", "rule": "pin", "hmac": "key-1:" + "0" * 64}}
    body = compact(event(input={"pin": marker}))
    batch = prepare(body)
    assert entries(batch)[0].data == body
    assert batch.redacted == 0


@pytest.mark.parametrize("field", ["message", "origin", "error", "labels", "targets"])
def test_a_producer_may_redact_typed_fields(field):
    marker = {"$redacted": {"by": "producer", "rule": "pii"}}
    assert len(prepare(compact(event(**{field: marker})))) == 1
    assert len(prepare(ndjson(event(), event(**{field: marker}), event()), NDJSON)) == 3


def test_a_producer_may_redact_the_id_of_an_actor():
    marker = {"$redacted": {"by": "producer", "rule": "pii"}}
    assert len(prepare(compact({"action": "a", "actor": {"id": marker, "type": "user"}}))) == 1
    assert len(prepare(compact(event(on_behalf_of=[{"id": marker}, marker])))) == 1


@pytest.mark.parametrize("field", ["id", "source", "action", "time", "outcome", "trace", "producer", "attachments"])
def test_fields_that_identify_an_event_cannot_be_redacted(field):
    found = fault(**{field: {"$redacted": {"by": "producer", "rule": "pii"}}})
    assert found["field"] == field


HMAC = "k1:" + "0" * 64


@pytest.mark.parametrize(
    "forged",
    [
        {"$redacted": {"by": "server", "rule": "password", "hmac": HMAC}},
        {"$redacted": {"by": "producer"}},
        {"$redacted": {"rule": "x"}},
        {"$redacted": {"by": "producer", "rule": "X y"}},
        {"$redacted": {"by": "producer", "rule": "x", "more": 1}},
        {"$redacted": {"by": "producer", "rule": "x", "hmac": "0" * 64}},
        {"$redacted": {"by": "producer", "rule": "x", "hmac": HMAC.replace("0", "A")}},
        {"$redacted": {"by": "producer", "rule": "x", "hmac": None}},
        {"$redacted": {"by": "producer", "rule": "x"}, "also": 1},
        {"$redacted": {"by": "producer", "rule": "x"}, "$sealed": {}},
        {"$redacted": "producer"},
        {"$redacted": None},
        {"$redacted": []},
        {"$sealed": {"subject": "s", "nonce": "AAAAAAAAAAAAAAAA", "ct": "AAAA"}},
        {"$sealed": 1},
    ],
)
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_a_forged_marker_is_refused(forged, redactor):
    for place in ({"input": {"a": [forged]}}, {"message": forged}, {"attributes": forged}):
        with pytest.raises(InvalidEvent) as caught:
            prepare(compact(event(**place)), redactor=redactor)
        assert caught.value.details["errors"][0]["field"] in {"input.a[0]", "message", "attributes"}


@pytest.mark.parametrize("name", ["\\u0024redacted", "$\\u0072edacted", "$redact\\u0065d", "\\u0024sealed"])
@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_escapes_do_not_hide_a_forged_marker(name, redactor):
    body = b'{"action":"a","actor":{"id":"x"},"input":{"%s":{"by":"server"}}}' % name.encode()
    with pytest.raises(InvalidEvent):
        prepare(body, redactor=redactor)


def test_the_word_in_a_text_is_no_marker():
    body = compact(event(message='{"$redacted":{"by":"server"}} and $sealed'))
    assert entries(prepare(body))[0].data == body


# --- redaction at intake


@pytest.mark.parametrize("redactor", [REDACTOR, SLOW_REDACTOR], ids=["hyperscan", "needles"])
def test_only_the_span_of_a_secret_is_replaced(redactor):
    body = b'{ "action":"a", "actor":{"id":"x"}, "input": {"n": 1.0, "p\\u0061ssword" : "hunter2" , "m":1e2} }'
    (entry,) = entries(prepare(body, redactor=redactor))
    before, _, after = body.partition(b'"hunter2"')
    assert entry.data is not None
    assert entry.data.startswith(before + b'{"$redacted":{"by":"server","rule":"password-field","hmac":"k1:')
    assert entry.data.endswith(after)
    assert entry.redacted == 1


def test_redaction_counts_values_of_the_entry_and_of_the_batch():
    batch = prepare(ndjson(event(input={"password": "a", "token": "b"}), event(), event(input={"pwd": "c"})), NDJSON)
    assert [entry.redacted for entry in entries(batch)] == [2, 0, 1]
    assert batch.redacted == 3


def test_digests_are_of_the_bytes_before_redaction():
    body = compact(event(input={"password": "a"}))
    assert prepare(body).digests == [hashlib.sha256(body).digest()[:16]]


def test_the_batch_only_lacks_its_time():
    (tail,) = prepare(compact(event(id="1", source="s"))).tails
    entry = decode_entry(entry_head(NOW_NS) + tail)
    assert (entry.received_ns, entry.token, entry.ip, entry.format) == (NOW_NS, "tokenid12345", "127.0.0.1", "event/1")


NESTED = {"action": "deploy", "actor": {"id": "a"}, "attributes": {"steps": [{"action": "x"}, {"action": "y"}]}}


@pytest.mark.parametrize(("body", "media_type"), [
    (json.dumps([NESTED, NESTED]).encode(), JSON),
    (b"\n\n".join([json.dumps(NESTED).encode()] * 2), NDJSON),
])  # fmt: skip
def test_events_are_counted_and_not_what_looks_like_one_inside_them(body: bytes, media_type: str) -> None:
    producer = Producer("t", "127.0.0.1")
    assert len(prepare_events(body, media_type, producer, REDACTOR, now_ns=NOW_NS, most=2)) == 2
    with pytest.raises(TooLarge) as caught:
        prepare_events(body, media_type, producer, REDACTOR, now_ns=NOW_NS, most=1)
    assert caught.value.code == "too_many_events"


def test_too_many_items_are_refused_before_any_is_judged() -> None:
    with pytest.raises(TooLarge):
        prepare_events(b"[0,0,0]", JSON, Producer("t", ""), REDACTOR, now_ns=NOW_NS, most=2)
