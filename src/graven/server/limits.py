"""A budget of bytes in flight, so that memory stays bounded whatever is sent.

Nobody waits for room: a request that does not fit is
refused at once (429), because a waiting request would itself hold a connection and a buffer.
"""

import threading
from types import TracebackType
from typing import Self

from graven.errors import Busy

__all__ = ["UPLOAD_BYTES", "Budget", "Reservation"]

UPLOAD_BYTES = 1024 * 1024
"""What one upload of a blob holds of the budget while it streams to disk."""


class Budget:
    """`capacity` bytes that reservations share."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self.refused = 0
        self.lock = threading.Lock()  # decompression grows reservations from worker threads

    def reserve(self, amount: int = 0) -> "Reservation":
        """Take `amount` bytes; Busy when they do not fit."""
        reservation = Reservation(self)
        reservation.grow(amount)
        return reservation


class Reservation:
    """What one request holds; a context manager that gives everything back."""

    __slots__ = ("_budget", "held")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    def grow(self, amount: int) -> None:
        """Take `amount` more bytes; Busy, with nothing taken, when they do not fit."""
        budget = self._budget
        with budget.lock:
            if budget.used + amount <= budget.capacity:
                budget.used += amount
                self.held += amount
                return
            budget.refused += 1
            used = budget.used
        raise Busy(
            f"{used} of {budget.capacity} bytes of requests are in flight, {amount} more do not fit",
            hint="send again after the time in Retry-After, or send smaller batches",
            code="too_many_bytes_in_flight",
        )

    def shrink(self, amount: int) -> None:
        """Give `amount` bytes back."""
        with self._budget.lock:
            self._budget.used -= amount
            self.held -= amount

    def release(self) -> None:
        """Give everything back; harmless when called again."""
        self.shrink(self.held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
