"""Answers of any size: made piece by piece, and only as fast as somebody asks for the next piece."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from graven.errors import Busy, NotFound

__all__ = ["Streams"]

_MOST: Final = 32
_FORGOTTEN_S: Final = 120.0


class _Stream:
    def __init__(self, pieces: Iterator[bytes], now: float) -> None:
        self.pieces = pieces
        self.used = now
        self.lock = threading.Lock()


class Streams:
    """By number. One that nobody asks for two minutes is closed by the next `sweep`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: dict[int, _Stream] = {}

    def open(self, number: int, pieces: Iterator[bytes]) -> None:
        """Busy when too many are open."""
        self.sweep()
        now = self._clock()
        with self._lock:
            if len(self._streams) >= _MOST:
                raise Busy(f"{_MOST} exports are under way", hint="try again when one of them ended", retry_after_s=5)
            self._streams[number] = _Stream(pieces, now)

    def sweep(self) -> None:
        """Close those that nobody asks any more."""
        now = self._clock()
        with self._lock:
            for number, stream in list(self._streams.items()):
                if now - stream.used > _FORGOTTEN_S and not stream.lock.locked():
                    del self._streams[number]

    def next(self, number: int) -> bytes | None:
        """The next piece, which may be empty; None at the end, after which the stream is gone.

        A stream that is closed meanwhile makes this piece and no other.
        """
        with self._lock:
            stream = self._streams.get(number)
        if stream is None:
            raise NotFound("this export is over", hint="begin anew", code="export_over")
        with stream.lock:
            try:
                piece = next(stream.pieces, None)
            except BaseException:
                self.close(number)
                raise
        stream.used = self._clock()
        if piece is None:
            self.close(number)
        return piece

    def close(self, number: int) -> None:
        """Whether it is there or not."""
        with self._lock:
            self._streams.pop(number, None)
