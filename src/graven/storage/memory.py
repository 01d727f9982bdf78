"""Strict drivers in memory, for tests: they keep the contracts, and fail the test that breaks a rule.

All of them share a `MemoryDisk`, which outlives them: opening new drivers on it is a restart. What a real
directory could not notice raises `AssertionError` here: an immutable path that comes back with other
content after it was deleted, one that is replaced, a mutable one that is put.
"""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import BinaryIO

from graven.errors import Conflict, InvalidInput, StorageFailed, Tampered, TooLarge
from graven.storage.contracts import Frame, HeadState, Recovery
from graven.storage.frame import DIGEST_SIZE, HEADER_SIZE, NO_DIGEST, FrameHeader, encode_header

__all__ = ["MemoryBlobs", "MemoryDisk", "MemoryHead", "MemoryJournal", "MemoryObjects"]


@dataclass(slots=True)
class MemoryDisk:
    """What the drivers leave behind."""

    segments: list[list[Frame]] = field(default_factory=list)
    clean: bool = True
    head: HeadState | None = None
    objects: dict[str, bytes] = field(default_factory=dict)
    mutable: set[str] = field(default_factory=set)
    """Paths of `objects` that `replace` made."""
    ever: dict[str, bytes] = field(default_factory=dict)
    """Digest of every immutable object that was ever durable, deleted ones included."""
    unsynced: dict[str, bytes | None] = field(default_factory=dict)
    """What `put` and `delete` changed since the last `sync`: path → content before."""
    blobs: dict[str, bytes] = field(default_factory=dict)

    def power_cut(self, random: Random) -> None:
        """Forget a random part of the objects that were put or deleted and not synced."""
        for path, before in self.unsynced.items():
            if random.random() < 0.5:
                if before is None:
                    self.objects.pop(path, None)
                else:
                    self.objects[path] = before
        self.unsynced.clear()


class MemoryJournal:
    """`Journal` in memory."""

    def __init__(self, disk: MemoryDisk, *, segment_bytes: int = 64 * 2**20) -> None:
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._closed = False
        last = disk.segments[-1][-1] if disk.segments else None
        self._next_index = last.first_index + last.count if last else None
        self._digest = last.digest if last else NO_DIGEST
        self.recovery = Recovery(disk.clean, None, 0, self._next_index)
        if disk.segments:
            disk.clean = False

    def append(self, first_index: int, count: int, entries: Sequence[bytes], note: bytes) -> None:
        self._check_usable()
        if first_index != (first_index if self._next_index is None else self._next_index):
            self._closed = True
            raise StorageFailed(f"the next frame must begin at index {self._next_index}, not {first_index}")
        data = b"".join(entries)
        header = encode_header(FrameHeader(first_index, count, len(data), len(note), self._digest))
        self._digest = hashlib.sha256(header + data + note).digest()
        segments = self._disk.segments
        if not segments or (
            sum(map(_frame_size, segments[-1])) >= self._segment_bytes and first_index > segments[-1][0].first_index
        ):
            segments.append([])
        segments[-1].append(Frame(first_index, count, data, bytes(note), self._digest))
        self._disk.clean = False
        self._next_index = first_index + count

    def frames(self) -> Iterator[Frame]:
        self._check_usable()
        return iter([frame for segment in self._disk.segments for frame in segment])

    def drop_below(self, index: int) -> None:
        self._check_usable()
        while len(self._disk.segments) > 1 and self._disk.segments[1][0].first_index <= index:
            del self._disk.segments[0]

    def size_bytes(self) -> int:
        return sum(_frame_size(frame) for segment in self._disk.segments for frame in segment)

    def close(self, *, clean: bool) -> None:
        if not self._closed:
            self._closed = True
            self._disk.clean = clean or not self._disk.segments

    def _check_usable(self) -> None:
        if self._closed:
            raise StorageFailed("the journal is unusable: it was closed, or failed")


class MemoryHead:
    """`Head` in memory."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def load(self) -> HeadState | None:
        return self._disk.head

    def swap(self, expected: bytes | None, new: HeadState) -> None:
        current = None if self._disk.head is None else self._disk.head.checkpoint
        if current != expected:
            raise Conflict("the head is not the expected checkpoint", code="head_conflict")
        self._disk.head = new

    def close(self) -> None: ...


class MemoryObjects:
    """`Objects` in memory."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def get(self, path: str) -> bytes | None:
        _check_path(path)
        return self._disk.objects.get(path)

    def put(self, path: str, data: bytes) -> None:
        existing = self.get(path)
        if path in self._disk.mutable:
            raise AssertionError(f"{path} was made by replace and is now put")
        if existing is None:
            if self._disk.ever.get(path, _digest(data)) != _digest(data):
                raise AssertionError(f"{path} was durable once, and comes back with other content")
            self._disk.unsynced.setdefault(path, None)
            self._disk.objects[path] = bytes(data)
        elif existing != data:
            raise StorageFailed(f"{path} exists with other content", code="immutable_changed")

    def replace(self, path: str, data: bytes) -> None:
        if self.get(path) is not None and path not in self._disk.mutable:
            raise AssertionError(f"{path} is immutable and is now replaced")
        self._disk.mutable.add(path)
        self._disk.objects[path] = bytes(data)

    def delete(self, path: str) -> None:
        existing = self.get(path)
        if existing is not None:
            self._disk.unsynced.setdefault(path, existing)
            del self._disk.objects[path]

    def list(self, prefix: str) -> Iterator[str]:
        folder = f"{prefix.strip('/')}/".lstrip("/")
        yield from [path for path in self._disk.objects if path.startswith(folder)]

    def sync(self) -> None:
        for path in self._disk.unsynced:
            if path in self._disk.objects:
                self._disk.ever[path] = _digest(self._disk.objects[path])
        self._disk.unsynced.clear()


class MemoryBlobs:
    """`Blobs` in memory."""

    def __init__(self, disk: MemoryDisk) -> None:
        self._disk = disk

    def put(self, content: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._disk.blobs.setdefault(digest, bytes(content))
        return digest

    def put_stream(self, chunks: Iterator[bytes], *, limit_bytes: int) -> tuple[str, int]:
        content = bytearray()
        for chunk in chunks:
            content += chunk
            if len(content) > limit_bytes:
                raise TooLarge(f"the blob is larger than {limit_bytes} bytes")
        return self.put(bytes(content)), len(content)

    def has(self, digest: str) -> bool:
        return self.size(digest) is not None

    def size(self, digest: str) -> int | None:
        content = self._content(digest)
        return None if content is None else len(content)

    def get(self, digest: str) -> bytes | None:
        content = self._content(digest)
        if content is not None and f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise Tampered(f"blob {digest} has other content")
        return content

    def open(self, digest: str) -> BinaryIO | None:
        content = self._content(digest)
        return None if content is None else io.BytesIO(content)

    def _content(self, digest: str) -> bytes | None:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or len(digest) != 71 or not set(name) <= set("0123456789abcdef"):
            raise InvalidInput(f"this is no digest: {digest[:80]!r}")
        return self._disk.blobs.get(digest)


def _check_path(path: str) -> None:
    if any(part == "" or part[0] == "." or "\0" in part for part in path.split("/")):
        raise InvalidInput(f"this is no path of an object: {path!r}")


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _frame_size(frame: Frame) -> int:
    return HEADER_SIZE + len(frame.entries) + len(frame.note) + DIGEST_SIZE
