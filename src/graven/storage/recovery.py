"""Opening a journal: what a crash may leave is told apart from what only damage explains.

A bad frame is *torn* when all of this holds, and is then copied to `torn-…` and cut off:
the last stop left no clean mark; the frame is in the last segment; no valid frame follows it anywhere.
Everything else that does not parse, chain or follow is damage: `RefusedToStart` names file, offset, reason.

After an unclean stop, the sync of the last frames may have failed, and then the page cache shows bytes that
the disk does not hold and that no later sync would write. So the surviving frames of the last segment are
copied to a new file, which is synced and takes the place of the old one, before anybody sees them.
"""

import errno
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from graven.errors import InvalidInput, RefusedToStart
from graven.storage.contracts import Frame, Recovery
from graven.storage.durable import (
    WRITE_NEW,
    open_descriptor,
    os_errors,
    read_file,
    sync_directory,
    write_all,
    write_durably,
)
from graven.storage.filesystem import FileSystem
from graven.storage.frame import (
    HEADER_SIZE,
    NO_DIGEST,
    FrameHeader,
    find_frame,
    parse_frame,
    parse_header,
)

__all__ = [
    "CLEAN_MARK",
    "Segment",
    "State",
    "encode_clean_mark",
    "parse_clean_mark",
    "read_frames",
    "recover",
    "segment_name",
]

CLEAN_MARK = "clean"
_SEGMENT = re.compile(r"[0-9]{20}\.gvj", re.ASCII)
_TEMPORARY = re.compile(r"\.[0-9]{20}\.gvj\.tmp|\.clean\.tmp|\.torn-[0-9]{20}-[0-9]+\.tmp", re.ASCII)
_READ = os.O_RDONLY | os.O_CLOEXEC
_COPY_BYTES = 2**20
_MARK_HEADING = "graven journal, stopped cleanly"
_HINT = (
    "keep the directory as it is, restore the file from a replica or a backup, "
    "and compare with an anchored or witnessed checkpoint before serving again"
)


@dataclass(slots=True)
class Segment:
    """One file; `size` is the bytes of valid, acknowledged frames at its beginning."""

    path: str
    first_index: int
    size: int


@dataclass(slots=True)
class State:
    """What `recover` hands to the journal; `digest` is the last frame's."""

    recovery: Recovery
    segments: list[Segment]
    digest: bytes


class Position:
    """Where a pass over the frames has come to; None before the first frame."""

    __slots__ = ("digest", "next_index")

    def __init__(self) -> None:
        self.next_index: int | None = None
        self.digest: bytes | None = None


