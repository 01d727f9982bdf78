"""A budget of bytes in flight, so that memory stays bounded whatever is sent.

Nobody waits for room: a request that does not fit is refused at once (429), because a waiting request would
itself hold a connection and a buffer. One token holds at most half, so that its slow uploads cannot starve the others.
"""

import threading
from types import TracebackType
from typing import Self

from graven.errors import Busy

__all__ = ["UPLOAD_BYTES", "Budget", "Reservation"]

UPLOAD_BYTES = 1024 * 1024
"""What one upload of a blob holds of the budget while it streams to disk."""


class Budget:
    """`capacity` bytes that reservations share; those of one owner take at most half of it."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self.refused = 0
        self.held_by: dict[str, int] = {}
        self.lock = threading.Lock()  # decompression grows reservations from worker threads

    def reserve(self, owner: str, amount: int = 0) -> "Reservation":
        """Take `amount` bytes for `owner`, a token's id; Busy when they do not fit."""
        reservation = Reservation(self, owner)
        reservation.grow(amount)
        return reservation


class Reservation:
    """What one request holds; a context manager that gives everything back."""

    __slots__ = ("_budget", "_owner", "held")

    def __init__(self, budget: Budget, owner: str) -> None:
        self._budget = budget
        self._owner = owner
        self.held = 0

    def grow(self, amount: int) -> None:
        """Take `amount` more bytes; Busy, with nothing taken, when they do not fit."""
        budget = self._budget
        with budget.lock:
            own = budget.held_by.get(self._owner, 0) + amount
            if own <= budget.capacity // 2 and budget.used + amount <= budget.capacity:
                budget.used += amount
                budget.held_by[self._owner] = own
                self.held += amount
                return
            budget.refused += 1
            used = budget.used
        raise Busy(
            f"{used} of {budget.capacity} bytes of requests are in flight, {own - amount} of them by this token;"
            f" {amount} more do not fit",
            why="one token may hold half of the room, so that it cannot keep the others out",
            hint="send again after the time in Retry-After, or send smaller batches",
            code="too_many_bytes_in_flight",
        )

    def shrink(self, amount: int) -> None:
        """Give `amount` bytes back."""
        budget = self._budget
        with budget.lock:
            budget.used -= amount
            self.held -= amount
            left = budget.held_by.get(self._owner, 0) - amount
            if left > 0:
                budget.held_by[self._owner] = left
            else:
                budget.held_by.pop(self._owner, None)

    def release(self) -> None:
        """Give everything back; harmless when called again."""
        self.shrink(self.held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
