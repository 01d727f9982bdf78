"""A budget of bytes in flight, so that memory stays bounded whatever is sent.

Used on the event loop only, hence without locks. Nobody waits for room: a request that does not fit is
refused at once (429), because a waiting request would itself hold a connection and a buffer.
"""

from types import TracebackType
from typing import Self

from graven.errors import Busy

__all__ = ["Budget", "Reservation"]


class Budget:
    """`capacity` bytes that reservations share."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.used = 0
        self.refused = 0

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
        if budget.used + amount > budget.capacity:
            budget.refused += 1
            raise Busy(
                f"{budget.used} of {budget.capacity} bytes of requests are in flight, {amount} more do not fit",
                hint="send again after the time in Retry-After, or send smaller batches",
                code="too_many_bytes_in_flight",
            )
        budget.used += amount
        self.held += amount

    def shrink(self, amount: int) -> None:
        """Give `amount` bytes back."""
        self._budget.used -= amount
        self.held -= amount

    def release(self) -> None:
        """Give everything back; harmless when called again."""
        self._budget.used -= self.held
        self.held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
