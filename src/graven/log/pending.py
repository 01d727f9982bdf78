"""Entries that are committed but not yet integrated: groups of bytes, bounded, readable at once.

A group is one journal frame. Its entries exist once, in bundle encoding, and everything downstream
(bundles, single entries) is a slice of that. The writer adds groups; integration removes them from the
front; readers look entries up in between. One lock, held for list operations only.
"""

import hashlib
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, repeat

from graven.event.batch import MAX_ENTRY_SIZE
from graven.tlog.bundle import decode_bundle
from graven.tlog.merkle import leaf_hashes

__all__ = ["Group", "Pending", "group_from_frame", "group_from_tails"]

_LENGTH_PREFIX = [size.to_bytes(2, "big") for size in range(MAX_ENTRY_SIZE + 1)]
_sha256 = hashlib.sha256


class Group:
    """`count` entries from index `first`: `data` is their bundle encoding, `ends[i]` where record i ends."""

    __slots__ = ("_head", "_tails", "count", "data", "ends", "first")

    def __init__(self, first: int, data: bytes, ends: list[int], head: bytes, tails: Sequence[bytes] | None) -> None:
        self.first = first
        self.count = len(ends)
        self.data = data
        self.ends = ends
        self._head = head
        self._tails = tails

    @property
    def next_index(self) -> int:
        return self.first + self.count

    def records(self, start: int, stop: int) -> memoryview:
        """Bundle encoding of the entries of positions [start, stop) within the group."""
        begin = self.ends[start - 1] if start else 0
        return memoryview(self.data)[begin : self.ends[stop - 1]]

    def entry(self, position: int) -> bytes:
        begin = self.ends[position - 1] if position else 0
        return self.data[begin + 2 : self.ends[position]]

    def take_leaf_hashes(self) -> list[bytes]:
        """Leaf hashes of all entries; lets go of what only hashing needed, so call it once."""
        tails = self._tails
        if tails is None:
            return leaf_hashes(decode_bundle(self.data, self.count))
        self._tails = None
        # All entries of a group share their head: hashing it once and copying the state saves a
        # concatenation and a slice per entry.
        fork = _sha256(b"\x00" + self._head).copy
        hashes = []
        for tail in tails:
            state = fork()
            state.update(tail)
            hashes.append(state.digest())
        return hashes


def group_from_tails(first: int, head: bytes, tails: Sequence[bytes]) -> Group:
    """Splice `head + tail` for each entry, in bundle encoding, with one join."""
    head_size = len(head)
    sizes = [len(tail) + head_size for tail in tails]
    prefixes = map(_LENGTH_PREFIX.__getitem__, sizes)
    data = b"".join(chain.from_iterable(zip(prefixes, repeat(head), tails, strict=False)))
    ends = list(accumulate(size + 2 for size in sizes))
    return Group(first, data, ends, head, tails)


def group_from_frame(first: int, count: int, data: bytes, skip: int = 0) -> Group:
    """A group from a journal frame's bytes without its first `skip` entries; InvalidInput when malformed."""
    entries = decode_bundle(data, count)
    ends = list(accumulate(len(entry) + 2 for entry in entries))
    if skip:
        cut = ends[skip - 1]
        return Group(first + skip, data[cut:], [end - cut for end in ends[skip:]], b"", None)
    return Group(first, data, ends, b"", None)


class Pending:
    """The groups between the commit point and the signed tree, oldest first, without gaps."""

    def __init__(self, next_index: int) -> None:
        self._lock = threading.Lock()
        self._groups: list[Group] = []
        self._firsts: list[int] = []
        self._bytes = 0
        self._next = next_index

    @property
    def next_index(self) -> int:
        """One past the last committed entry: the committed size of the log."""
        return self._next

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def add(self, group: Group) -> None:
        with self._lock:
            if group.first != self._next:
                raise ValueError(f"group begins at {group.first}, expected {self._next}")
            self._groups.append(group)
            self._firsts.append(group.first)
            self._bytes += len(group.data)
            self._next = group.next_index

    def since(self, index: int) -> list[Group]:
        """The groups that begin at or after `index`, oldest first."""
        with self._lock:
            # not a search through all: integration asks after every commit, while a second of groups waits
            return self._groups[bisect_left(self._firsts, index) :]

    def drop_below(self, index: int) -> None:
        """Let go of groups that end at or below `index`."""
        with self._lock:
            keep = 0
            while keep < len(self._groups) and self._groups[keep].next_index <= index:
                self._bytes -= len(self._groups[keep].data)
                keep += 1
            del self._groups[:keep]
            del self._firsts[:keep]

    def entry(self, index: int) -> bytes | None:
        """The entry at `index`, or None when it is not (or no longer) here."""
        with self._lock:
            at = bisect_right(self._firsts, index) - 1
            if at < 0:
                return None
            group = self._groups[at]
        if index >= group.next_index:
            return None
        return group.entry(index - group.first)

    def records(self, start: int, stop: int) -> Iterator[memoryview]:
        """Bundle encoding of entries [start, stop), piece by piece; KeyError when some are not here."""
        with self._lock:
            at = bisect_right(self._firsts, start) - 1
            groups = self._groups[at:] if at >= 0 else []
        for group in groups:
            if start >= stop:
                return
            if not group.first <= start < group.next_index:
                raise KeyError(start)
            end = min(stop, group.next_index)
            yield group.records(start - group.first, end - group.first)
            start = end
        if start < stop:
            raise KeyError(start)
