"""Who does not answer holds nobody else; what is cut off is sent again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.alert_world import SECOND, World

from graven.detect.deliver import Deliver
from graven.detect.rule import Alert, Threshold
from graven.detect.sent import Attempt, Delivered, Later, Refused, Send
from graven.detect.store import Delivery, Stored
from graven.errors import StorageFailed

DEAD, LIVE = "https://dead.example/hook", "https://live.example/hook"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


def fire(world: World, times: int, *to: str) -> None:
    world.put(Alert(name="each", threshold=Threshold(count=1, window_s=1), cooldown_s=0, to=to))
    for _ in range(times):
        world.add(action="boom")
    world.round()
    world.now_ns += 10 * SECOND


class Receivers:
    """Those of a dead host never answer. `enough` is set when the others got `expected`."""

    def __init__(self, world: World, expected: int) -> None:
        self.begun: list[str] = []
        self.got: list[str] = []
        self.expected = expected
        self.enough = asyncio.Event()
        self.deliver = Deliver(
            world.store, {"https": self}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0
        )

    async def __call__(self, delivery: Delivery) -> Attempt:
        self.begun.append(delivery.address)
        if "dead" in delivery.address:
            await asyncio.Event().wait()
        self.got.append(delivery.address)
        if len(self.got) == self.expected:
            self.enough.set()
        return Delivered("204")


async def until_enough(receivers: Receivers) -> None:
    """Run until the live ones got what was expected, then stop."""
    running = asyncio.ensure_future(receivers.deliver.run(60.0))
    await receivers.enough.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def play(world: World, expected: int) -> Receivers:
    async def run() -> Receivers:
        receivers = Receivers(world, expected)
        await asyncio.wait_for(until_enough(receivers), 60)
        return receivers

    return asyncio.run(run())


def test_a_receiver_that_never_answers_holds_one_delivery_and_no_other_address(world: World) -> None:
    fire(world, 20, DEAD, LIVE)
    receivers = play(world, 20)
    assert receivers.got == [LIVE] * 20
    assert receivers.begun.count(DEAD) == 1


def test_many_addresses_of_a_dead_host_leave_room_for_another(world: World) -> None:
    for part in range(4):
        fire(world, 1, *(f"https://dead.example/{part}/{n}" for n in range(20)))
    fire(world, 1, LIVE)
    receivers = play(world, 1)
    assert len(receivers.begun) == 5


def test_what_was_cut_off_is_no_attempt_and_is_sent_again(world: World) -> None:
    fire(world, 1, DEAD, LIVE)
    play(world, 1)
    left = [(one.address, one.attempts) for one in world.queued()]
    assert (DEAD, 0) in left


def test_those_of_one_address_are_sent_in_the_order_in_which_they_fired(world: World) -> None:
    fire(world, 5, LIVE)
    waiting = [one.fire for one in world.queued()]
    sent: list[str] = []

    async def send(delivery: Delivery) -> Attempt:
        sent.append(delivery.fire)
        return Delivered("204")

    step_with(world, send)
    assert sent == waiting


def test_alerts_take_turns_at_an_address_however_many_one_of_them_has_waiting(world: World) -> None:
    fire(world, 20, LIVE)
    world.logs["vault"] = []
    world.put(Alert(name="real", threshold=Threshold(count=1, window_s=1), to=(LIVE,)), "vault")
    world.add(log="vault")
    world.round()
    world.now_ns += 10 * SECOND
    sent: list[str] = []

    async def send(delivery: Delivery) -> Attempt:
        sent.append(delivery.alert)
        return Delivered("204")

    step_with(world, send)
    assert len(sent) == 21
    assert sent.index("real") == 1


def test_what_was_decided_is_recorded_in_parts_and_alerts_take_turns(world: World) -> None:
    stored = [Stored(log, Alert(name="x"), 0, 0, None) for log in ("noisy", "vault")]
    for one, count in zip(stored, (300, 1), strict=True):
        decided = [
            Delivery(f"{one.log}-{n}", LIVE, one.log, "x", b"{}", 0, 0, 1, "success", "204") for n in range(count)
        ]
        world.store.keep(one, b"", decided)
    deliver = Receivers(world, 0).deliver
    deliver.record()
    assert deliver.is_behind
    assert "vault" in str(world.recorded[world.order[1]])
    deliver.record()
    assert not deliver.is_behind
    assert len(world.order) == 301


def test_a_bug_in_a_way_to_send_is_a_failed_attempt(world: World) -> None:
    fire(world, 1, LIVE)

    async def send(delivery: Delivery) -> Attempt:
        raise ZeroDivisionError

    assert step_with(world, send) is not None
    assert [(one.attempts, one.detail) for one in world.queued()] == [(1, "a bug: ZeroDivisionError")]


class Disk:
    """Stands before `update` of a world's store: full until there is room."""

    def __init__(self, world: World) -> None:
        self.is_full = True
        self._update = world.store.update
        world.store.update = self  # type: ignore[method-assign,assignment]

    def __call__(self, delivery: Delivery) -> None:
        if self.is_full:
            raise StorageFailed("no space is left", code="storage_full")
        self._update(delivery)


