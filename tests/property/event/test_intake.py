"""Intake as a whole: whatever comes in is taken as it is or refused with one of our errors."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.event.test_strict_json import JSONISH, VALUES
from tests.support.event_samples import NOW_NS, PRODUCER, REDACTOR, compact, entries, event, prepare

from graven.errors import GravenError, InvalidEvent, InvalidInput
from graven.event.intake import JSON, NDJSON
from graven.event.mappers.k8s import prepare_k8s
from graven.event.strictjson import loads

GOOD = compact(event(id="1", source="s", message='q"\\é', input={"a": [1, {"b": None}], "p": "password=x"}))


@st.composite
def mutated(draw):
    body = bytearray(draw(st.sampled_from([GOOD, GOOD + b"\n" + GOOD, b"[" + GOOD + b"," + GOOD + b"]"])))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        kind = draw(st.sampled_from("idr"))
        if kind == "i":
            body[at:at] = draw(st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"}", b"\\", b"\n", b"null"]))
        else:
            body[at : at + draw(st.integers(1, 5))] = b"" if kind == "d" else draw(st.binary(min_size=1, max_size=3))
    return bytes(body)


@settings(max_examples=max(400, settings.default.max_examples))
@given(mutated() | JSONISH, st.sampled_from([JSON, NDJSON]))
def test_a_body_is_taken_or_refused_with_one_of_our_errors(body, media_type):
    try:
        batch = prepare(body, media_type)
    except GravenError:
        return
    for entry in entries(batch):
        assert entry.data is not None
        assert entry.redacted or entry.data in body
        loads(entry.data)  # everything taken is strict JSON


@given(mutated() | JSONISH)
def test_a_cluster_is_never_refused(body):
    batch = prepare_k8s(body, PRODUCER, REDACTOR, source="k8s", now_ns=NOW_NS)
    assert len(entries(batch)) == len(batch.keys) == len(batch.digests) >= batch.quarantined


def doubled(value, draw):
    """JSON text of `value` with one member of one object repeated under another spelling."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        members = [f"{json.dumps(key)}:{json.dumps(item)}" for key, item in value.items()]
        spelled = '"' + "".join(f"\\u{unit:04x}" for unit in memoryview(name.encode("utf-16-le")).cast("H")) + '"'
        members.insert(draw(st.integers(0, len(members))), f"{spelled}:{draw(st.sampled_from(['0', 'null']))}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{doubled(item, draw)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(doubled(item, draw) for item in value) + "]"
    return json.dumps(value)


@given(VALUES, st.data())
def test_fast_and_strict_checks_agree_on_duplicates(value, data):
    text = doubled(value, data.draw)
    body = b'{"action":"a","actor":{"id":"x"},"input":%s}' % text.encode()
    try:
        loads(body)
        duplicate = False
    except InvalidInput as error:
        duplicate = error.code == "duplicate_member"
    try:
        prepare(body)
        refused = False
    except InvalidEvent as error:
        refused = "duplicate" in error.details["errors"][0]["reason"]
    assert refused == duplicate


@given(st.lists(VALUES, min_size=1, max_size=6), st.booleans())
def test_one_line_does_not_change_another(values, ascii_only):
    bodies = [
        json.dumps(event(id=str(at), input=value), ensure_ascii=ascii_only).encode() for at, value in enumerate(values)
    ]
    together = prepare(b"\n".join(bodies), NDJSON)
    assert together.tails == [prepare(body).tails[0] for body in bodies]
