"""Frames between the engine and its workers: a big-endian uint32 length, then one msgpack value.

Both ends are processes of one program, started by one another; what crosses is still typed and bounded.
"""

from typing import BinaryIO

import msgspec

from graven.verify.checker import Outcome, Task
from graven.verify.source import SourceSpec

__all__ = ["Failure", "read_frame", "write_frame"]

_LENGTH = 4


class Failure(msgspec.Struct, frozen=True):
    """A `CouldNotCheck` on its way to the engine."""

    message: str
    code: str
    hint: str


def write_frame(stream: BinaryIO, value: SourceSpec | Task | Outcome | Failure, *, tag: bytes) -> None:
    """Write and flush one value; `tag` is one byte that names its type to the reader."""
    data = tag + msgspec.msgpack.encode(value)
    stream.write(len(data).to_bytes(_LENGTH, "big") + data)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """(tag, encoded value), or None at the end of the stream. Raises EOFError inside a frame."""
    head = stream.read(_LENGTH)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    data = stream.read(length)
    if len(head) < _LENGTH or len(data) < length:
        raise EOFError("the other process ended in the middle of a frame")
    return data[:1], data[1:]
