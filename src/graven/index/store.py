"""The index of one log: sealed segments on disk, hot ones in memory, and how they grow.

    <data>/index/<log>/log.json          which log this is the index of, and the secret of its keys
    <data>/index/<log>/000000262144/     a sealed segment, named by its first log index
    <data>/index/<log>/rows-….arrow      hot rows on their way to a sealed segment
    <data>/index/<log>/new-…, old-…      a sealed segment that is being made, and one whose place is being taken

Hot segments never cross a multiple of `SEALED_ROWS`, so that sealing takes whole ones. A query works on a snapshot: a
tuple of segments in order, which nothing changes any more. What is on disk is believed only where its manifest and the
log's own entry at its end agree; the rest is derived again.
"""

import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa

from graven.index.derive.view import VERSION
from graven.index.segment.contract import Segment
from graven.index.segment.flat import mapped
from graven.index.segment.hot import HotSegment
from graven.index.segment.sealed import ASIDE, FORMAT, SealedSegment, folder_name

__all__ = ["SEALED_ROWS", "LogIndex", "Snapshot"]

SEALED_ROWS: Final = 262_144
_MERGED_ROWS: Final = 65_536
_MERGED_BYTES: Final = 64 * 2**20
"""Hot segments are merged up to here: few enough to ask each, small enough to copy."""

_IN_MEMORY_BYTES: Final = 512 * 2**20
"""Hot rows beyond this lie in files that have no name any more, for the system to write out and to read again."""

_LOG: Final = "log.json"


class _Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    origin: str
    secret: str


class Snapshot(NamedTuple):
    """Segments of entries [0, size), in order and without gaps."""

    segments: tuple[Segment, ...]
    size: int

    def at(self, index: int) -> Segment:
        """The segment that holds a log index below `size`."""
        low, high = 0, len(self.segments)
        while low < high - 1:
            middle = (low + high) // 2
            if self.segments[middle].first <= index:
                low = middle
            else:
                high = middle
        return self.segments[low]


