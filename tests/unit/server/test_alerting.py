"""The threads of alerts: what fires is recorded whoever does not answer, and the end waits for nobody."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from graven.detect import Alert, Threshold
from graven.detect.sent import Attempt
from graven.detect.store import Delivery
from graven.errors import Unavailable
from graven.index.process.messages import Answer
from graven.server.alerting import Alerting
from graven.server.indexing.client import IndexClient
from graven.server.settings import AlertSettings

HOOK = "https://hooks.example/a"


class World:
    """Every entry of `shop` matches; `recorded` has what `system` got."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self.away = False
        self.recorded: list[str] = []
        self.changed = threading.Condition()
        self.begun = threading.Event()
        self.alerting = Alerting(folder, AlertSettings(), self.record, clock=lambda: 10**18, link="", round_s=0.001)
        self.alerting._send = {"https": self.never}
        one = Alert(name="each", threshold=Threshold(count=1, window_s=1), cooldown_s=0, to=(HOOK,))
        self.alerting.store.put("shop", one, armed=0, armed_ns=0)

    def record(self, event: Mapping[str, Any]) -> None:
        with self.changed:
            self.recorded.append(event["action"])
            self.changed.notify_all()

    async def never(self, delivery: Delivery) -> Attempt:
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def ask(self, method: str, log: str, parameters: Mapping[str, str]) -> Answer:
        if self.away:
            raise Unavailable("the index is away", code="index_away")
        if method == "head":
            return Answer(1, msgspec.msgpack.encode([self.size, 10**18 - 10**10, True]), 0)
        found = [{"index": index, "received": index} for index in range(int(parameters["start"]), self.size)]
        return Answer(1, msgspec.msgpack.encode(found), len(found))

    def until(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.recorded) >= count, 60)

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
