"""Questions about all bytes of a large body: numpy where it is installed, plain Python otherwise."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Any, Final

__all__ = ["count_byte", "digit_runs", "opening_brackets_over"]

_RUN: Final = re.compile(rb"0{14,}")
_DIGITS_TO_0: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x61 for byte in range(256))
_SMALL: Final = 4_096  # bytes below which calling numpy costs more than it saves


@cache
def _load() -> Any:
    """numpy or None; imported when the first large body comes, because the light install starts without it."""
    try:
        import numpy as np
    except ImportError:
        return None
    return np


def count_byte(data: bytes, byte: int) -> int:
    """How often one byte value occurs."""
    if len(data) < _SMALL or (np := _load()) is None:
        return data.count(byte)
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == byte))


def opening_brackets_over(limit: int, joined: bytes, items: Sequence[bytes]) -> list[int]:
    """Positions of items with more than `limit` bytes `{` or `[` in them: a cheap upper bound of depth.

    `joined` is the items with one byte between them.
    """
    if len(joined) < _SMALL or (np := _load()) is None:
        return [at for at, item in enumerate(items) if item.count(b"{") + item.count(b"[") > limit]
    # bit 0x20 is all that tells '[' from '{'
    found = np.flatnonzero((np.frombuffer(joined, np.uint8) | 0x20) == 0x7B)
    ends = np.fromiter(accumulate(len(item) + 1 for item in items), np.int64, len(items))
    counts = np.diff(np.searchsorted(found, ends), prepend=0)
    return np.flatnonzero(counts > limit).tolist()  # type: ignore[no-any-return]


def digit_runs(data: bytes) -> list[int]:
    """Offsets that lie inside each run of 14 or more ASCII digits (and, rarely, inside something similar)."""
    if len(data) < _SMALL or (np := _load()) is None:
        return _runs_in(data, 0)
    words = np.frombuffer(data, "<u4", count=len(data) // 4)
    # high nibbles 3 in all four bytes: digits, or one of :;<=>?
    full = (words & 0xF0F0F0F0) == 0x30303030
    at = np.flatnonzero(full[:-1] & full[1:])
    if not len(at):
        return _runs_in(data, len(data) - 32)
    # fourteen bytes hold two aligned words and either a third, or three bytes on both sides of the two
    after = words[np.minimum(at + 2, len(words) - 1)]
    third = (after & 0xF0F0F0F0) == 0x30303030
    around = ((words[at - 1] & 0xF0F0F000) == 0x30303000) & ((after & 0x00F0F0F0) == 0x00303030)
    found: list[int] = (at[third | around] * 4).tolist()
    return found + _runs_in(data, len(data) - 32)


def _runs_in(data: bytes, start: int) -> list[int]:
    zeros = data[start:].translate(_DIGITS_TO_0)
    if b"0" * 14 not in zeros:
        return []
    return [start + match.start() for match in _RUN.finditer(zeros)]
