"""One log as the index process sees it: its files, its index, and how far behind it is."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from graven.errors import NotFound, Unavailable
from graven.event.pushed import leaf_of
from graven.index.derive.deriver import Deriver
from graven.index.derive.view import VERSION
from graven.index.process.checked import Checked
from graven.index.process.messages import LogState
from graven.index.reading import Batch, LogReader
from graven.index.segment.sealed import SealedSegment
from graven.index.store import SEALED_ROWS, LogIndex
from graven.log.layout import LogPaths

__all__ = ["FollowedLog"]

BATCH_ROWS: Final = 16_384
"""Entries derived at a time: enough to be fast, few enough to be seen soon, also where the cores are shared."""

_PACED_ROWS: Final = 8_192
"""And at a time where sealing is behind."""

BATCH_BYTES: Final = 16 * 2**20
"""And no more of them than this: an array of texts holds less than 2 GiB."""

_GUESSED_PER_S: Final = 30_000
"""Rows that are sealed in a second, until a segment was."""

MOST_HOT: Final = 4
"""Sealed segments' worth of hot rows; beyond that the index waits for sealing and lags. The last of these is filled no
faster than one is sealed: whoever looks sees the index go on, and not wait for seconds and run."""


class FollowedLog:
    """`follow` and everything that changes the index is for one thread; `state`, `index` and `reader` for any."""

    def __init__(
        self, data_dir: Path, name: str, *, clock: Callable[[], float] = time.monotonic, sealed_rows: int = SEALED_ROWS
    ) -> None:
        self.name = name
        self.reader = LogReader(data_dir, name)
        self._deriver = Deriver(self.reader.blob)
        self._clock = clock
        self.committed = 0
        self._behind_since: float | None = None
        self._followed_at = clock()
        self._sealed_in_s = sealed_rows / _GUESSED_PER_S
        self._rebuilding_to = 0
        self._rebuild_asked = False
        home = data_dir / "index" / name
        try:
            origin = LogPaths(data_dir, name).vkey.read_text("utf-8").split("+", 1)[0]
            self.index = LogIndex(home, origin, genuine=self._genuine, rows=sealed_rows)
        except BaseException:
            self.close()  # it is tried again and again
            raise
        self.checked = Checked(clock)

    def grew(self, committed: int) -> None:
        """The log has that many committed entries."""
        self.committed = committed
        if self._behind_since is None and self.index.size < committed:
            self._behind_since = self._clock()

    def follow(self) -> bool:
        """Index some of what is new; False when there is nothing that can be done now.

        Raises what reading the log raises.
        """
        if self.due_s() > 0:
            return False
        size = self.index.size
        self._followed_at = self._clock()
        stop = min(self.committed, size + min(self.index.room(), _PACED_ROWS if self._is_paced() else BATCH_ROWS))
        _, entries = next(_gathered(self.reader.batches(size, stop), stop), (size, []))
        if not entries:
            return False
        self.index.add(size, self._deriver.derive(size, entries))
        self._note_progress()
        return True

    def due_s(self) -> float:
        """Seconds until `follow` has something to do; infinite where more entries or room have to come first.

        Where sealing is behind: twice as fast as sealing was last time where the last room begins, two thirds as fast
        where it ends: a segment that takes longer than the one before is made up for without a stop.
        """
        if self.index.size >= self.committed or self.index.hot_rows() >= MOST_HOT * self.index.sealed_rows:
            return math.inf
        if not self._is_paced():
            return 0.0
        filled = self.index.hot_rows() / self.index.sealed_rows - (MOST_HOT - 1)
        pace = self._sealed_in_s * _PACED_ROWS / self.index.sealed_rows * (0.5 + filled)
        return max(0.0, self._followed_at + pace - self._clock())

    def _is_paced(self) -> bool:
        return self.index.hot_rows() >= (MOST_HOT - 1) * self.index.sealed_rows

    def note_sealing(self, seconds: float) -> None:
        """How long a segment took to be sealed."""
        self._sealed_in_s = seconds

    def derive(self, first: int, count: int) -> pa.Table:
        """Rows of entries that are indexed already, by the mapper of today. Unavailable unless all are published."""
        deriver = Deriver(self.reader.blob)  # a thread of its own needs one of its own
        try:
            parts = _gathered(self.reader.published(first, first + count), first + count)
            return pa.concat_tables([deriver.derive(start, entries) for start, entries in parts])
        finally:
            deriver.close()

    def leaf(self, index: int) -> str:
        """Hexadecimal leaf hash of an entry."""
        return leaf_of(self.reader.entry(index)).hex()

    def ask_rebuild(self) -> None:
        """`rebuild` is about to be called by the thread that follows: whoever asks from now on is told so."""
        self._rebuild_asked = True

    def rebuild(self) -> None:
        """Begin anew."""
        try:
            self.index.clear()
            self._rebuilding_to = self.committed
        finally:
            self._rebuild_asked = False
        self._note_progress()

    def state(self) -> LogState:
        size = self.index.size
        sealed = self.index.sealed()
        if self._rebuild_asked or size < self._rebuilding_to:
            state = "rebuilding"
        else:
            state = "following" if size >= self.committed else "catching_up"
        behind = self._behind_since
        return LogState(
            indexed=size,
            state=state,
            behind_s=0.0 if behind is None else self._clock() - behind,
            sealed=len(sealed),
            hot_rows=self.index.hot_rows(),
            sealed_bytes=sum(segment.size_bytes for segment in sealed),
            hot_bytes=self.index.hot_bytes(),
            outdated=sum(segment.is_damaged or segment.manifest.mapper != VERSION for segment in sealed),
        )

    def close(self) -> None:
        self._deriver.close()
        self.reader.close()

    def _note_progress(self) -> None:
        if self.index.size >= self.committed:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self._clock()

    def _genuine(self, segment: SealedSegment) -> bool:
        """Raises what reading the log raises: that says nothing about the index."""
        try:
            return self.leaf(segment.first + segment.count - 1) == segment.manifest.leaf
        except (Unavailable, NotFound, IndexError):  # the log has no such entry
            return False


def _gathered(parts: Iterable[Batch], stop: int) -> Iterator[Batch]:
    """The entries before `stop`, as many together as are derived at a time: each time costs as much as a thousand."""
    entries: list[bytes] = []
    first = size_bytes = 0
    for start, part in parts:
        first = first if entries else start
        entries += part[: stop - start]
        size_bytes += sum(map(len, part))
        if len(entries) >= BATCH_ROWS or size_bytes > BATCH_BYTES:
            yield first, entries
            entries, size_bytes = [], 0
    if entries:
        yield first, entries
