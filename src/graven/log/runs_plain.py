"""Sorted runs and the key filter in plain Python, for the light install; see `runs` for the file."""

import hashlib
import mmap
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from graven.errors import StorageFailed
from graven.event.batch import DIGEST_SIZE
from graven.log.run_format import HEADER, MAGIC, ROW_BYTES, Known
from graven.storage.durable import write_durably

__all__ = ["KeyFilter", "Run", "split_keys", "write_run"]


def split_keys(keys: bytes) -> tuple[Sequence[int], Sequence[int]]:
    """Both halves of concatenated 16-byte keys, as big-endian numbers."""
    halves = array("Q", keys)
    if sys.byteorder == "little":
        halves.byteswap()
    return halves[::2], halves[1::2]


def _little(code: str, numbers: Sequence[int]) -> bytes:
    column = array(code, numbers)
    if sys.byteorder == "big":
        column.byteswap()
    return column.tobytes()


def _numbers(code: str, content: memoryview) -> Sequence[int]:
    if sys.byteorder == "little":
        return content.cast(code)  # type: ignore[call-overload,no-any-return]  # the code is Q or I
    column = array(code, content.tobytes())
    column.byteswap()
    return column


def write_run(folder: Path, first: int, keys: bytes, digests: bytes) -> Path:
    """Sort and write one run, durable on return; StorageFailed when that fails. `keys` must not repeat."""
    high, low = split_keys(keys)
    order = sorted(range(len(high)), key=lambda at: keys[at * 16 : at * 16 + 16])
    body = b"".join(
        (
            _little("Q", [high[at] for at in order]),
            _little("Q", [low[at] for at in order]),
            *(digests[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE] for at in order),
            _little("I", order),
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
            with path.open("rb") as file:
                mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError) as error:
            raise StorageFailed(f"{path} cannot be mapped: {error}", code="run_damaged") from error
        if len(mapped) < HEADER.size:
            raise StorageFailed(f"{path} is cut", code="run_damaged")
        magic, self.first, self.count, digest = HEADER.unpack(mapped[: HEADER.size])
        if magic != MAGIC or len(mapped) != HEADER.size + self.count * ROW_BYTES:
            raise StorageFailed(f"{path} is no complete run", code="run_damaged")
        body = mapped[HEADER.size :]
        if hashlib.sha256(body).digest() != digest:
            raise StorageFailed(f"{path} does not match its digest", code="run_damaged")
        n = self.count
        self._high = _numbers("Q", body[: n * 8])
        self._low = _numbers("Q", body[n * 8 : n * 16])
        self._digests = body[n * 16 : n * (16 + DIGEST_SIZE)]
        self._positions = _numbers("I", body[n * (16 + DIGEST_SIZE) :])

    @property
    def next_index(self) -> int:
        return int(self.first + self.count)

    def halves(self) -> tuple[Sequence[int], Sequence[int]]:
        """Both halves of all keys, sorted."""
        return self._high, self._low

    def find(self, keys: list[bytes]) -> dict[bytes, Known]:
        """Those of `keys` that are in this run."""
        found = {}
        for key, high, low in zip(keys, *split_keys(b"".join(keys)), strict=True):
            at = bisect_left(self._high, high)
            while at < self.count and self._high[at] == high:
                if self._low[at] == low:
                    digest = self._digests[at * DIGEST_SIZE : (at + 1) * DIGEST_SIZE]
                    found[key] = Known(self.first + self._positions[at], digest.tobytes())
                at += 1
        return found


class KeyFilter:
    """The Bloom filter of `runs_numpy`, bit for bit: the same places, the same answers."""

    def __init__(self, capacity: int) -> None:
        self._mask = (1 << (capacity * 64 - 1).bit_length()) - 1
        self._buffer = bytearray((self._mask + 1) // 8)

    def add(self, high: Sequence[int], low: Sequence[int]) -> None:
        mask, buffer = self._mask, self._buffer
        for column in (high, low):
            for half in column:
                for place in (half & mask, half >> 32 & mask):
                    buffer[place >> 3] |= 1 << (place & 7)

    def may_hold(self, high: Sequence[int], low: Sequence[int]) -> list[int]:
        """Positions of the keys that may have been added; all that were are among them."""
        return [at for at, (h, lo) in enumerate(zip(high, low, strict=True)) if self.may_hold_one(h, lo)]

    def may_hold_one(self, high: int, low: int) -> bool:
        """The same for a single key."""
        for half in (high, low, high >> 32, low >> 32):
            place = half & self._mask
            if not self._buffer[place >> 3] >> (place & 7) & 1:
                return False
        return True
