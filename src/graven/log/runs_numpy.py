"""Sorted runs and the key filter with numpy, for the server; see `runs` for the file."""

import hashlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from graven.errors import StorageFailed
from graven.event.batch import DIGEST_SIZE
from graven.log.run_format import HEADER, MAGIC, ROW_BYTES, Known
from graven.storage.durable import write_durably

__all__ = ["KeyFilter", "Run", "split_keys", "write_run"]

U64 = npt.NDArray[np.uint64]


def split_keys(keys: bytes) -> tuple[U64, U64]:
    """Both halves of concatenated 16-byte keys, as big-endian numbers in native order."""
    halves = np.frombuffer(keys, dtype=">u8").reshape(-1, 2)
    return halves[:, 0].astype(np.uint64), halves[:, 1].astype(np.uint64)


def write_run(folder: Path, first: int, keys: bytes, digests: bytes) -> Path:
    """Sort and write one run, durable on return; StorageFailed when that fails.

    A run that a crash left behind complete is recognised and kept; `keys` must not repeat.
    """
    high, low = split_keys(keys)
    order = np.lexsort((low, high))
    rows = np.frombuffer(digests, dtype=np.uint8).reshape(-1, DIGEST_SIZE)
    body = b"".join(
        (
            high[order].astype("<u8").tobytes(),
            low[order].astype("<u8").tobytes(),
            rows[order].tobytes(),
            order.astype("<u4").tobytes(),
        )
    )
    data = HEADER.pack(MAGIC, first, len(high), hashlib.sha256(body).digest()) + body
    path = folder / f"{first:020d}.run"
    if path.exists():
        if path.read_bytes() != data:
            raise StorageFailed(f"{path} exists with other content", code="immutable_changed")
        return path
    write_durably(path, data)
    return path


class Run:
    """A mapped run. Raises StorageFailed (`run_damaged`) when the file is not what it claims to be."""

    __slots__ = ("_digests", "_high", "_low", "_positions", "count", "first", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            mapped = np.memmap(path, dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise StorageFailed(f"{path} cannot be mapped: {error}", code="run_damaged") from error
        if len(mapped) < HEADER.size:
            raise StorageFailed(f"{path} is cut", code="run_damaged")
        magic, self.first, self.count, digest = HEADER.unpack(mapped[: HEADER.size].tobytes())
        if magic != MAGIC or len(mapped) != HEADER.size + self.count * ROW_BYTES:
            raise StorageFailed(f"{path} is no complete run", code="run_damaged")
        if hashlib.sha256(mapped[HEADER.size :].data).digest() != digest:
            raise StorageFailed(f"{path} does not match its digest", code="run_damaged")
        ends = np.cumsum([HEADER.size, *(self.count * width for width in (8, 8, DIGEST_SIZE, 4))])
        columns = [mapped[a:b] for a, b in pairwise(ends)]
        self._high = columns[0].view("<u8")
        self._low = columns[1].view("<u8")
        self._digests = columns[2].reshape(-1, DIGEST_SIZE)
        self._positions = columns[3].view("<u4")

    @property
    def next_index(self) -> int:
        return int(self.first + self.count)

    def halves(self) -> tuple[U64, U64]:
        """Both halves of all keys, sorted."""
        return self._high, self._low

    def find(self, keys: list[bytes]) -> dict[bytes, Known]:
        """Those of `keys` that are in this run."""
        high, low = split_keys(b"".join(keys))
        starts = np.searchsorted(self._high, high, side="left")
        found = {}
        for key, h, lo, start in zip(keys, high, low, starts, strict=True):
            at = int(start)
            while at < self.count and self._high[at] == h:  # equal first halves: one in 2^48 runs
                if self._low[at] == lo:
                    index = self.first + int(self._positions[at])
                    found[key] = Known(index, self._digests[at].tobytes())
                at += 1
        return found


class KeyFilter:
    """A Bloom filter over keys: 64 bits and four probes a key, so one new key in some 60,000 is suspected.

    Keys are cuts of SHA-256, so their own bits are the probes; nobody can choose them cheaply.
    """

    def __init__(self, capacity: int) -> None:
        self._mask = (1 << (capacity * 64 - 1).bit_length()) - 1
        self._buffer = bytearray((self._mask + 1) // 8)
        self._bits = np.frombuffer(self._buffer, dtype=np.uint8)

    def add(self, high: U64, low: U64) -> None:
        for half in (high, low):
            for shift in (0, 32):
                at, bit = self._places(half, shift)
                np.bitwise_or.at(self._bits, at, bit)

    def may_hold(self, high: U64, low: U64) -> npt.NDArray[np.intp]:
        """Positions of the keys that may have been added; all that were are among them."""
        left: npt.NDArray[np.intp] = np.arange(len(high))
        for half, shift in ((high, 0), (low, 0), (high, 32), (low, 32)):
            at, bit = self._places(half[left], shift)
            left = np.compress((self._bits[at] & bit) != 0, left)
            if not len(left):  # after the first probes nearly always: new keys are cheap
                break
        return left

    def may_hold_one(self, high: int, low: int) -> bool:
        """The same for a single key, without the fixed cost of array operations."""
        for half in (high, low, high >> 32, low >> 32):
            place = half & self._mask
            if not self._buffer[place >> 3] >> (place & 7) & 1:
                return False
        return True

    def _places(self, half: U64, shift: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
        places = (half >> np.uint64(shift)) & np.uint64(self._mask)
        bit = np.left_shift(np.uint8(1), (places & np.uint64(7)).astype(np.uint8))
        return (places >> np.uint64(3)).astype(np.intp), bit
