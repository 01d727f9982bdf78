"""Reading what a journal holds from beside its writer, without a lock and without its help.

The reader is told how many entries are committed and never looks beyond: bytes behind that may be a frame that is
still being written, or one whose sync failed. Digests are not checked here; evidence is read through the tiles, this is
for what follows the log as it grows.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from graven.errors import InvalidInput
from graven.storage.frame import HEADER_SIZE, FrameHeader, parse_header

__all__ = ["JournalTail", "TailFrame"]

_SEGMENT = re.compile(r"([0-9]{20})\.gvj", re.ASCII)


class TailFrame(NamedTuple):
    """One committed frame's entries, in bundle encoding."""

    first_index: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody wants here
    entries: bytes


class JournalTail:
    """Not thread-safe. Remembers where it stopped, so that going on costs nothing."""

    def __init__(self, directory: Path) -> None:
        self._directory = os.fspath(directory)
        self._place: tuple[str, int, int] | None = None  # segment, offset, index of the frame there

    def frames(self, start: int, committed: int) -> Iterator[TailFrame]:
        """Frames that hold entries [start, committed), the first of them perhaps from before `start`.

        Ends early, or at once, where the journal does not go on: what was dropped from it lies in tiles, and what
        is not there yet may be asked for again.
        """
        try:
            place = self._find(start)
            while place is not None and place[2] < committed:
                path, offset, index = place
                with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - strings are what the directory gives
                    while index < committed:
                        header = _header(file.fileno(), offset)
                        if header is None or header.first_index != index:
                            break
                        if header.next_index > start and header.count:
                            data = os.pread(file.fileno(), header.entries_size, offset + HEADER_SIZE)
                            if len(data) != header.entries_size:
                                return
                            yield TailFrame(index, header.count, data)
                        offset, index = offset + header.frame_size, header.next_index
                        self._place = (path, offset, index)
                place = self._next(path, index)
        except FileNotFoundError:
            self._place = None

    def _find(self, start: int) -> tuple[str, int, int] | None:
        """Where to look for the frame that holds `start`."""
        if self._place is not None and self._place[2] <= start:
            return self._place
        firsts = [first for first in self._firsts() if first <= start]
        return (self._path(firsts[-1]), 0, firsts[-1]) if firsts else None

    def _next(self, path: str, index: int) -> tuple[str, int, int] | None:
        """The segment that begins at `index`, when it is another one."""
        other = self._path(index)
        if other == path or index not in self._firsts():
            return None
        return other, 0, index

    def _firsts(self) -> list[int]:
        matches = (_SEGMENT.fullmatch(name) for name in os.listdir(self._directory))  # noqa: PTH208 - names only
        return sorted(int(match[1]) for match in matches if match is not None)

    def _path(self, first: int) -> str:
        return f"{self._directory}/{first:020d}.gvj"


def _header(descriptor: int, offset: int) -> FrameHeader | None:
    """The header at an offset; None at the end of the file, or where something else stands."""
    try:
        return parse_header(os.pread(descriptor, HEADER_SIZE, offset))
    except InvalidInput:
        return None
