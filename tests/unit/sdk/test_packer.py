import threading
import time

import pytest

from graven.sdk.composer import Composed
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.packer import Packer, wait_until
from graven.sdk.settings import resolve
from graven.sdk.spoolroot import SpoolRoot


class Idle:
    """A sender with no request in flight, or one that began at `in_flight_since`."""

    in_flight_since: float | None = None


class World:
    def __init__(self, tmp_path, **settings):
        self.sender = Idle()
        self.outbox = Outbox(SpoolRoot(tmp_path, "here", 10**6, 0), Ledger(), memory_bytes=10**6)
        given = {"batch_age_s": 3600.0, "compression": "none", **settings}
        self.packer = Packer(resolve({}, server="http://x", **given), self.outbox, self.sender, Ledger())
        self.thread = threading.Thread(target=self.packer.run)

    def add(self, count=1):
        return [self.packer.add(Composed("id", b'{"a":1}')) for _ in range(count)]

    def batches(self):
        found = []
        while (head := self.outbox.head()) is not None:
            found.append(head.batch)
            self.outbox.settle(head)
        return found


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path, batch_events=3)
    world.thread.start()
    yield world
    world.packer.stop()
    world.thread.join()
    world.outbox.close()


def test_a_cut_passes_on_what_waits(world):
    world.add(5)
    assert world.packer.cut(None)
    assert [batch.count for batch in world.batches()] == [3, 2]
    assert world.packer.idle()


def test_events_carry_their_place_and_a_lost_one_leaves_a_gap(world):
    world.add()
    world.packer.skip()
    world.add()
    assert world.packer.cut(None)
    (batch,) = world.batches()
    assert [event.partition(b'"seq":')[2] for event in batch.events()] == [b"1}}", b"3}}"]


def test_a_cut_gives_up_in_time_when_nobody_packs(tmp_path):
    world = World(tmp_path)
    world.add()
    assert not world.packer.cut(time.monotonic())


def test_a_stopped_packer_takes_nothing_and_keeps_what_it_has(tmp_path):
    world = World(tmp_path)
    world.add(2)
    world.packer.stop()
    world.packer.run()
    assert world.add() == [False]
    assert not world.packer.cut(None)
    world.packer.pack_rest()
    assert [batch.count for batch in world.batches()] == [2]


def test_what_waits_behind_a_slow_request_goes_to_disk(world):
    world.sender.in_flight_since = time.monotonic() - 3600.0
    world.add()
    assert world.packer.cut(None)
    with world.packer.changed:
        world.packer.changed.notify_all()
    with world.outbox.changed:
        while world.outbox.waiting():
            world.outbox.changed.wait(0.01)
    assert world.outbox.mode == "spool"


def test_a_deadline_that_has_passed_is_not_waited_for():
    condition = threading.Condition()
    with condition:
        assert not wait_until(condition, time.monotonic() - 1.0)
