"""One journal frame, from and to bytes: no files here.

    offset  size
    0       8     magic ff 47 56 4a 00 0d 0a 01 (the last byte is the version)
    8       4     count: entries in this frame
    12      4     size of the note in bytes
    16      8     first index
    24      8     size of the entries in bytes
    32      32    digest of the frame before, zeros when there is none
    64            entries (bundle encoding), then the note
    end-32  32    digest: SHA-256 over everything above

All integers are unsigned and big-endian. The magic holds 0xff, which UTF-8 never contains: an entry, being
JSON, cannot smuggle in something that looks like a frame to whoever searches for one behind a torn frame.
"""

import hashlib
import struct
from typing import NamedTuple

from graven.errors import InvalidInput
from graven.storage.contracts import Frame

__all__ = [
    "DIGEST_SIZE",
    "HEADER_SIZE",
    "MAGIC",
    "MAX_NOTE_SIZE",
    "NO_DIGEST",
    "FrameHeader",
    "encode_header",
    "find_frame",
    "parse_frame",
    "parse_header",
]

MAGIC = b"\xffGVJ\x00\r\n\x01"
DIGEST_SIZE = 32
NO_DIGEST = bytes(DIGEST_SIZE)
MAX_NOTE_SIZE = 2**30
_MAX_INDEX = 2**63 - 1
_MAX_RECORD = 2 + 65_535
_LAYOUT = struct.Struct(">8sIIQQ32s")
HEADER_SIZE = _LAYOUT.size


class FrameHeader(NamedTuple):
    """What a frame says of itself before its digest was checked."""

    first_index: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants here
    entries_size: int
    note_size: int
    previous: bytes

    @property
    def next_index(self) -> int:
        return self.first_index + self.count

    @property
    def frame_size(self) -> int:
        """Bytes of the whole frame: header, entries, note, digest."""
        return HEADER_SIZE + self.entries_size + self.note_size + DIGEST_SIZE


def encode_header(header: FrameHeader) -> bytes:
    """64 bytes. Raises `InvalidInput` for a header that `parse_header` would refuse."""
    _check(header)
    return _LAYOUT.pack(MAGIC, header.count, header.note_size, header.first_index, header.entries_size, header.previous)


def parse_header(data: bytes | memoryview) -> FrameHeader:
    """Parse the first 64 bytes of a frame. Raises `InvalidInput`."""
    if len(data) < HEADER_SIZE:
        raise InvalidInput(f"the frame header is cut: {len(data)} of {HEADER_SIZE} bytes")
    magic, count, note_size, first_index, entries_size, previous = _LAYOUT.unpack_from(data)
    if magic != MAGIC:
        raise InvalidInput(f"no frame begins here: expected {MAGIC.hex()}, found {magic.hex()}")
    header = FrameHeader(first_index, count, entries_size, note_size, previous)
    _check(header)
    return header


def _check(header: FrameHeader) -> None:
    if not 0 <= header.first_index <= header.next_index <= _MAX_INDEX:
        raise InvalidInput(f"the frame's indexes are out of range: {header.first_index} + {header.count}")
    if not 2 * header.count <= header.entries_size <= _MAX_RECORD * header.count:
        raise InvalidInput(f"{header.count} entries cannot take {header.entries_size} bytes")
    if not 0 <= header.note_size <= MAX_NOTE_SIZE:
        raise InvalidInput(f"the frame's note is too large: {header.note_size} bytes")
    if header.count >= 2**32:
        raise InvalidInput(f"the frame has too many entries: {header.count}")


def parse_frame(data: bytes | memoryview) -> tuple[Frame, FrameHeader]:
    """Parse exactly one frame and check its digest. Raises `InvalidInput`, also for bytes left over."""
    header = parse_header(data)
    if len(data) != header.frame_size:
        raise InvalidInput(f"the frame says {header.frame_size} bytes, there are {len(data)}")
    view = memoryview(data)
    end = HEADER_SIZE + header.entries_size
    stored = bytes(view[-DIGEST_SIZE:])
    digest = hashlib.sha256(view[:-DIGEST_SIZE]).digest()
    if digest != stored:
        raise InvalidInput(f"the frame's digest is {digest.hex()}, its last bytes say {stored.hex()}")
    entries, note = bytes(view[HEADER_SIZE:end]), bytes(view[end:-DIGEST_SIZE])
    return Frame(header.first_index, header.count, entries, note, digest), header


def find_frame(data: bytes, start: int = 0) -> int | None:
    """Offset of the first whole, valid frame at or after `start`, wherever it begins; else None."""
    view = memoryview(data)
    while (start := data.find(MAGIC, start)) >= 0:
        try:
            size = parse_header(view[start:]).frame_size
            parse_frame(view[start : start + size])
        except InvalidInput:
            start += 1
        else:
            return start
    return None
