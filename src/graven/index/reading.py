"""The entries of a log, read from its files beside the writer: bundles below the published size, the journal above.

Entries that no bundle holds yet are kept here until one does, so that whatever is indexed can be shown at once.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from graven.errors import GravenError, NotFound
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

    def published_size(self) -> int:
        """Entries that the published checkpoint covers."""
        text, _, _ = self._paths.checkpoint.read_text("utf-8").rpartition("\n\n")
        return parse_checkpoint_text(text + "\n").size

    def batches(self, start: int, committed: int) -> Iterator[Batch]:
        """Entries [start, committed) in order. Ends early when the files are not there yet."""
        published = self.published_size()
        self._published = published
        self._let_go(published)
        while start < min(published, committed):
            bundle = self._tree.bundle(start // FULL_WIDTH, published)
            entries = bundle[start % FULL_WIDTH :][: committed - start]
            yield start, entries
            start += len(entries)
        for frame in self._tail.frames(start, committed) if start < committed else ():
            if frame.first_index > start:
                return
            entries = decode_bundle(frame.entries, frame.count)[start - frame.first_index :]
            self._keep(start, entries)
            yield start, entries
            start += len(entries)

    def entry(self, index: int) -> bytes:
        """An entry that `batches` has given before."""
        return self.entries([index])[0]

    def entries(self, indexes: Sequence[int]) -> list[bytes]:
        """Entries that `batches` has given before, in this order; of each bundle only what leads to them is decoded."""
        found: dict[int, bytes] = {}
        resting: dict[int, list[int]] = {}
        for index in indexes:
            waiting = self._waiting_entry(index)
            if waiting is not None:
                found[index] = waiting
            else:
                resting.setdefault(index // FULL_WIDTH, []).append(index)
        published = self._published if max(indexes, default=0) < self._published else self.published_size()
        for number, wanted in resting.items():
            found |= self._from_bundle(number, published, sorted(wanted))
        return [found[index] for index in indexes]

    def _waiting_entry(self, index: int) -> bytes | None:
        with self._lock:
            at = bisect_right(self._waiting, index, key=lambda batch: batch[0]) - 1
            if at >= 0:
                first, entries = self._waiting[at]
                if index < first + len(entries):
                    return entries[index - first]
        return None

    def _from_bundle(self, number: int, published: int, indexes: Sequence[int]) -> dict[int, bytes]:
        width = min(FULL_WIDTH, published - number * FULL_WIDTH)
        positions = [index - number * FULL_WIDTH for index in indexes]
        if positions[-1] >= width:
            raise NotFound(f"entry {indexes[-1]} is not in the published tree", why=f"its size is {published}")
        full = self._objects.get(TilePath(ENTRIES_LEVEL, number, FULL_WIDTH).path())
        data = full if full is not None else self._tree.read(TilePath(ENTRIES_LEVEL, number, width))
        if data is None:
            raise NotFound(f"the bundle of entry {indexes[0]} is missing", code="bundle_missing")
        return dict(zip(indexes, some_of_bundle(data, positions), strict=True))

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
        self._objects.close()

    def _keep(self, first: int, entries: list[bytes]) -> None:
        with self._lock:
            if self._waiting and self._waiting[-1][0] + len(self._waiting[-1][1]) != first:
                self._waiting.clear()
            self._waiting.append((first, entries))

    def _let_go(self, published: int) -> None:
        with self._lock:
            keep = bisect_right(self._waiting, published, key=lambda batch: batch[0] + len(batch[1]))
            del self._waiting[:keep]


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(1 << 18):
            yield piece
