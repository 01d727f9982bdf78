"""How often a key was seen, in memory that five million keys do not fill.

A report of a gigabyte names millions of tests, and each repetition of a name is an attempt of its own. The
first keys go into a dictionary; beyond that only 64 bits of each are kept, in open-addressed tables of 10
bytes a slot. Two of five million different keys meet by chance in one file of a million.
"""

from array import array
from typing import Final

__all__ = ["Ordinals"]

_FEW: Final = 65_536
_TABLES: Final = 64  # grown one at a time, so that growing never doubles the memory
_SHIFT: Final = _TABLES.bit_length() - 1
_MOST: Final = 65_535
_WORD: Final = 2**64 - 1


class Ordinals:
    """Counts occurrences of hashable keys."""

    def __init__(self) -> None:
        self._few: dict[int, int] = {}
        self._tables: list[_Table] = []

    def next(self, key: object) -> int:
        """0 for a key that is new, 1 when it was seen once before, and so on (65,535 at most)."""
        hashed = hash(key) & _WORD
        if not self._tables:
            before = self._few.get(hashed, 0)
            self._few[hashed] = min(before + 1, _MOST)
            if len(self._few) > _FEW:
                self._spill()
            return before
        return self._tables[hashed % _TABLES].next(hashed, 1)

    def _spill(self) -> None:
        self._tables = [_Table() for _ in range(_TABLES)]
        for hashed, count in self._few.items():
            self._tables[hashed % _TABLES].next(hashed, count)
        self._few = {}


class _Table:
    __slots__ = ("_counts", "_hashes", "_mask", "_room")

    def __init__(self) -> None:
        self._allocate(4096)

    def _allocate(self, slots: int) -> None:
        self._hashes = array("Q", bytes(8 * slots))
        self._counts = array("H", bytes(2 * slots))
        self._mask = slots - 1
        self._room = slots * 3 // 4

    def next(self, hashed: int, count: int) -> int:
        at = self._slot(hashed)
        before = self._counts[at]
        if not before:
            if not self._room:
                self._grow()
                at = self._slot(hashed)
            self._hashes[at] = hashed
            self._room -= 1
        self._counts[at] = min(before + count, _MOST)
        return before

    def _slot(self, hashed: int) -> int:
        at = (hashed >> _SHIFT) & self._mask
        while self._counts[at] and self._hashes[at] != hashed:
            at = (at + 1) & self._mask
        return at

    def _grow(self) -> None:
        hashes, counts = self._hashes, self._counts
        self._allocate(2 * len(hashes))
        for hashed, count in zip(hashes, counts, strict=True):
            if count:
                at = self._slot(hashed)
                self._hashes[at], self._counts[at] = hashed, count
                self._room -= 1
