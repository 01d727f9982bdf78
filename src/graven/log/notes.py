"""The `note` of a journal frame: what idempotency needs to survive a crash.

byte 0        version, 1
bytes 1-4     number of entries n, big-endian
16·n bytes    keys in index order          (PreparedBatch.keys of the new entries)
16·n bytes    digests in index order
4 bytes       number of keyed requests m
m of:         4-byte length, key in UTF-8; 32-byte body digest; 8-byte Unix nanoseconds;
              4-byte length, answer (messages.encode_answer)
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from graven.errors import InvalidInput
from graven.event.batch import DIGEST_SIZE

__all__ = ["BODY_DIGEST_SIZE", "FrameNote", "KeptRequest", "decode_note", "encode_note"]

BODY_DIGEST_SIZE = 32
_VERSION = b"\x01"
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


class KeptRequest(NamedTuple):
    """A keyed request that was answered: the answer is `messages.encode_answer` bytes."""

    key: str
    body_digest: bytes
    time_ns: int
    answer: bytes


class FrameNote(NamedTuple):
    """`keys` and `digests` are concatenations of 16-byte values, in index order."""

    keys: bytes
    digests: bytes
    requests: Sequence[KeptRequest]


def encode_note(note: FrameNote) -> bytes:
    """Bytes of a note; keys and digests must have equal lengths, a multiple of 16."""
    parts = [_VERSION, _U32.pack(len(note.keys) // DIGEST_SIZE), note.keys, note.digests]
    parts.append(_U32.pack(len(note.requests)))
    for request in note.requests:
        key = request.key.encode()
        parts += [_U32.pack(len(key)), key, request.body_digest, _U64.pack(request.time_ns)]
        parts += [_U32.pack(len(request.answer)), request.answer]
    return b"".join(parts)


class _Cursor:
    """Reads forward; running out of bytes is InvalidInput."""

    __slots__ = ("data", "offset")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, size: int) -> bytes:
        end = self.offset + size
        if end > len(self.data):
            raise InvalidInput(f"frame note is cut: {len(self.data)} bytes, {end} needed")
        part = self.data[self.offset : end]
        self.offset = end
        return part

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])


def decode_note(data: bytes) -> FrameNote:
    """Parse a note strictly; InvalidInput on a cut, trailing bytes or another version."""
    cursor = _Cursor(data)
    if (version := cursor.take(1)) != _VERSION:
        raise InvalidInput(f"frame note has version {version[0]}, expected 1")
    count = cursor.u32()
    keys = cursor.take(count * DIGEST_SIZE)
    digests = cursor.take(count * DIGEST_SIZE)
    requests = []
    for _ in range(cursor.u32()):
        raw = cursor.take(cursor.u32())
        try:
            key = raw.decode()
        except UnicodeDecodeError as error:
            raise InvalidInput("frame note holds a request key that is not UTF-8") from error
        body_digest = cursor.take(BODY_DIGEST_SIZE)
        time_ns = cursor.u64()
        requests.append(KeptRequest(key, body_digest, time_ns, cursor.take(cursor.u32())))
    if cursor.offset != len(data):
        raise InvalidInput(f"frame note has {len(data) - cursor.offset} trailing bytes")
    return FrameNote(keys, digests, requests)
