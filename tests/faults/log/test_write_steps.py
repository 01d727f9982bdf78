"""Every write step fails once, having done its work or not; the retry is the same or another; then all is judged."""

import threading
from pathlib import Path

import pytest
from tests.support.log_world import SIGNER, World, answer_to, batch_of, judge, numbered, prove_all, request

from graven.errors import GravenError, StorageFailed, Unavailable
from graven.log.messages import Appended
from graven.storage.contracts import HeadState
from graven.storage.faulty import Fault, Faults, Step, at_step
from graven.storage.memory import MemoryDisk, MemoryObjects
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.tiles import TilePath

ROUNDS = (3, 254, 300)
"""Entries appended before each integration: a partial bundle, one that fills it exactly, and more."""


def play(world: World) -> tuple[list[str], list[str]]:
    """Append and integrate until something fails; (acknowledged ids, ids whose answer was an error)."""
    acknowledged: list[str] = []
    start = 0
    for count in ROUNDS:
        ids = [f"e{number}" for number in range(start, start + count)]
        try:
            world.append(batch_of(*ids), request(f"r{start}"))
        except Unavailable:
            return acknowledged, ids
        acknowledged += ids
        world.running.integrator.round()
        if world.running.stopped is not None:
            return acknowledged, []
        start += count
    return acknowledged, []


def count_steps(folder: Path) -> list[Step]:
    world = World(folder)
    faults = Faults()
    world.open(faults)
    play(world)
    return faults.steps


def test_the_scenario_has_all_kinds_of_steps(tmp_path: Path) -> None:
    steps = count_steps(tmp_path)
    assert {step.action for step in steps} == {"append", "put", "sync", "swap", "replace", "delete", "drop_below"}


# the number of steps is checked by the last test of this file
@pytest.mark.parametrize("applied", [False, True], ids=["not-written", "written"])
@pytest.mark.parametrize("retry", ["same", "different"])
@pytest.mark.parametrize("number", range(44))
def test_no_failed_step_loses_or_doubles_an_entry(tmp_path: Path, number: int, *, applied: bool, retry: str) -> None:
    world = World(tmp_path)
    faults = Faults(at_step(number, Fault(applied)))
    engine = world.open(faults)
    acknowledged, failed = play(world)
    if engine.stopped is None:  # a step of the shutdown: nothing was interrupted
        assert len(faults.steps) <= number
        return
    # from the failure on nothing is promised and nothing is written
    done = len(faults.steps)
    with pytest.raises(Unavailable):
        world.append(batch_of("late"))
    engine.integrator.round()
    assert [step.action for step in faults.steps[done:] if step.action != "close"] == []
    assert engine.stopped.code == "writer_stopped"

    world.crash()
    engine = world.open()
    assert world.ids()[: len(acknowledged)] == acknowledged
    assert world.ids() in (acknowledged, acknowledged + failed)
    if failed:
        resend(world, failed, retry)
    world.running.integrator.round()
    ids = world.ids()
    assert len(ids) == len(set(ids))
    assert judge(world.disk, world.entries()).size == len(ids)
    world.close()
    world.open()
    assert world.ids() == ids
    prove_all(world.running) if len(ids) < 10 else None


def resend(world: World, failed: list[str], retry: str) -> None:
    written = world.ids()[-1:] == failed[-1:]
    start = int(failed[0][1:])
    if retry == "same":
        answer = world.append(batch_of(*failed), request(f"r{start}"))
        # a request that reached the disk is answered as it would have been the first time
        assert (answer.first, answer.count, answer.replayed) == (start, len(failed), written)
    else:
        answer = world.append(batch_of("other", *failed[:2]))
        assert answer.count == (1 if written else 3)
    assert world.ids().count(failed[0]) == 1


def test_every_step_of_the_scenario_is_failed_above(tmp_path: Path) -> None:
    assert len(count_steps(tmp_path)) <= 44


def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    import errno

    world = World(tmp_path)
    world.open(Faults(lambda step: Fault(applied=False, errno_=errno.ENOSPC) if step.action == "append" else None))
    with pytest.raises(Unavailable) as caught:
        world.append(numbered(0, 1))
    assert caught.value.code == "storage_full"


def test_stages_are_durable_in_the_order_that_a_signature_needs(tmp_path: Path) -> None:
    world = World(tmp_path)
    faults = Faults()
    world.open(faults)
    world.append(numbered(0, 300))
    world.running.integrator.round()
    order = [
        f"{step.action} {'entries' if 'entries' in step.target else 'hashes'}" if step.action == "put" else step.action
        for step in faults.steps
    ]
    stages = [stage for position, stage in enumerate(order) if order[position - 1 : position] != [stage]]
    assert stages == [
        "append",
        "put entries",
        "sync",
        "put hashes",
        "sync",
        "swap",
        "replace",
        "drop_below",
    ]