@pytest.mark.parametrize(
    ("attempt", "left"), [(Delivered("204"), []), (Later("503"), [(1, "503")])], ids=["taken", "later"]
)
def test_what_a_full_disk_does_not_take_is_kept_later_and_not_sent_again(
    world: World, attempt: Attempt, left: list[tuple[int, str]]
) -> None:
    fire(world, 1, LIVE)
    sent: list[str] = []

    async def send(delivery: Delivery) -> Attempt:
        sent.append(delivery.fire)
        return attempt

    disk = Disk(world)
    deliver = Deliver(world.store, {"https": send}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0)
    for _ in range(3):
        with pytest.raises(StorageFailed):
            asyncio.run(deliver.run(None))
    disk.is_full = False
    asyncio.run(deliver.run(None))
    assert len(sent) == 1
    assert [(one.attempts, one.detail) for one in world.queued()] == left


def test_a_full_disk_cuts_off_nothing_that_is_in_flight(world: World) -> None:
    slow = "https://slow.example/hook"
    fire(world, 1, LIVE, slow)
    ended: list[str] = []

    async def run() -> None:
        failed = asyncio.Event()

        async def send(delivery: Delivery) -> Attempt:
            if delivery.address == slow:
                await failed.wait()
                await asyncio.sleep(0)  # a point at which it would be cancelled
            ended.append(delivery.address)
            return Delivered("204")

        def full(_: Delivery) -> None:
            failed.set()
            raise StorageFailed("no space is left", code="storage_full")

        world.store.update = full  # type: ignore[method-assign]
        deliver = Deliver(world.store, {"https": send}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0)
        for _ in range(2):
            with pytest.raises(StorageFailed):
                await deliver.run(60.0)

    asyncio.run(run())
    assert ended == [LIVE, slow]


def test_attempts_are_counted_by_what_came_of_them(world: World) -> None:
    fire(world, 4, LIVE)
    answers = [Delivered("204"), Later("503"), Later("503"), Refused("410")]

    async def send(delivery: Delivery) -> Attempt:
        return answers.pop(0)

    deliver = Deliver(world.store, {"https": send}, world.record, clock=lambda: world.now_ns, random=lambda: 0.0)
    world.step(deliver)
    assert deliver.attempts == {"delivered": 1, "failed": 2, "given_up": 1}


def test_what_was_cut_off_is_not_counted(world: World) -> None:
    fire(world, 1, DEAD, LIVE)
    assert play(world, 1).deliver.attempts == {"delivered": 1, "failed": 0, "given_up": 0}


def step_with(world: World, send: Send) -> int | None:
    ways = {"https": send}
    return world.step(Deliver(world.store, ways, world.record, clock=lambda: world.now_ns, random=lambda: 0.0))