class _BadFrame(Exception):
    """Bytes at `offset` of `segment` that are no frame: torn or damaged, that is still open."""

    def __init__(self, segment: Segment, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.segment = segment
        self.offset = offset
        self.reason = reason

    def refusal(self, why: str) -> RefusedToStart:
        return _refusal(self.segment.path, self.offset, self.reason, why)


def segment_name(first_index: int) -> str:
    return f"{first_index:020}.gvj"


def encode_clean_mark(next_index: int | None, digest: bytes) -> bytes:
    """The text of the clean mark; `next_index` is None for a journal without frames."""
    text = "none" if next_index is None else str(next_index)
    return f"{_MARK_HEADING}\n{text}\n{digest.hex()}\n".encode()


def parse_clean_mark(data: bytes) -> tuple[int | None, bytes]:
    """Next index and digest of the last frame. Raises `InvalidInput`; one value has one spelling."""
    match = re.fullmatch(re.escape(_MARK_HEADING.encode()) + rb"\n(none|0|[1-9][0-9]{0,18})\n([0-9a-f]{64})\n", data)
    if match is None:
        raise InvalidInput(f"this is no clean mark: {data[:120]!r}")
    next_index = None if match[1] == b"none" else int(match[1])
    return next_index, bytes.fromhex(match[2].decode())


def recover(directory: str, fs: FileSystem) -> State:
    """Check every frame, set aside a torn tail, renew the surviving one. The clean mark stays.

    Raises `RefusedToStart` and `StorageFailed`.
    """
    mark = _load_mark(directory, fs)
    segments = _find_segments(directory, fs)
    position = Position()
    bad: _BadFrame | None = None
    for segment in segments:
        size, segment.size = segment.size, 0
        try:
            for raw, _ in _segment_frames(segment, size, fs, position):
                segment.size += len(raw)
        except _BadFrame as error:
            bad = error
            break
    torn: str | None = None
    torn_bytes = 0
    if mark is not None:
        if bad is not None:
            raise bad.refusal("the last stop was clean, so this is no write that a crash cut short")
        _check_mark(directory, mark, position)
    elif segments:
        if bad is not None:
            torn, torn_bytes = _set_aside(directory, bad, segments, position, fs)
        _renew(directory, segments, fs)
    clean = mark is not None or not segments
    kept = [segment for segment in segments if segment.size]
    next_index = position.next_index if kept else None
    digest = NO_DIGEST if position.digest is None else position.digest
    return State(Recovery(clean, torn, torn_bytes, next_index), kept, digest)


def read_frames(segments: Sequence[Segment], fs: FileSystem) -> Iterator[Frame]:
    """The frames of whole, acknowledged segments (`size` bytes of each), checked.

    Raises `RefusedToStart` for a frame that is not valid or does not follow, `StorageFailed` on reading.
    """
    position = Position()
    for segment in segments:
        try:
            for _, frame in _segment_frames(segment, segment.size, fs, position):
                yield frame
        except _BadFrame as error:
            raise error.refusal("it was valid when the journal was opened: it changed since") from None


def _segment_frames(segment: Segment, size: int, fs: FileSystem, position: Position) -> Iterator[tuple[bytes, Frame]]:
    """(the frame's bytes, the frame) for the first `size` bytes; moves `position` along."""
    with os_errors("read", segment.path), open_descriptor(fs, segment.path, _READ) as fd:
        if position.next_index not in {None, segment.first_index}:
            reason = f"expected the frame at index {position.next_index}, the segment begins at {segment.first_index}"
            raise _refusal(segment.path, 0, reason, "a segment, or the end of the one before, is missing")
        if size == 0:
            raise _BadFrame(segment, 0, "the segment is empty")
        if position.next_index is None:
            position.next_index = segment.first_index
            position.digest = NO_DIGEST if segment.first_index == 0 else None
        offset = 0
        while offset < size:
            raw = _read_raw(segment, offset, size, fs, fd)
            try:
                frame, header = parse_frame(raw)
            except InvalidInput as error:
                raise _BadFrame(segment, offset, error.message) from None
            _check_follows(segment, offset, header, position)
            position.next_index = header.next_index
            position.digest = frame.digest
            yield raw, frame
            offset += len(raw)


def _read_raw(segment: Segment, offset: int, size: int, fs: FileSystem, fd: int) -> bytes:
    try:
        frame_size = parse_header(_read_exactly(fs, fd, min(HEADER_SIZE, size - offset), offset)).frame_size
    except InvalidInput as error:
        raise _BadFrame(segment, offset, error.message) from None
    if frame_size > size - offset:
        # checked before reading: a flipped bit in a length must not ask for gigabytes
        reason = f"the frame says {frame_size} bytes, the file has {size - offset} more"
        raise _BadFrame(segment, offset, reason)
    return _read_exactly(fs, fd, frame_size, offset)


def _read_exactly(fs: FileSystem, fd: int, size: int, offset: int) -> bytes:
    data = fs.read(fd, size, offset)
    while len(data) < size:
        more = fs.read(fd, size - len(data), offset + len(data))
        if not more:
            break
        data += more
    return data


def _check_follows(segment: Segment, offset: int, header: FrameHeader, position: Position) -> None:
    """A frame with a right digest is no torn write: if it does not follow, something else happened."""
    if header.first_index != position.next_index:
        reason = f"expected the frame at index {position.next_index}, found the one at {header.first_index}"
        raise _refusal(segment.path, offset, reason, "frames are missing, repeated or in the wrong file")
    if position.digest is not None and header.previous != position.digest:
        reason = f"the frame continues {header.previous.hex()}, but the one before is {position.digest.hex()}"
        raise _refusal(segment.path, offset, reason, "a frame was exchanged, or belongs to another journal")


def _find_segments(directory: str, fs: FileSystem) -> list[Segment]:
    """Segments by name, `size` being the file's; temporary files of an earlier crash are removed."""
    segments = []
    with os_errors("read directory", directory):
        for name, _ in sorted(fs.scan(directory)):
            path = f"{directory}/{name}"
            if _TEMPORARY.fullmatch(name):
                fs.unlink(path)
            elif _SEGMENT.fullmatch(name):
                segments.append(Segment(path, int(name[:20]), fs.file_size(path) or 0))
            elif name.endswith(".gvj"):
                raise _refusal(path, 0, "this is not the name of a segment", "it was renamed or put there")
    return segments


def _load_mark(directory: str, fs: FileSystem) -> tuple[int | None, bytes] | None:
    path = f"{directory}/{CLEAN_MARK}"
    data = read_file(path, fs)
    if data is None:
        return None
    try:
        return parse_clean_mark(data)
    except InvalidInput as error:
        why = "the mark is written whole or not at all, so it was changed later"
        raise _refusal(path, 0, error.message, why) from error


def _check_mark(directory: str, mark: tuple[int | None, bytes], position: Position) -> None:
    found = (position.next_index, NO_DIGEST if position.digest is None else position.digest)
    if found != mark:
        reason = (
            f"the clean stop was at index {mark[0]} after frame {mark[1].hex()}, "
            f"the segments end at {found[0]} after {found[1].hex()}"
        )
        raise _refusal(f"{directory}/{CLEAN_MARK}", 0, reason, "frames were removed or added since")


def _set_aside(
    directory: str, bad: _BadFrame, segments: Sequence[Segment], position: Position, fs: FileSystem
) -> tuple[str | None, int]:
    """Copy a torn tail to a file of its own; (its name, its size). Raises `RefusedToStart` if it is damage."""
    if bad.segment is not segments[-1]:
        raise bad.refusal("a later segment exists, so this frame was acknowledged and then damaged")
    tail = (read_file(bad.segment.path, fs) or b"")[bad.offset :]
    follower = find_frame(tail, 1)
    if follower is not None:
        raise bad.refusal(
            f"a valid frame follows at offset {bad.offset + follower}, so this one was acknowledged and then damaged"
        )
    if not tail:
        return None, 0  # the crash came between making the segment and writing to it
    for number in itertools.count(1):
        name = f"torn-{position.next_index:020}-{number}"
        there = read_file(f"{directory}/{name}", fs)
        if there is None:
            write_durably(f"{directory}/{name}", tail, fs=fs)
        if there is None or there == tail:  # equal: the last recovery was cut short here
            return name, len(tail)
    raise AssertionError  # pragma: no cover - count() has no end


def _renew(directory: str, segments: Sequence[Segment], fs: FileSystem) -> None:
    """Write the valid frames of the last segment to a new, synced file in its place; drop it if it has none."""
    last = segments[-1]
    temporary = f"{directory}/.{segment_name(last.first_index)}.tmp"
    with os_errors("renew", last.path):
        if last.size == 0:
            fs.unlink(last.path)
        else:
            try:
                with open_descriptor(fs, temporary, WRITE_NEW, 0o644) as fd:
                    _copy(fs, last, fd)
                    fs.sync(fd)
                fs.rename(temporary, last.path)
            except OSError:
                with suppress(OSError):
                    fs.unlink(temporary)
                raise
    sync_directory(directory, fs)


def _copy(fs: FileSystem, segment: Segment, target: int) -> None:
    with open_descriptor(fs, segment.path, _READ) as source:
        offset = 0
        while offset < segment.size:
            data = fs.read(source, min(_COPY_BYTES, segment.size - offset), offset)
            if not data:
                raise OSError(errno.EIO, "the file became shorter while it was copied")
            offset += write_all(fs, target, [data])


def _refusal(path: str, offset: int, reason: str, why: str) -> RefusedToStart:
    return RefusedToStart(
        f"journal damaged: {path}, offset {offset}: {reason}",
        why=why,
        hint=_HINT,
        code="journal_damaged",
        details={"file": path, "offset": offset},
    )