class LogIndex:
    """Any thread; `add` is for one."""

    def __init__(
        self, home: Path, origin: str, *, genuine: Callable[[SealedSegment], bool], rows: int = SEALED_ROWS
    ) -> None:
        """Open what is there. `genuine` tells whether a sealed segment is of the log as it is now."""
        self.home = home
        self.sealed_rows = rows
        self._lock = threading.Lock()  # held for an assignment
        self._changing = threading.Lock()  # held while something is made that replaces what is there
        home.mkdir(parents=True, exist_ok=True)
        self._log = self._identify(origin)
        self._tidy()
        self.dropped: list[str] = []
        """Why segments on disk were not taken."""
        self._sealed = self._open_sealed(genuine)
        self._hot: list[HotSegment] = []
        self.generation = 0
        """Goes up when everything is forgotten: what was made before belongs nowhere any more."""

    @property
    def secret(self) -> str:
        return self._log.secret

    @property
    def size(self) -> int:
        """Entries that are indexed: all below it."""
        return self.snapshot().size

    def snapshot(self) -> Snapshot:
        with self._lock:
            segments: tuple[Segment, ...] = (*self._sealed, *self._hot)
        last = segments[-1] if segments else None
        return Snapshot(segments, last.first + last.count if last is not None else 0)

    def add(self, first: int, table: pa.Table) -> None:
        """Rows of the next entries. They must not cross a multiple of the rows of a sealed segment."""
        with self._changing:
            hot = [*self._hot, HotSegment(first, table)]
            while len(hot) > 1 and self._mergeable(hot[-2], hot[-1]):
                right, left = hot.pop(), hot.pop()
                hot.append(HotSegment(left.first, pa.concat_tables([left.table, right.table])))
            in_memory = sum(part.size_bytes for part in hot if not part.spilled)
            for place, part in enumerate(hot):  # the oldest first: they are merged no more
                if in_memory <= _IN_MEMORY_BYTES:
                    break
                if not part.spilled:
                    in_memory -= part.size_bytes
                    hot[place] = self._spilled(part)
            with self._lock:
                self._hot = hot

    def room(self) -> int:
        """Rows that may come before a multiple of the rows of a sealed segment."""
        return self.sealed_rows - self.size % self.sealed_rows

    def full(self) -> tuple[int, pa.Table] | None:
        """First index and rows of the oldest hot segments that are enough for a sealed one."""
        with self._lock:
            sealed = len(self._sealed) * self.sealed_rows
            parts = [part for part in self._hot if part.first < sealed + self.sealed_rows]
        if sum(part.count for part in parts) < self.sealed_rows:
            return None
        return sealed, pa.concat_tables([part.table for part in parts])

    def hot_rows(self) -> int:
        with self._lock:
            return sum(part.count for part in self._hot)

    def hot_bytes(self) -> int:
        with self._lock:
            return sum(part.size_bytes for part in self._hot)

    def sealed(self) -> Sequence[SealedSegment]:
        with self._lock:
            return tuple(self._sealed)

    def take_sealed(self, folder: Path, generation: int) -> bool:
        """A segment that was just made takes the place of the hot ones that it was made of, or of its older self.

        False, and it is removed, when everything was forgotten since its making began in `generation`: the next start
        would believe it. For the thread that has it made. ValueError when the folder is no segment of this index, or
        not the next one.
        """
        with self._changing:
            if generation != self.generation:
                shutil.rmtree(folder, ignore_errors=True)
                return False
            segment = SealedSegment(folder, secret=self.secret)
            position, beside = divmod(segment.first, self.sealed_rows)
            if beside or segment.count != self.sealed_rows or position > len(self._sealed):
                raise ValueError(f"{folder} has {segment.count} rows from {segment.first}: not the next segment")
            stop = segment.first + segment.count
            with self._lock:
                if position < len(self._sealed):
                    self._sealed = [*self._sealed[:position], segment, *self._sealed[position + 1 :]]
                    return True
                if sum(part.count for part in self._hot if part.first < stop) != segment.count:
                    raise ValueError(f"{folder} has {segment.count} rows from {segment.first}, which are not all hot")
                self._sealed = [*self._sealed, segment]
                self._hot = [part for part in self._hot if part.first >= stop]
                return True

    def outdated(self) -> SealedSegment | None:
        """A sealed segment that is damaged, else one that an older mapper derived."""
        found = [segment for segment in self.sealed() if segment.is_damaged or segment.manifest.mapper != VERSION]
        return max(found, key=lambda segment: (segment.is_damaged, segment.first), default=None)

    def clear(self) -> None:
        """Forget everything, on disk too, also where somebody removed it."""
        with self._changing, self._lock:
            self._sealed, self._hot = [], []
            self.generation += 1
        self.home.mkdir(parents=True, exist_ok=True)
        self._keep(self._log)
        for folder in self.home.iterdir():
            if folder.is_dir():  # one that is just being made may resist, and is not taken
                shutil.rmtree(folder, ignore_errors=True)

    def _mergeable(self, left: HotSegment, right: HotSegment) -> bool:
        same_sealed = left.first // self.sealed_rows == right.first // self.sealed_rows
        few = left.count + right.count <= _MERGED_ROWS and left.size_bytes + right.size_bytes <= _MERGED_BYTES
        return same_sealed and few and left.count < 2 * right.count

    def _spilled(self, part: HotSegment) -> HotSegment:
        path = self.home / f"rows-{part.first}.spilled"
        try:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, part.table.schema) as writer:
                writer.write_table(part.table)
            table = pa.ipc.open_file(pa.BufferReader(mapped(path))).read_all()
        finally:
            path.unlink(missing_ok=True)  # it is there as long as it is mapped
        return HotSegment(part.first, table, spilled=True)

    def _tidy(self) -> None:
        """What a kill left behind."""
        for left in (*self.home.glob("rows-*"), *self.home.glob("new-*")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        for aside in self.home.glob(f"{ASIDE}*"):
            place = self.home / aside.name.removeprefix(ASIDE)
            shutil.rmtree(aside) if place.exists() else aside.rename(place)

    def _identify(self, origin: str) -> _Log:
        path = self.home / _LOG
        try:
            known = msgspec.json.decode(path.read_bytes(), type=_Log)
            if known.origin == origin:
                return known
        except (FileNotFoundError, ValueError, msgspec.MsgspecError):
            pass
        for folder in self.home.iterdir():  # of another log, or of nobody knows which
            shutil.rmtree(folder) if folder.is_dir() else folder.unlink()
        made = _Log(origin, secrets.token_hex(16))
        self._keep(made)
        return made

    def _keep(self, log: _Log) -> None:
        path = self.home / _LOG
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(log))

    def _open_sealed(self, genuine: Callable[[SealedSegment], bool]) -> list[SealedSegment]:
        opened: list[SealedSegment] = []
        while (folder := self.home / folder_name(len(opened) * self.sealed_rows)).is_dir():
            try:
                segment = self._opened(folder, len(opened) * self.sealed_rows, genuine)
            except ValueError as error:
                self.dropped.append(str(error))
                break
            opened.append(segment)
        behind = [folder for folder in self.home.glob("[0-9]" * 12) if folder.is_dir()]
        behind = [folder for folder in behind if int(folder.name) >= len(opened) * self.sealed_rows]
        for folder in behind:  # derived again in its turn
            shutil.rmtree(folder)
        if behind:
            self.dropped.append(f"{len(behind)} segments from entry {len(opened) * self.sealed_rows} on")
        return opened

    def _opened(self, folder: Path, first: int, genuine: Callable[[SealedSegment], bool]) -> SealedSegment:
        """ValueError unless it is the segment that belongs there."""
        segment = SealedSegment(folder, secret=self.secret)
        manifest = segment.manifest
        if manifest.format != FORMAT or (manifest.first, manifest.count) != (first, self.sealed_rows):
            raise ValueError(f"{folder} has format {manifest.format} and {manifest.count} rows from {manifest.first}")
        if not genuine(segment):
            raise ValueError(f"{folder} is not of this log")
        return segment