class SlowDisk:
    """A plan that holds one kind of step until it is let go, and then may fail it."""

    def __init__(self, action: str, fault: Fault | None = None) -> None:
        self.action = action
        self.fault = fault
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, step: Step) -> Fault | None:
        if step.action != self.action:
            return None
        self.reached.set()
        assert self.let_go.wait(60)
        return self.fault


@pytest.mark.parametrize("fault", [None, Fault(applied=False), Fault(applied=True)])
def test_nothing_is_acknowledged_before_or_without_the_sync(tmp_path: Path, fault: Fault | None) -> None:
    world = World(tmp_path)
    disk = SlowDisk("append", fault)
    engine = world.open(Faults(disk))
    answers: dict[int, Appended | GravenError] = {}
    engine.start()
    engine.writer.submit(numbered(0, 3), None, answer_to(answers, 0))
    assert disk.reached.wait(60)
    assert answers == {}
    assert engine.size == 0
    disk.let_go.set()
    engine.close()
    if fault is None:
        assert answers == {0: Appended(0, 3, {}, {})}
    else:
        assert isinstance(answers[0], Unavailable)


def test_batches_that_wait_for_a_slow_sync_share_the_next_one(tmp_path: Path) -> None:
    world = World(tmp_path)
    disk = SlowDisk("append")
    engine = world.open(Faults(disk))
    answers: dict[int, Appended | GravenError] = {}
    engine.start()
    engine.writer.submit(numbered(0, 1), None, answer_to(answers, 0))
    assert disk.reached.wait(60)
    for number in range(1, 10):
        engine.writer.submit(numbered(number, 1), None, answer_to(answers, number))
    disk.let_go.set()
    engine.close()
    assert [answers[number] for number in range(10)] == [Appended(number, 1, {}, {}) for number in range(10)]
    assert engine.writer.groups == 2


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/entries/000.p/3", "tile/0/000.p/3", "tile/0/000"])
def test_an_existing_object_with_other_content_stops_the_log(tmp_path: Path, path: str) -> None:
    world = World(tmp_path)
    objects = MemoryObjects(world.disk)
    objects.put(path, b"\x00\x01x" * 3)
    objects.sync()
    engine = world.open()
    world.append(numbered(0, 256 if not path.endswith("3") else 3))
    engine.integrator.round()
    assert engine.stopped is not None
    assert "other" in engine.stopped.why
    assert engine.integrator.signed_size == 0
    head = world.disk.head
    assert head is not None
    assert open_checkpoint(head.checkpoint, SIGNER.verifier).size == 0


def test_a_bundle_that_another_compressor_wrote_is_recognised(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.open()
    world.append(numbered(0, 3))
    plain = b"".join(len(entry).to_bytes(2, "big") + entry for entry in world.entries())
    MemoryObjects(world.disk).put(TilePath(-1, 0, 3).path(), plain)
    world.running.integrator.round()
    assert world.running.stopped is None
    assert judge(world.disk, world.entries()).size == 3


def test_a_head_that_somebody_else_swapped_stops_the_log(tmp_path: Path) -> None:
    world = World(tmp_path)
    engine = world.open()
    world.append(numbered(0, 3))
    assert world.disk.head is not None
    world.disk.head = HeadState(world.disk.head.checkpoint + b"\n", 0)
    engine.integrator.round()
    assert engine.stopped is not None
    assert engine.integrator.published[0] == 0


def test_waiters_are_told_when_the_log_stops(tmp_path: Path) -> None:
    world = World(tmp_path)
    engine = world.open(Faults(lambda step: Fault(applied=False) if step.action == "swap" else None))
    told: list[bool] = []
    world.append(numbered(0, 3))
    engine.integrator.wait_published(3, told.append)
    engine.integrator.round()
    engine.integrator.wait_published(3, told.append)
    assert told == [False, False]


def test_a_failure_during_the_clean_stop_is_not_hidden(tmp_path: Path) -> None:
    world = World(tmp_path)
    engine = world.open(Faults(lambda step: Fault(applied=False) if step.action == "close" else None))
    with pytest.raises(StorageFailed):
        engine.close()


def test_an_unused_disk_has_no_unsynced_objects_after_a_round(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.open()
    world.append(numbered(0, 600))
    world.running.integrator.round()
    assert isinstance(world.disk, MemoryDisk)
    assert not [path for path in world.disk.unsynced if world.disk.unsynced[path] is None]
