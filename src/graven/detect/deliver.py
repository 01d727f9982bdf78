"""Sending what was queued: again after a failure, later and later, until it is taken or the last attempt failed.

At least once: a crash between an answer and its note sends again, under the same `webhook-id`. What came of it is
kept first and recorded in `system` then (`alert.deliver`, its id made of firing and address), so that the record is
the same to the byte however often it is made.

One that does not answer must hold nobody else: at most one delivery is in flight for each address, and few for each
host (mail has one host, our own server), so that there is room for the others. Alerts take turns (`turns`): one that
fires without end holds up no other. What is cut off by the end of the
server is no attempt: it is sent again.

With a full disk what came of a delivery cannot be kept. It stays in memory then, and nothing more is sent until it was
kept: a receiver does not get the same again and again.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from graven.detect.address import host_of, shown
from graven.detect.follow import Record, record_once
from graven.detect.sent import Attempt, Delivered, Later, Refused, Send
from graven.detect.store import AlertStore, Delivery
from graven.detect.turns import Turns
from graven.errors import StorageFailed

__all__ = ["MOST_ATTEMPTS", "OUTCOMES", "Deliver", "deliver_event", "wait_s"]

MOST_ATTEMPTS: Final = 12
"""With the waits below the last one comes a day and a half after the first."""
OUTCOMES: Final = ("delivered", "failed", "given_up")
"""What came of an attempt: `failed` ones are tried again."""
_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 21_600.0
_AT_ONCE: Final = 64
_AT_ONCE_EACH: Final = 4
_MOST_RECORDED: Final = 256
_SECOND: Final = 1_000_000_000


class Deliver:
    """`run` sends, on a loop of its own; `record` records what was decided, from any one thread."""

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
        self._turns = Turns()
        self._in_flight: dict[str, str] = {}
        """Host by address."""
        self._unkept: dict[tuple[str, str], Delivery] = {}
        """What was decided and not stored, by firing and address."""
        self._failed: StorageFailed | None = None
        self.is_well = False
        """Whether the last `run` stored something or found nothing to send: if it failed, that failure is a new one."""
        self.is_behind = False
        """Whether `record` left something: it should be called again at once."""
        self.attempts: Final = dict.fromkeys(OUTCOMES, 0)
        """Attempts since the start, by what came of them; those that were cut off are none."""

    async def run(self, look_s: float | None) -> None:
        """Send what is due until cancelled, and look for more every `look_s`; None: until nothing is due.

        Raises what storing raises, once what was in flight has ended. What was decided then is stored by the next
        `run`, before that sends anything.
        """
        changed = asyncio.Event()
        self._in_flight = {}
        self._failed = None
        self.is_well = False
        for one in list(self._unkept.values()):
            self._keep(one)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    changed.clear()
                    if self._failed is None:
                        self._look(group, changed)
                    if not self._in_flight and (look_s is None or self._failed is not None):
                        break
                    with suppress(TimeoutError):
                        async with asyncio.timeout(look_s):
                            await changed.wait()
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        if self._failed is not None:
            raise self._failed

    def record(self) -> None:
        """Record what was decided, no more than a part of it at a time. Raises what recording and storing raise."""
        self.is_behind = False
        decided = self._store.unrecorded(_MOST_RECORDED)
        for one in decided:
            record_once(self._record, deliver_event(one))
            self._store.forget(one)
        self.is_behind = len(decided) == _MOST_RECORDED

    def _look(self, group: asyncio.TaskGroup, changed: asyncio.Event) -> None:
        try:
            self._begin(group, changed)
        except StorageFailed as error:
            self._failed = error
        else:
            self.is_well = self.is_well or not self._in_flight

    def _keep(self, decided: Delivery) -> None:
        """Store it; it stays in memory until that succeeds."""
        key = decided.fire, decided.address
        self._unkept[key] = decided
        self._store.update(decided)
        del self._unkept[key]
        self.is_well = True

    def _begin(self, group: asyncio.TaskGroup, changed: asyncio.Event) -> None:
        hosts = Counter(self._in_flight.values())
        for delivery in self._turns.order(self._store.due(self._clock())):
            host = host_of(delivery.address)
            if len(self._in_flight) >= _AT_ONCE:
                return
            if delivery.address not in self._in_flight and hosts[host] < _AT_ONCE_EACH:
                hosts[host] += 1
                self._in_flight[delivery.address] = host
                self._turns.served(delivery)
                group.create_task(self._one(delivery, changed))

    async def _one(self, delivery: Delivery, changed: asyncio.Event) -> None:
        try:
            decided = self._decided(delivery, await self._attempt(delivery))
            self.attempts[_outcome(decided)] += 1
            self._keep(decided)
        except StorageFailed as error:  # those in flight go on: cut off, they would be sent again
            self._failed = error
        finally:
            self._in_flight.pop(delivery.address, None)
            changed.set()

    async def _attempt(self, delivery: Delivery) -> Attempt:
        send = self._send.get(delivery.address.partition(":")[0])
        if send is None:
            mail = delivery.address.startswith("mailto:")
            return Refused(
                "this server sends no mail: alerts.mail_host is not set" if mail else "this server cannot send there"
            )
        try:
            return await send(delivery)
        except Exception as error:  # noqa: BLE001 - a bug in one way to send must not hold the others
            return Later(f"a bug: {type(error).__name__}")

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


def _outcome(decided: Delivery) -> str:
    return "failed" if decided.outcome is None else "delivered" if decided.outcome == "success" else "given_up"


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
