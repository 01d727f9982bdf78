"""The entries of a log, read from its files beside the writer: bundles below the published size, the journal above.

Entries that no bundle holds yet are kept here until one does, so that whatever is indexed can be shown at once.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from graven.errors import GravenError
from graven.log.layout import LogPaths
from graven.log.tree import Tree
from graven.storage.blobs import DirectoryBlobs
from graven.storage.journal_tail import JournalTail
from graven.storage.objects import DirectoryObjects
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import parse_checkpoint_text
from graven.tlog.tiles import FULL_WIDTH

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

    def published_size(self) -> int:
        """Entries that the published checkpoint covers."""
        text, _, _ = self._paths.checkpoint.read_text("utf-8").rpartition("\n\n")
        return parse_checkpoint_text(text + "\n").size

    def batches(self, start: int, committed: int) -> Iterator[Batch]:
        """Entries [start, committed) in order. Ends early when the files are not there yet."""
        published = self.published_size()
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
        with self._lock:
            at = bisect_right(self._waiting, index, key=lambda batch: batch[0]) - 1
            if at >= 0:
                first, entries = self._waiting[at]
                if index < first + len(entries):
                    return entries[index - first]
        return self._tree.bundle(index // FULL_WIDTH, self.published_size())[index % FULL_WIDTH]

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
