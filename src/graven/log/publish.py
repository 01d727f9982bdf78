"""Publication: when a signed checkpoint is shown to readers, and who waits for it.

At most one checkpoint every `every_s`; a reader who waits brings it forward, but never closer than
`soon_s` after the wish, so that a hundred wishes cost one checkpoint. `Schedule` is pure: it is given
the time, in seconds of any monotonic clock.
"""

import threading
from bisect import insort
from collections.abc import Callable
from contextlib import suppress

from graven.log.highwater import HighWater
from graven.storage.contracts import Objects

__all__ = ["CHECKPOINT", "Publisher", "Schedule", "Waiters"]

CHECKPOINT = "checkpoint"


class Schedule:
    """Decides when the next integration round is due."""

    def __init__(self, *, every_s: float, soon_s: float) -> None:
        self._every_s = every_s
        self._soon_s = soon_s
        self._last_s = float("-inf")
        self._wished_s: float | None = None

    def published(self, now_s: float) -> None:
        self._last_s = now_s
        self._wished_s = None

    def wish(self, now_s: float) -> None:
        """Somebody waits; the first wish since the last publication counts."""
        if self._wished_s is None:
            self._wished_s = now_s

    def due_s(self) -> float:
        """The earliest moment for the next publication, if there is anything to publish."""
        regular = self._last_s + self._every_s
        if self._wished_s is None:
            return regular
        return min(regular, self._wished_s + self._soon_s)


class Waiters:
    """Callbacks that wait for a published size; each is called once, True when it was reached."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, int, Callable[[bool], None]]] = []
        self._sequence = 0
        self._closed = False

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def add(self, size: int, done: Callable[[bool], None]) -> None:
        with self._lock:
            if not self._closed:
                self._sequence += 1
                insort(self._waiting, (size, self._sequence, done))
                return
        _call(done, reached=False)

    def reached(self, size: int) -> None:
        """Call everybody who waits for `size` or less."""
        with self._lock:
            ready = 0
            while ready < len(self._waiting) and self._waiting[ready][0] <= size:
                ready += 1
            called, self._waiting = self._waiting[:ready], self._waiting[ready:]
        for _, _, done in called:
            _call(done, reached=True)

    def close(self) -> None:
        """Call everybody with False, and whoever comes later."""
        with self._lock:
            self._closed = True
            called, self._waiting = self._waiting, []
        for _, _, done in called:
            _call(done, reached=False)


def _call(done: Callable[[bool], None], *, reached: bool) -> None:
    with suppress(Exception):  # a caller that went away must not stop publication
        done(reached)


class Publisher:
    """Shows checkpoints that the head already holds. One thread calls `publish`."""

    def __init__(
        self,
        objects: Objects,
        highwater: HighWater | None,
        *,
        on_published: Callable[[bytes], None],
        on_highwater_failure: Callable[[str], None],
    ) -> None:
        """`on_published` gets every published checkpoint and must not block (anchors queue it)."""
        self._objects = objects
        self._highwater = highwater
        self._on_published = on_published
        self._on_highwater_failure = on_highwater_failure
        self._warned = False

    def publish(self, checkpoint: bytes) -> None:
        """High-water mark, then the `checkpoint` file; durable on return. StorageFailed when it cannot be.

        The mark comes first: whoever saw a checkpoint is protected against a copy older than it.
        """
        self.keep_mark(checkpoint)
        self._objects.replace(CHECKPOINT, checkpoint)
        self._on_published(checkpoint)

    def keep_mark(self, checkpoint: bytes) -> None:
        """Write the high-water mark; a failure is reported once, until it works again."""
        if self._highwater is None:
            return
        try:
            self._highwater.save(checkpoint)
            self._warned = False
        except Exception as error:  # noqa: BLE001 - the mark is a second line; the log must go on without it
            if not self._warned:
                self._warned = True
                self._on_highwater_failure(str(error))
