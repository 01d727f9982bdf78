import threading
from dataclasses import replace

import pytest
from tests.support.log_world import OPTIONS, SIGNER, World, batch_of, judge, numbered, prove_all

from graven.tlog.checkpoint import open_checkpoint


@pytest.fixture
def world(tmp_path) -> World:
    world = World(tmp_path)
    world.open()
    return world


@pytest.mark.parametrize("sizes", [[1], [255, 1], [256], [257], [3, 253, 1], [600, 1, 1_000], [65_536, 1]])
def test_the_tree_is_that_of_the_entries_after_every_round(world: World, sizes: list[int]) -> None:
    for size in sizes:
        world.append(numbered(world.running.size, size))
        world.running.integrator.round()
        assert judge(world.disk, world.entries()).size == world.running.size


def test_obsolete_partials_go_when_the_full_tile_exists(world: World) -> None:
    for size in (10, 20, 300):
        world.append(numbered(world.running.size, size))
        world.running.integrator.round()
    partial = sorted(path for path in world.disk.objects if ".p/" in path)
    assert partial == ["tile/0/001.p/74", "tile/1/000.p/1", "tile/entries/001.p/74"]


def test_partials_of_published_sizes_stay_until_then(world: World) -> None:
    for size in (10, 20):
        world.append(numbered(world.running.size, size))
        world.running.integrator.round()
    assert {"tile/0/000.p/10", "tile/0/000.p/30"} <= world.disk.objects.keys()


def test_partials_that_a_kill_left_behind_go_at_the_next_start(world: World) -> None:
    from graven.storage.faulty import Fault, Faults

    world.append(numbered(0, 10))
    world.running.integrator.round()
    world.crash()
    world.open(Faults(lambda step: Fault(applied=False) if step.action == "delete" else None))
    world.append(numbered(10, 300))
    world.running.integrator.round()
    assert world.running.stopped is not None
    assert "tile/0/000.p/10" in world.disk.objects
    world.crash()
    world.open()
    assert "tile/0/000.p/10" not in world.disk.objects
    assert judge(world.disk, world.entries()).size == 310


def test_every_checkpoint_is_of_another_size(world: World) -> None:
    for _ in range(3):
        world.append(numbered(world.running.size, 5))
        world.running.integrator.round()
        world.running.integrator.round()
    sizes = [open_checkpoint(note, SIGNER.verifier).size for note in world.published]
    assert sizes == [5, 10, 15]


def test_an_entry_is_readable_before_and_after_integration(world: World) -> None:
    world.append(numbered(0, 300))
    before = world.entries()
    world.running.integrator.round()
    world.append(batch_of("more"))
    assert world.entries()[:300] == before
    assert [world.running.entry(index) for index in (0, 255, 256, 299)] == [before[i] for i in (0, 255, 256, 299)]
    assert list(world.running.entries(250, 260)) == before[250:260]
    assert world.running.pending.size_bytes < 1_000


def test_every_entry_is_provable_after_publication(world: World) -> None:
    world.append(numbered(0, 300))
    world.running.integrator.round()
    prove_all(world.running)


def test_a_wait_is_answered_at_the_next_publication(world: World) -> None:
    told: list[bool] = []
    world.append(numbered(0, 3))
    world.running.integrator.wait_published(3, told.append)
    assert told == []
    world.running.integrator.round()
    world.running.integrator.wait_published(3, told.append)
    assert told == [True, True]


def test_a_wish_that_comes_while_a_checkpoint_is_published_is_not_forgotten(tmp_path) -> None:
    world = World(tmp_path, options=replace(OPTIONS, publish_every_s=3_600.0, publish_soon_s=0.0))
    committed, told = threading.Event(), threading.Event()

    class Wishing(list[bytes]):
        def append(self, note: bytes) -> None:
            super().append(note)
            if len(self) == 1:
                world.running.writer.submit(batch_of("late"), None, lambda answer: committed.set())
                assert committed.wait(60)
                world.running.integrator.wait_published(2, lambda reached: told.set())

    world.published = Wishing()
    engine = world.open()
    engine.start()
    engine.writer.submit(batch_of("early"), None, lambda answer: None)
    in_time = told.wait(60)
    engine.close()
    assert in_time
