"""Envelope round trips, and no second spelling."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.property.event.test_strict_json import VALUES

from graven.errors import InvalidInput
from graven.event.envelope import decode_entry, entry_head, entry_tail, format_time, parse_time

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.integers(0, 253_402_300_800 * 10**9 - 1)
BLOBS = st.tuples(
    st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}"), st.integers(0, 10**18 - 1)
)


@st.composite
def parts(draw):
    format_ = draw(st.sampled_from(["event/1", "quarantine/1", "k8s.audit/v1"]) | TEXT)
    data = json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans())).encode()
    blob = draw(BLOBS)
    if format_ != "quarantine/1":
        data, blob = (data, None) if draw(st.booleans()) else (None, blob)
    return {
        "token": draw(TEXT), "ip": draw(TEXT), "id": draw(TEXT), "source": draw(TEXT), "format": format_, "data": data,
        "blob": blob, "redacted": draw(st.integers(0, 10**6)),
    }  # fmt: skip


@given(TIMES, parts())
def test_what_was_spliced_is_decoded(time_ns, members):
    entry = decode_entry(entry_head(time_ns) + entry_tail(**members))
    assert entry.received_ns == time_ns
    assert {name: getattr(entry, name) for name in members} == members


@given(TIMES)
def test_times_have_one_spelling(time_ns):
    assert parse_time(format_time(time_ns)) == time_ns


@given(TIMES, parts(), st.data())
def test_a_changed_byte_is_refused_or_changes_the_entry(time_ns, members, data):
    entry = bytearray(entry_head(time_ns) + entry_tail(**members))
    at = data.draw(st.integers(0, len(entry) - 1))
    before = decode_entry(bytes(entry))
    entry[at] ^= data.draw(st.integers(1, 255))
    try:
        after = decode_entry(bytes(entry))
    except InvalidInput:
        return
    assert after != before
    again = {name: getattr(after, name) for name in members}
    assert entry_head(after.received_ns) + entry_tail(**again) == bytes(entry)


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(data):
    try:
        decode_entry(data)
    except InvalidInput:
        return
