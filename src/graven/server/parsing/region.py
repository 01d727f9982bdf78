"""Memory that two processes share: a file without a name and without a disk, mapped in both.

Bodies are not redacted yet, so they must not touch a disk on their way. Every message between the two says
how large the region is; whoever needs more room makes it larger, and the other side maps it anew.
"""

import mmap
import os
import weakref
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["USUAL_BYTES", "Region"]

USUAL_BYTES: Final = 4 * 1024 * 1024
"""Size of a region that is kept; what one large request needed beyond it is given back after it."""


class Region:
    """One side's view of the region behind a file descriptor, which it owns."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map = mmap.mmap(descriptor, os.fstat(descriptor).st_size)
        # not closed by hand: a thread may still read what its process left here before it died
        weakref.finalize(self, os.close, descriptor)

    @classmethod
    def make(cls) -> "Region":
        """A new region of the usual size (Linux)."""
        descriptor = os.memfd_create("graven-intake", os.MFD_CLOEXEC)
        try:
            os.ftruncate(descriptor, USUAL_BYTES)
            return cls(descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    @property
    def descriptor(self) -> int:
        return self._descriptor

    @property
    def size(self) -> int:
        return len(self._map)

    def follow(self, size: int) -> None:
        """Map what the other side made of it."""
        if size != len(self._map):
            self._map.close()
            self._map = mmap.mmap(self._descriptor, size)

    def write(self, pieces: Sequence[bytes]) -> int:
        """Put `pieces` one after the other at the start, with more room where they need it; their bytes."""
        size = sum(map(len, pieces))
        if size > len(self._map):
            self._resize(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE)
        at = 0
        for piece in pieces:
            self._map[at : at + len(piece)] = piece
            at += len(piece)
        return size

    def read(self, lengths: Iterable[int]) -> list[bytes]:
        """Copies of pieces of these lengths, from the start."""
        pieces = []
        at = 0
        for length in lengths:
            pieces.append(self._map[at : at + length])
            at += length
        return pieces

    def shrink(self) -> None:
        """Back to the usual size."""
        if len(self._map) > USUAL_BYTES:
            self._resize(USUAL_BYTES)

    def _resize(self, size: int) -> None:
        self._map.close()
        os.ftruncate(self._descriptor, size)
        self._map = mmap.mmap(self._descriptor, size)
