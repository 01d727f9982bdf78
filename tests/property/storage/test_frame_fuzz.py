"""The frame parser takes any bytes: it parses or raises `InvalidInput`, and what it parses is what was written."""

import hashlib
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.errors import InvalidInput, RefusedToStart
from graven.storage.contracts import Frame
from graven.storage.frame import (
    HEADER_SIZE,
    MAGIC,
    NO_DIGEST,
    FrameHeader,
    encode_header,
    find_frame,
    parse_frame,
    parse_header,
)
from graven.storage.journal import FileJournal
from graven.storage.recovery import parse_clean_mark
from graven.storage.simulated import SimulatedDisk

entry_lists = st.lists(st.binary(max_size=300), max_size=5)
indexes = st.integers(0, 2**62)
digests = st.binary(min_size=32, max_size=32)


def frame_bytes(first_index: int, entries: list[bytes], note: bytes, previous: bytes = NO_DIGEST) -> bytes:
    data = b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)
    body = encode_header(FrameHeader(first_index, len(entries), len(data), len(note), previous)) + data + note
    return body + hashlib.sha256(body).digest()


frames = st.builds(frame_bytes, indexes, entry_lists, st.binary(max_size=50), digests)


@given(indexes, entry_lists, st.binary(max_size=50), digests)
def test_what_was_written_is_parsed(first_index, entries, note, previous):
    data = frame_bytes(first_index, entries, note, previous)
    joined = b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)
    frame, header = parse_frame(data)
    assert frame == Frame(first_index, len(entries), joined, note, data[-32:])
    assert header.previous == previous
    assert header.frame_size == len(data)


@given(st.one_of(st.binary(max_size=400), st.builds(lambda tail: MAGIC + tail, st.binary(max_size=400))))
def test_any_bytes_are_parsed_or_refused(data):
    for parse in (parse_header, parse_frame, parse_clean_mark):
        with suppress(InvalidInput):
            parse(data)
    assert find_frame(data) is None or data.count(MAGIC)


@given(frames, st.data())
def test_a_changed_frame_is_refused(frame, data):
    position = data.draw(st.integers(0, len(frame) - 1))
    changed = bytearray(frame)
    changed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidInput):
        parse_frame(bytes(changed))


@given(frames, st.data())
def test_a_cut_or_extended_frame_is_refused(frame, data):
    with pytest.raises(InvalidInput):
        parse_frame(frame[: data.draw(st.integers(0, len(frame) - 1))])
    with pytest.raises(InvalidInput):
        parse_frame(frame + data.draw(st.binary(min_size=1, max_size=9)))


@given(st.binary(max_size=200), frames, st.binary(max_size=200))
def test_a_whole_frame_is_found_wherever_it_begins(before, frame, after):
    found = find_frame(before + frame + after)
    assert found is not None
    assert found <= len(before)


@given(st.lists(frames, max_size=3), st.binary(max_size=300), st.integers(0, 400), st.booleans())
def test_a_segment_of_anything_is_opened_or_refused(parts, junk, cut, clean):
    disk = SimulatedDisk()
    disk.mkdir("/journal")
    data = (b"".join(parts) + junk)[: max(0, sum(map(len, parts)) + len(junk) - cut)]
    first_index = parse_header(data[:HEADER_SIZE]).first_index if data.startswith(MAGIC) and len(data) > 64 else 0
    disk.overwrite(f"/journal/{first_index:020}.gvj", data)
    if clean:
        disk.overwrite("/journal/clean", junk)
    try:
        journal = FileJournal(Path("/journal"), fs=disk)
    except RefusedToStart:
        return
    kept = b"".join(content for name, content in disk.files().items() if name.endswith(".gvj") or "torn-" in name)
    assert sorted(kept) == sorted(data), "nothing that was on disk may vanish"
    list(journal.frames())
