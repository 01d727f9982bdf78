"""A small cache of what is valid, whose entries others may end while they are being read.

A reader that looked before an end, and stores after it, would bring back what was ended. So every `forget` and `clear`
begins a new generation, and what was loaded in an older one is given to its caller once and not kept.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Remembered"]

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Thread-safe, at most `most` values. Whoever ends something writes that first, and calls `forget` or `clear`
    then: after that call no reader gets the value from here."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: dict[K, V] = {}
        self._generation = 0

    def get(self, key: K, load: Callable[[], V | None]) -> V | None:
        """The value, from `load` when it is not remembered; None is never kept. `load` runs without the lock."""
        with self._lock:
            known = self._values.get(key)
            generation = self._generation
        if known is not None:
            return known
        loaded = load()
        if loaded is not None:
            with self._lock:
                if generation == self._generation:
                    if len(self._values) >= self._most:
                        self._values.clear()
                    self._values[key] = loaded
        return loaded

    def forget(self, key: K) -> None:
        """End one value."""
        with self._lock:
            self._generation += 1
            self._values.pop(key, None)

    def clear(self) -> None:
        """End all of them."""
        with self._lock:
            self._generation += 1
            self._values.clear()
