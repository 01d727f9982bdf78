"""Events that wait to be batched, in order, within a bound. Pure: no lock, no thread, the clock passed in."""

from collections import deque

__all__ = ["Batcher"]


class Batcher:
    """A bounded queue of encoded events that says when a batch is due.

    A batch is due when `batch_events` or `batch_bytes` wait, or the oldest waits for `batch_age_s`.
    """

    __slots__ = ("_age_s", "_bytes", "_events", "_limit_bytes", "_limit_events", "_max_bytes", "_max_events")

    def __init__(
        self,
        *,
        batch_events: int,
        batch_bytes: int,
        batch_age_s: float,
        queue_events: int,
        queue_bytes: int,
    ) -> None:
        self._max_events = batch_events
        self._max_bytes = batch_bytes
        self._age_s = batch_age_s
        self._limit_events = queue_events
        self._limit_bytes = queue_bytes
        self._events: deque[tuple[bytes, float]] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def add(self, event: bytes, now: float) -> bool:
        """Queue one event; False, and nothing changes, when the queue is at its bound."""
        if len(self._events) >= self._limit_events or self._bytes + len(event) > self._limit_bytes:
            return False
        self._events.append((event, now))
        self._bytes += len(event)
        return True

    def full(self) -> bool:
        """A whole batch waits."""
        return len(self._events) >= self._max_events or self._bytes >= self._max_bytes

    def due_in(self, now: float) -> float | None:
        """Seconds until a batch is due (0 or less: now), None when nothing waits."""
        if not self._events:
            return None
        if self.full():
            return 0.0
        return self._events[0][1] + self._age_s - now

    def take(self) -> list[bytes]:
        """The next batch, due or not: the oldest events within both limits, at least one if any wait."""
        taken: list[bytes] = []
        size = 0
        while self._events and len(taken) < self._max_events:
            event = self._events[0][0]
            if taken and size + len(event) > self._max_bytes:
                break
            self._events.popleft()
            taken.append(event)
            size += len(event)
        self._bytes -= size
        return taken
