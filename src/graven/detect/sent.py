"""What came of one attempt to send."""

from typing import NamedTuple, Protocol

from graven.detect.store import Delivery

__all__ = ["Attempt", "Delivered", "Later", "Refused", "Send"]


class Delivered(NamedTuple):
    """The receiver took it; `detail` is its answer, such as `204`."""

    detail: str


class Later(NamedTuple):
    """It may work later, not before `after_s` seconds when the receiver said so."""

    detail: str
    after_s: float = 0.0


class Refused(NamedTuple):
    """It will not work, however often it is tried."""

    detail: str


Attempt = Delivered | Later | Refused


class Send(Protocol):
    """One attempt within a bounded time. Never raises for what a receiver or a network may do; `detail` holds no
    secret, and nothing of an answer's body."""

    async def __call__(self, delivery: Delivery) -> Attempt: ...
