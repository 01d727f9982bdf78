"""One frame, byte for byte, and the limits of its header."""

import hashlib

import pytest

from graven.errors import InvalidInput
from graven.storage.frame import (
    MAGIC,
    NO_DIGEST,
    FrameHeader,
    encode_header,
    find_frame,
    parse_frame,
    parse_header,
)

PREVIOUS = bytes(range(32))
HEADER = bytes.fromhex("ff47564a000d0a01000000020000000300000000000000070000000000000006") + PREVIOUS
BODY = b"\x00\x01a\x00\x01bxyz"
FRAME = HEADER + BODY + hashlib.sha256(HEADER + BODY).digest()


def test_the_bytes_of_a_frame_are_fixed():
    assert encode_header(FrameHeader(7, 2, 6, 3, PREVIOUS)) == HEADER
    frame, header = parse_frame(FRAME)
    assert frame == (7, 2, b"\x00\x01a\x00\x01b", b"xyz", FRAME[-32:])
    assert header == FrameHeader(7, 2, 6, 3, PREVIOUS)
    assert header.next_index == 9


def test_the_magic_cannot_be_part_of_text():
    with pytest.raises(UnicodeDecodeError):
        MAGIC.decode()


@pytest.mark.parametrize(
    "header",
    [
        FrameHeader(-1, 0, 0, 0, NO_DIGEST),
        FrameHeader(2**63 - 1, 1, 2, 0, NO_DIGEST),
        FrameHeader(0, 1, 1, 0, NO_DIGEST),
        FrameHeader(0, 0, 1, 0, NO_DIGEST),
        FrameHeader(0, 1, 65_538, 0, NO_DIGEST),
        FrameHeader(0, 0, 0, 2**30 + 1, NO_DIGEST),
        FrameHeader(0, 2**32, 2**33, 0, NO_DIGEST),
    ],
    ids=str,
)
def test_a_header_out_of_range_is_refused(header):
    with pytest.raises(InvalidInput):
        encode_header(header)


def test_a_cut_header_is_refused():
    with pytest.raises(InvalidInput, match="63 of 64"):
        parse_header(HEADER[:63])


def test_a_frame_is_found_behind_look_alikes():
    look_alikes = MAGIC * 3 + HEADER + FRAME[:-1] + b"!"
    assert find_frame(look_alikes + FRAME + b"rest") == len(look_alikes)
    assert find_frame(look_alikes) is None
    assert find_frame(FRAME, 1) is None
