"""One process's folder of the spool: frozen batches on disk, in order, until the server has them.

Layout, everything 0600 in folders of 0700: `lock` (held by `flock` while somebody owns the folder),
`00000000000000000001.seg`, … (see `segment`), `cursor` (how far the oldest segment was acknowledged).
`append` returns only after `fsync`. The cursor is written but not synced: losing it means that batches are
sent again under their old keys, which the server answers from memory. A segment goes when its last record
does. One owner, which serialises the calls; other processes look only at folders whose lock they took.
"""

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from graven.errors import InvalidInput
from graven.sdk.filelock import sync_directory
from graven.sdk.frozen import FrozenBatch
from graven.sdk.segment import Span, encode_record, payload_of, scan

__all__ = ["LOCK_NAME", "SpoolFolder"]

LOCK_NAME = "lock"
_CURSOR_NAME = "cursor"
_SEGMENT_BYTES = 4 * 1024 * 1024
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class _Segment:
    __slots__ = ("number", "path", "records", "size")

    def __init__(self, number: int, path: Path) -> None:
        self.number = number
        self.path = path
        self.records: deque[Span] = deque()
        self.size = 0


class SpoolFolder:
    """Made with a folder whose lock the caller holds as descriptor `lock`; `close` gives both back.

    `damaged_bytes` counts what was found torn or altered when the folder was opened.
    """

    def __init__(
        self,
        folder: Path,
        lock: int,
        *,
        segment_bytes: int = _SEGMENT_BYTES,
        sync: Callable[[int], None] = os.fsync,
    ) -> None:
        self.folder = folder
        self.damaged_bytes = 0
        self._lock = lock
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._segments: deque[_Segment] = deque()
        self._writing = -1  # descriptor of the newest segment, or -1: the next append begins a new one
        self._cursor = -1
        self._next_number = 1
        self._load()

    def __len__(self) -> int:
        """Number of batches."""
        return sum(len(segment.records) for segment in self._segments)

    def size_bytes(self) -> int:
        """Bytes of all segments, acknowledged records of the oldest included."""
        return sum(segment.size for segment in self._segments)

    def append(self, batch: FrozenBatch) -> None:
        """Make `batch` durable behind all others. Raises `OSError`, after which it counts as not written."""
        record = encode_record(batch.to_bytes())
        if self._writing < 0 or self._segments[-1].size >= self._segment_bytes:
            self._begin_segment()
        segment = self._segments[-1]
        try:
            view = memoryview(record)
            while view:
                view = view[os.write(self._writing, view) :]
            self._sync(self._writing)
        except OSError:
            # After a failed write or sync nothing is known about the tail: cut it, write elsewhere.
            with suppress(OSError):
                os.ftruncate(self._writing, segment.size)
            self._stop_writing()
            raise
        segment.records.append(Span(segment.size, len(record)))
        segment.size += len(record)

    def head(self) -> FrozenBatch | None:
        """The oldest batch, None when there is none. Raises `InvalidInput` when it cannot be read any more:
        the caller counts it as lost and calls `pop`."""
        if not self._segments:
            return None
        segment = self._segments[0]
        span = segment.records[0]
        try:
            descriptor = os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC | _BINARY | _NOFOLLOW)
            try:
                os.lseek(descriptor, span.offset, os.SEEK_SET)
                record = _read(descriptor, span.length)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise InvalidInput(f"{segment.path.name} cannot be read: {error}") from error
        payload = payload_of(record)
        if payload is None:
            raise InvalidInput(f"{segment.path.name} is not as it was written at byte {span.offset}")
        return FrozenBatch.from_bytes(payload)

    def pop(self) -> None:
        """The oldest batch is settled: forget it."""
        segment = self._segments[0]
        span = segment.records.popleft()
        if segment.records:
            self._note_cursor(segment.number, span.offset + span.length)
            return
        if len(self._segments) == 1:
            self._stop_writing()  # also removes the segment, now that it has no records
            return
        self._segments.popleft()
        with suppress(OSError):
            segment.path.unlink()

    def close(self) -> None:
        """Let go of the folder; remove it when it is empty."""
        self._stop_writing()
        if self._cursor >= 0:
            os.close(self._cursor)
            self._cursor = -1
        if not self._segments:
            with suppress(OSError):
                (self.folder / _CURSOR_NAME).unlink(missing_ok=True)
                # The lock file goes while it is held: whoever opened it meanwhile sees that it is gone.
                (self.folder / LOCK_NAME).unlink(missing_ok=True)
                self.folder.rmdir()
        self.abandon()

    def abandon(self) -> None:
        """Close descriptors and touch nothing: for a forked child, whose parent goes on owning the folder."""
        for descriptor in (self._writing, self._cursor, self._lock):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)
        self._writing = self._cursor = self._lock = -1

    def _begin_segment(self) -> None:
        self._stop_writing()
        number = self._next_number
        path = self.folder / f"{number:020d}.seg"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | _BINARY | _NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        try:
            sync_directory(self.folder)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                path.unlink()
            raise
        self._next_number += 1
        self._writing = descriptor
        self._segments.append(_Segment(number, path))

    def _stop_writing(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1
        if self._segments and not self._segments[-1].records:
            with suppress(OSError):
                self._segments[-1].path.unlink()
            self._segments.pop()

    def _note_cursor(self, number: int, offset: int) -> None:
        with suppress(OSError):  # a lost cursor costs a repetition, nothing else
            if self._cursor < 0:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | _BINARY | _NOFOLLOW
                self._cursor = os.open(self.folder / _CURSOR_NAME, flags, 0o600)
            os.lseek(self._cursor, 0, os.SEEK_SET)
            os.write(self._cursor, f"{number:020d} {offset:020d}\n".encode())

    def _load(self) -> None:
        done = self._load_cursor()
        # A number is never used twice: the cursor of a segment that is gone must not hide records of another.
        self._next_number = done[0] + 1
        for path in sorted(self.folder.glob("*.seg")):
            if not path.stem.isdigit():
                continue
            segment = _Segment(int(path.stem), path)
            data = path.read_bytes()
            spans, whole = scan(data)
            segment.size = whole
            if whole < len(data):  # cut it off, so that it is counted once
                self.damaged_bytes += len(data) - whole
                with suppress(OSError):
                    os.truncate(path, whole)
            start = done[1] if segment.number == done[0] else 0
            segment.records.extend(span for span in spans if span.offset >= start)
            self._next_number = max(self._next_number, segment.number + 1)
            if segment.records:
                self._segments.append(segment)
            else:
                with suppress(OSError):
                    path.unlink()

    def _load_cursor(self) -> tuple[int, int]:
        try:
            number, offset = (self.folder / _CURSOR_NAME).read_text("ascii").split()
            return int(number), int(offset)
        except (OSError, ValueError):
            return 0, 0


def _read(descriptor: int, length: int) -> bytes:
    data = bytearray()
    while len(data) < length and (chunk := os.read(descriptor, length - len(data))):
        data += chunk
    return bytes(data)
