"""Counting bytes in large buffers: numpy where it is installed, plain `bytes.count` otherwise."""

from collections.abc import Callable
from typing import Any, Final

__all__ = ["count_byte"]


def _choose() -> Callable[[bytes, int], int]:
    try:
        import numpy as np
    except ImportError:
        return lambda data, byte: data.count(byte)
    array: Any = np

    def count(data: bytes, byte: int) -> int:
        if len(data) < 4_096:
            return data.count(byte)
        return int(array.count_nonzero(array.frombuffer(data, array.uint8) == byte))

    return count


count_byte: Final = _choose()
"""(data, byte value) → how often it occurs."""
