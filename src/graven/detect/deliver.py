"""Sending what was queued: again after a failure, later and later, until it is taken or the last attempt failed.

At least once: a crash between an answer and its note sends again, under the same `webhook-id`. What came of it is
kept first and recorded in `system` then (`alert.deliver`, its id made of firing and address), so that the record is
the same to the byte however often it is made.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from graven.detect.address import shown
from graven.detect.follow import Record, record_once
from graven.detect.sent import Attempt, Delivered, Later, Refused, Send
from graven.detect.store import AlertStore, Delivery

__all__ = ["MOST_ATTEMPTS", "Deliver", "deliver_event", "wait_s"]

MOST_ATTEMPTS: Final = 12
"""With the waits below the last one comes a day and a half after the first."""
_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 21_600.0
_AT_ONCE: Final = 8
_SECOND: Final = 1_000_000_000


class Deliver:
    """One thread calls `step` again and again."""

    def __init__(
        self,
        store: AlertStore,
        send: Mapping[str, Send],
        record: Record,
        *,
        clock: Callable[[], int],
        random: Callable[[], float],
    ) -> None:
        """`send` by scheme (`https`, `http`, `mailto`); `clock` gives Unix ns, `random` [0, 1)."""
        self._store = store
        self._send = send
        self._record = record
        self._clock = clock
        self._random = random

    def step(self) -> int | None:
        """Send what is due, at most eight at once, and record what was decided.

        Gives when the next one is due, Unix ns; None when nothing waits. Raises what recording and storing raise.
        """
        due = self._store.due(self._clock(), _AT_ONCE)
        if due:
            asyncio.run(self._send_all(due))
        for decided in self._store.unrecorded():
            record_once(self._record, deliver_event(decided))
            self._store.forget(decided)
        return self._store.next_due_ns()

    async def _send_all(self, due: list[Delivery]) -> None:
        async with asyncio.TaskGroup() as group:
            for delivery in due:
                group.create_task(self._one(delivery))

    async def _one(self, delivery: Delivery) -> None:
        send = self._send.get(delivery.address.partition(":")[0])
        attempt: Attempt = Refused("this server has no way to send there") if send is None else await send(delivery)
        self._store.update(self._decided(delivery, attempt))

    def _decided(self, delivery: Delivery, attempt: Attempt) -> Delivery:
        tried = delivery._replace(attempts=delivery.attempts + 1, detail=attempt.detail)
        match attempt:
            case Delivered():
                return tried._replace(outcome="success")
            case Later(_, after_s) if tried.attempts < MOST_ATTEMPTS:
                pause_s = max(after_s, wait_s(tried.attempts, self._random()))
                return tried._replace(due_ns=self._clock() + int(pause_s * _SECOND))
            case _:
                return tried._replace(outcome="failure")


def wait_s(attempts: int, random: float) -> float:
    """Seconds until the next attempt after so many: four times longer each time, from 5 s to 6 h, up to half of it
    taken away by chance, so that many that failed together do not come back together."""
    return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 4.0 ** (min(attempts, 20) - 1)) * (1.0 - random / 2)


def deliver_event(delivery: Delivery) -> dict[str, Any]:
    """The event/1 `alert.deliver` of a delivery that was decided. The address is shown without its path."""
    address = shown(delivery.address)
    key = hashlib.sha256(f"{delivery.fire} {delivery.address}".encode()).hexdigest()[:32]
    said = "delivered to" if delivery.outcome == "success" else "not delivered to"
    return {
        "id": f"deliver-{key}",
        "action": "alert.deliver",
        "source": "graven",
        "outcome": delivery.outcome,
        "actor": {"type": "system", "id": "graven"},
        "targets": [{"type": "alert", "id": f"{delivery.log}/{delivery.alert}"}, {"type": "address", "id": address}],
        "causation_id": delivery.fire,
        "message": f"{delivery.log}/{delivery.alert} {said} {address}: {delivery.detail}",
        "attributes": {"attempts": delivery.attempts, "detail": delivery.detail, "fire": delivery.fire},
    }
