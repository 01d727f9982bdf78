"""The threads of alerts: what fires is recorded whoever does not answer, and the end waits for nobody."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from graven.detect import Alert, Deliver, Threshold
from graven.detect.sent import Attempt, Delivered
from graven.detect.store import Delivery
from graven.errors import StorageFailed, Unavailable
from graven.index.process.messages import Answer
from graven.server.alerting import Alerting, _IndexSearch
from graven.server.indexing.client import IndexClient
from graven.server.settings import AlertSettings

HOOK = "https://hooks.example/a"


class World:
    """Every entry of `shop` matches; `recorded` has what `system` got."""

    def __init__(self, folder: Path) -> None:
        self.size = self.rounds = 0
        self.away = self.full = self.broken = False
        self.recorded: list[str] = []
        self.changed = threading.Condition()
        self.begun = threading.Event()
        self.alerting = Alerting(folder, AlertSettings(), self.record, clock=lambda: 10**18, link="", round_s=0.001)
        self.alerting._send = {"https": self.never}
        one = Alert(name="each", threshold=Threshold(count=1, window_s=1), cooldown_s=0, to=(HOOK,))
        self.alerting.store.put("shop", one, armed=0, armed_ns=0)

    def record(self, event: Mapping[str, Any]) -> None:
        if event["action"] == "alert.fire" and self.full:
            raise StorageFailed("no space is left", code="storage_full")
        with self.changed:
            self.recorded.append(event["action"])
            self.changed.notify_all()

    async def never(self, delivery: Delivery) -> Attempt:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def ask(self, method: str, log: str, parameters: Mapping[str, str]) -> Answer:
        if method == "head":
            with self.changed:
                self.rounds += 1
                self.changed.notify_all()
        if self.away:
            raise Unavailable("the index is away", code="index_away")
        if self.broken:
            raise ZeroDivisionError
        if method == "head":
            return Answer(1, msgspec.msgpack.encode([self.size, 10**18 - 10**10, True]), 0)
        found = [{"index": index, "received": index} for index in range(int(parameters["start"]), self.size)]
        packed = msgspec.json if method == "views" else msgspec.msgpack
        return Answer(1, packed.encode(found), len(found))

    def until(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.recorded) >= count, 60)

    def problem(self) -> str | None:
        """What is said of the alert after a whole round that began after this call."""
        with self.changed:
            wanted = self.rounds + 3  # one may be under way, the next is whole, and over when another begins
            assert self.changed.wait_for(lambda: self.rounds >= wanted, 60)
        return self.alerting.problem_of("shop", "each")

    @contextmanager
    def running(self) -> Iterator[None]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            self.alerting.start(cast("IndexClient", self), loop)
            yield
            self.alerting.stop()
            self.alerting.join()
        finally:
            self.alerting.close()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_fires_is_recorded_while_a_receiver_does_not_answer_and_the_end_does_not_wait(world: World) -> None:
    with world.running():
        for size in (1, 2, 3):
            world.size = size
            world.until(size)
            assert world.begun.wait(60)
    assert world.recorded == ["alert.fire"] * 3


def test_an_end_before_the_first_round_ends(world: World) -> None:
    world.alerting.stop()
    with world.running():
        pass
    assert world.recorded == []


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("away", "the index is away"),
        ("full", "no space is left"),
        ("broken", "a round of alerts failed: ZeroDivisionError"),
    ],
)
def test_an_alert_says_what_keeps_it_from_listening_while_it_does(world: World, fault: str, problem: str) -> None:
    setattr(world, fault, True)
    world.size = 1
    with world.running():
        assert world.problem() == problem
        setattr(world, fault, False)
        assert world.problem() is None
    assert "alert.fire" in world.recorded


def test_what_was_sent_is_recorded_although_nothing_can_be_detected(world: World) -> None:
    world.full = True
    world.size = 1
    stored = world.alerting.store.alerts("shop")[0]
    sent = Delivery("alert-1", HOOK, "shop", "each", b"{}", 0, 0, 1, "success", "204")
    world.alerting.store.keep(stored, b"", [sent])
    with world.running():
        world.until(1)
    assert world.recorded == ["alert.deliver"]


def test_an_alert_that_is_switched_off_says_so(world: World) -> None:
    world.alerting.switch_off("index.enabled")
    assert world.alerting.problem_of("shop", "each") == "alerts are switched off: index.enabled is false"
    world.alerting.close()


def test_a_question_cancelled_by_the_end_says_that_the_server_is_stopping() -> None:
    class Index:
        async def ask(self, *_: object) -> Answer:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.Event().wait()
            raise AssertionError

    async def ask() -> None:
        search = _IndexSearch(cast("IndexClient", Index()), asyncio.get_running_loop())
        with pytest.raises(Unavailable, match="the server is stopping"):
            await asyncio.to_thread(search.head, "shop")

    asyncio.run(ask())


class Pauses(threading.Event):
    """A stop that comes after so many pauses, none of which is waited for."""

    def __init__(self, most: int, then: dict[int, Callable[[], object]]) -> None:
        super().__init__()
        self.most = most
        self.then = then
        self.seen: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seen.append(timeout)
        self.then.get(len(self.seen), lambda: None)()
        if len(self.seen) == self.most:
            self.set()
        return self.is_set()


def test_a_full_disk_makes_the_pauses_between_deliveries_longer_and_sends_nothing_again(tmp_path: Path) -> None:
    alerting = Alerting(tmp_path, AlertSettings(), lambda _: None, clock=lambda: 10**18, link="")
    store, update = alerting.store, alerting.store.update
    store.put("shop", Alert(name="each", threshold=Threshold(count=1, window_s=1)), armed=0, armed_ns=0)
    (stored,) = store.alerts("shop")
    store.keep(stored, b"", [Delivery(f"alert-{n}", HOOK, "shop", "each", b"{}", 0, 0) for n in range(2)])
    sent: list[str] = []

    async def send(delivery: Delivery) -> Attempt:
        sent.append(delivery.fire)
        return Delivered("204")

    def full(_: Delivery) -> None:
        raise StorageFailed("no space is left", code="storage_full")

    def once(delivery: Delivery) -> None:
        update(delivery)
        store.update = full  # type: ignore[method-assign]

    def room() -> None:
        store.update = once  # type: ignore[method-assign]

    store.update = full  # type: ignore[method-assign]
    alerting._stop = Pauses(13, {11: room})
    alerting._deliver(Deliver(store, {"https": send}, lambda _: None, clock=lambda: 10**18, random=lambda: 0.0))
    # the twelfth failure is the first of the next delivery: what was kept before it came to an end
    assert alerting._stop.seen == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 1, 2]
    assert sent == ["alert-0", "alert-1"]
    store.close()
