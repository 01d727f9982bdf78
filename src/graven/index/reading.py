"""The entries of a log, read from its files beside the writer: bundles below the published size, the journal above.

Entries that no bundle holds yet are kept here until one does, so that whatever is indexed can be shown at once.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final

from graven.errors import GravenError, NotFound, Unavailable
from graven.log.compress import some_of_bundle
from graven.log.layout import LogPaths
from graven.log.tree import Tree
from graven.storage.blobs import DirectoryBlobs
from graven.storage.journal_tail import JournalTail
from graven.storage.objects import DirectoryObjects
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import parse_checkpoint_text
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath

__all__ = ["LogReader"]

_MANY_BUNDLES: Final = 8

Batch = tuple[int, list[bytes]]
"""The log index of the first entry, and entries one after another."""


class LogReader:
    """One log. `batches` is for one thread, everything else for any."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self._paths = LogPaths(data_dir, name)
        self._objects = DirectoryObjects(self._paths.root)
        self._tree = Tree(self._objects)
        self._tail = JournalTail(self._paths.journal)
        self._blobs = DirectoryBlobs(self._paths.blobs)
        self._lock = threading.Lock()
        self._waiting: list[Batch] = []  # beyond the published size, in order
        self._published = 0  # as `batches` saw it last
        self._aside = ThreadPoolExecutor(1, "read")

    def published_size(self) -> int:
        """Entries that the published checkpoint covers."""
        text, _, _ = self._paths.checkpoint.read_text("utf-8").rpartition("\n\n")
        return parse_checkpoint_text(text + "\n").size

    def batches(self, start: int, committed: int) -> Iterator[Batch]:
        """Entries [start, committed) in order. Ends early when the files are not there yet."""
        published = self._published = self.published_size()
        self._let_go(published)
        for first, entries in self._bundled(start, min(published, committed), published):
            yield first, entries
            start = first + len(entries)
        for frame in self._tail.frames(start, committed) if start < committed else ():
            if frame.first_index > start:
                return
            entries = decode_bundle(frame.entries, frame.count)[start - frame.first_index :]
            self._keep(start, entries)
            yield start, entries
            start += len(entries)

    def published(self, start: int, stop: int) -> Iterator[Batch]:
        """Entries [start, stop) from their bundles, in order; any thread. Unavailable unless all are published."""
        published = self.published_size()
        if published < stop:
            raise Unavailable(f"entries from {published} to {stop} are not published yet", hint="try again in a moment")
        yield from self._bundled(start, stop, published)

    def entry(self, index: int) -> bytes:
        """An entry that `batches` has given before; Unavailable when the index was made anew meanwhile."""
        return self.entries([index])[0]

    def entries(self, indexes: Sequence[int]) -> list[bytes]:
        """As `entry`, in this order; of each bundle no more is decoded than leads to them."""
        found: dict[int, bytes] = {}
        resting: dict[int, list[int]] = {}
        for index in indexes:
            waiting = self._waiting_entry(index)
            if waiting is not None:
                found[index] = waiting
            else:
                resting.setdefault(index // FULL_WIDTH, []).append(index)
        if not resting:
            return [found[index] for index in indexes]
        published = self._published if max(indexes) < self._published else self.published_size()
        if max(map(max, resting.values())) >= published:  # it was made anew, and has not got there again
            raise Unavailable(
                f"entry {max(indexes)} is not indexed any more", hint="ask again in a moment", code="index_away"
            )
        numbers = list(resting)
        # uncompressing lets others run: half of many bundles is read beside the other half
        aside = numbers[len(numbers) // 2 :] if len(numbers) >= _MANY_BUNDLES else []
        reading = self._aside.submit(self._from_bundles, aside, resting, published) if aside else None
        found |= self._from_bundles(numbers[: len(numbers) - len(aside)], resting, published)
        if reading is not None:
            found |= reading.result()
        return [found[index] for index in indexes]

    def _from_bundles(self, numbers: list[int], resting: dict[int, list[int]], published: int) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for number in numbers:
            found |= self._from_bundle(number, published, sorted(resting[number]))
        return found

    def _waiting_entry(self, index: int) -> bytes | None:
        with self._lock:
            at = bisect_right(self._waiting, index, key=lambda batch: batch[0]) - 1
            if at >= 0:
                first, entries = self._waiting[at]
                if index < first + len(entries):
                    return entries[index - first]
        return None

    def _from_bundle(self, number: int, published: int, indexes: Sequence[int]) -> dict[int, bytes]:
        full = self._objects.get(TilePath(ENTRIES_LEVEL, number, FULL_WIDTH).path())
        width = FULL_WIDTH if full is not None else min(FULL_WIDTH, published - number * FULL_WIDTH)
        data = full if full is not None else self._tree.read(TilePath(ENTRIES_LEVEL, number, width))
        if data is None:
            raise NotFound(f"the bundle of entry {indexes[0]} is missing", code="bundle_missing")
        positions = [index - number * FULL_WIDTH for index in indexes]
        return dict(zip(indexes, some_of_bundle(data, positions, width), strict=True))

    def blob(self, digest: str) -> bytes | None:
        """The content of a blob; None when it is not to be had."""
        try:
            return self._blobs.get(digest)
        except GravenError:
            return None

    def open_blob(self, digest: str) -> Iterator[bytes] | None:
        """The content of a blob piece by piece; None when it is not to be had."""
        stream = self._blobs.open(digest)
        return None if stream is None else _pieces(stream)

    def close(self) -> None:
        self._aside.shutdown()
        self._objects.close()

    def _bundled(self, start: int, stop: int, published: int) -> Iterator[Batch]:
        while start < stop:
            entries = self._tree.bundle(start // FULL_WIDTH, published)[start % FULL_WIDTH :][: stop - start]
            yield start, entries
            start += len(entries)

    def _keep(self, first: int, entries: list[bytes]) -> None:
        """Keep those that are not here yet: a frame is read twice where following stopped within it."""
        with self._lock:
            end = self._waiting[-1][0] + len(self._waiting[-1][1]) if self._waiting else first
            if first > end:  # what lies between came from bundles, and so do the older ones
                self._waiting.clear()
                end = first
            if fresh := entries[end - first :]:
                self._waiting.append((end, fresh))

    def _let_go(self, published: int) -> None:
        with self._lock:
            keep = bisect_right(self._waiting, published, key=lambda batch: batch[0] + len(batch[1]))
            del self._waiting[:keep]


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(1 << 18):
            yield piece
