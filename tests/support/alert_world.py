"""A log with an index that answers little queries, a `system` that takes entries once, and a clock to turn."""

import asyncio
import fnmatch
from collections.abc import Iterator
from typing import Any

import msgspec

from graven.detect.deliver import Deliver
from graven.detect.follow import SETTLE_NS, Follow, Head
from graven.detect.rule import Alert
from graven.detect.sent import Delivered
from graven.detect.store import AlertStore, Delivery
from graven.errors import Conflict, Unavailable
from graven.index.export.values import values_of
from graven.index.query.fields import BY_NAME

__all__ = ["SECOND", "START_NS", "Crash", "Receiver", "World", "matches"]

SECOND = 1_000_000_000
START_NS = 1_795_387_062 * SECOND


class Crash(BaseException):
    """The process ended here."""


def matches(query: str, view: dict[str, Any]) -> bool:
    """`field:value` with `*`, joined by OR; everything for the empty query."""

    def one(term: str) -> bool:
        name, _, pattern = term.partition(":")
        return any(fnmatch.fnmatchcase(str(value), pattern) for value in values_of(view, BY_NAME[name]))

    return not query or any(one(term) for term in query.split(" OR "))


class World:
    """What `Follow` needs, for one data directory. `crash_after` ends the process after so many records."""

    def __init__(self, path: Any) -> None:
        self.path = path / "alerts.sqlite"
        self.logs: dict[str, list[dict[str, Any]]] = {"shop": [], "system": []}
        self.now_ns = START_NS
        self.is_away = False
        self.recorded: dict[str, bytes] = {}
        self.order: list[str] = []
        self.crash_before: int | None = None
        self.crash_after: int | None = None
        self.start()

    def start(self) -> None:
        self.store = AlertStore(self.path)
        self.follow = Follow(self.store, self, self.record, clock=lambda: self.now_ns, link="https://graven.example")

    def restart(self) -> None:
        self.store.close()
        self.start()

    def add(self, *, log: str = "shop", at_s: float | None = None, **event: Any) -> int:
        """An entry, received when the clock says or at `at_s` after the start."""
        if at_s is not None:
            self.now_ns = max(self.now_ns, START_NS + int(at_s * SECOND))
        index = len(self.logs[log])
        members = {"action": "order.create", "actor": {"id": "alice"}, **event}
        self.logs[log].append(
            {"index": index, "received": self.now_ns, "source": "shop", "id": f"i{index}", "event": members}
        )
        return index

    def put(self, alert: Alert, log: str = "shop") -> None:
        self.store.put(log, alert, armed=len(self.logs[log]), armed_ns=self.now_ns)

    def round(self, *, settled: bool = True) -> list[Any]:
        """A round after everything settled."""
        self.now_ns += SETTLE_NS if settled else 0
        try:
            return self.follow.round()
        finally:
            self.now_ns -= SETTLE_NS if settled else 0

    def queued(self) -> list[Delivery]:
        """What waits to be sent, in the order in which it fired."""
        return self.store._deliveries("outcome IS NULL ORDER BY rowid", ())

    def next_due_ns(self) -> int | None:
        """When the next one may be sent; None when nothing waits."""
        return min((delivery.due_ns for delivery in self.queued()), default=None)

    def step(self, deliver: Deliver) -> int | None:
        """Send what is due, wait for all of it, and record it; gives when the next one is due."""
        asyncio.run(deliver.run(None))
        deliver.record()
        return self.next_due_ns()

    def fired(self) -> list[dict[str, Any]]:
        """The entries `alert.fire`, in order."""
        decoded = [msgspec.json.decode(self.recorded[each]) for each in self.order]
        return [event for event in decoded if event["action"] == "alert.fire"]

    # -- what Follow calls

    def head(self, log: str) -> Head:
        if self.is_away:
            raise Unavailable("the index is away", code="index_away")
        entries = self.logs[log]
        return Head(len(entries), entries[-1]["received"] if entries else 0, True)

    def rows(self, log: str, query: str, start: int, stop: int, *, whole: bool) -> Iterator[dict[str, Any]]:
        return (view for view in self.logs[log][start:stop] if matches(query, view))

    def record(self, event: Any) -> None:
        if self.crash_before is not None:
            self.crash_before -= 1
            if self.crash_before < 0:
                self.crash_before = None
                raise Crash
        body = msgspec.json.encode(event)
        known = self.recorded.get(event["id"])
        if known is not None and known != body:
            raise Conflict("the same id with other bytes")
        if known is None:
            self.recorded[event["id"]] = body
            self.order.append(event["id"])
        if self.crash_after is not None:
            self.crash_after -= 1
            if self.crash_after < 0:
                self.crash_after = None
                raise Crash


class Receiver:
    """A `Send` that answers what it is told to, and remembers what it got."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.got: list[Any] = []

    async def __call__(self, delivery: Any) -> Any:
        self.got.append(delivery)
        return self.answers.pop(0) if self.answers else Delivered("204")

    def deliver(self, world: World) -> Deliver:
        return Deliver(world.store, {"https": self}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0)
