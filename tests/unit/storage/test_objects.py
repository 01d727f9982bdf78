"""Objects as files: the order of syncs, what other eyes see, and every system call failed."""

import errno
from pathlib import Path
from random import Random

import pytest

from graven.errors import StorageFailed
from graven.storage.faulty import Fault, Faults, FaultyFileSystem, at, at_step
from graven.storage.objects import DirectoryObjects
from graven.storage.simulated import SimulatedDisk

ROOT = Path("/data/log")


def test_many_objects_take_two_syncs_and_no_more():
    faults = Faults()
    objects = DirectoryObjects(ROOT, fs=FaultyFileSystem(SimulatedDisk(), faults))
    objects.put("first", b"")
    faults.steps.clear()
    for index in range(100):
        objects.put(f"tile/0/{index:03}", b"x")
    objects.sync()
    syncs = [step.action for step in faults.steps if step.action.startswith("sync")]
    assert syncs == ["sync_all", "sync_all"]
    assert faults.steps[-1].action == "sync_all"
    faults.steps.clear()
    objects.sync()
    assert faults.steps == []


def test_content_is_synced_before_it_gets_its_name():
    faults = Faults()
    objects = DirectoryObjects(ROOT, fs=FaultyFileSystem(SimulatedDisk(), faults))
    objects.put("a", b"x")
    objects.sync()
    actions = [step.action for step in faults.steps]
    assert actions.index("sync_all") < actions.index("link") < len(actions) - 1 - actions[::-1].index("sync_all")


def test_other_eyes_see_nothing_before_the_sync(tmp_path):
    objects = DirectoryObjects(tmp_path)
    objects.put("tile/0/000", b"x")
    assert not (tmp_path / "tile").exists()
    assert DirectoryObjects(tmp_path).get("tile/0/000") is None
    objects.sync()
    assert (tmp_path / "tile/0/000").read_bytes() == b"x"
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_a_second_reader_does_not_disturb_what_is_being_written(tmp_path):
    objects = DirectoryObjects(tmp_path)
    objects.put("a", b"x")
    reader = DirectoryObjects(tmp_path)
    assert list(reader.list("")) == []
    reader.close()
    objects.sync()
    assert (tmp_path / "a").read_bytes() == b"x"


def test_left_overs_of_a_crash_are_removed_by_the_next_writer(tmp_path):
    DirectoryObjects(tmp_path).put("a", b"x" * 100)
    objects = DirectoryObjects(tmp_path)
    objects.put("a", b"y")
    objects.sync()
    assert objects.get("a") == b"y"
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_the_kernel_guards_an_object_that_appeared_in_between(tmp_path):
    objects = DirectoryObjects(tmp_path)
    objects.put("a", b"x")
    (tmp_path / "a").write_bytes(b"another writer was here")
    with pytest.raises(StorageFailed) as raised:
        objects.sync()
    assert raised.value.code == "immutable_changed"
    assert (tmp_path / "a").read_bytes() == b"another writer was here"


def test_folders_left_empty_go_with_their_last_object(tmp_path):
    objects = DirectoryObjects(tmp_path)
    for path in ("tile/0/x001/000.p/1", "tile/0/x001/000.p/2", "tile/0/x001/001"):
        objects.put(path, b"")
    objects.sync()
    objects.delete("tile/0/x001/000.p/1")
    assert (tmp_path / "tile/0/x001/000.p").exists()
    objects.delete("tile/0/x001/000.p/2")
    assert [path.name for path in (tmp_path / "tile/0/x001").iterdir()] == ["001"]
    objects.put("tile/0/x001/000.p/3", b"")
    objects.sync()
    assert (tmp_path / "tile/0/x001/000.p/3").exists()
    objects.delete("tile/0/x001/000.p/3")
    objects.delete("tile/0/x001/001")
    assert not (tmp_path / "tile").exists()
    assert tmp_path.exists()


@pytest.mark.parametrize("sync_all", [True, False])
def test_after_a_failed_sync_nothing_is_written_any_more(sync_all):
    faults = Faults(at("sync_all" if sync_all else "sync", 0, Fault(applied=False), target="incoming"))
    disk = SimulatedDisk(supports_sync_all=sync_all)
    objects = DirectoryObjects(ROOT, fs=FaultyFileSystem(disk, faults))
    objects.put("a", b"x")
    faults.plan = lambda step: Fault(applied=False) if step.action.startswith("sync") else None
    with pytest.raises(StorageFailed):
        objects.sync()
    faults.plan = lambda step: None
    for call in (
        objects.sync,
        lambda: objects.put("b", b""),
        lambda: objects.delete("a"),
        lambda: objects.replace("c", b""),
    ):
        with pytest.raises(StorageFailed, match="stopped"):
            call()


def test_a_full_disk_is_called_full_and_the_object_is_not_there():
    faults = Faults(at("write", 0, Fault(applied=False, errno_=errno.ENOSPC, written=3)))
    objects = DirectoryObjects(ROOT, fs=FaultyFileSystem(SimulatedDisk(), faults))
    with pytest.raises(StorageFailed) as raised:
        objects.put("a", b"content")
    assert raised.value.code == "storage_full"
    assert objects.get("a") is None
    objects.sync()
    assert objects.get("a") is None


CONTENT = {f"tile/{level}/00{index}": bytes([index]) * 600 for level in range(2) for index in range(3)}


def work(disk: SimulatedDisk, faults: Faults) -> bool:
    try:
        objects = DirectoryObjects(ROOT, fs=FaultyFileSystem(disk, faults))
        for path, data in CONTENT.items():
            objects.put(path, data)
        objects.sync()
        objects.replace("checkpoint", b"1")
    except StorageFailed:
        return False
    return True


@pytest.mark.parametrize("sync_all", [True, False])
@pytest.mark.parametrize("cut", [False, True], ids=["killed", "power cut"])
@pytest.mark.parametrize(
    "fault",
    [Fault(applied=True), Fault(applied=False, written=5), Fault(applied=False, errno_=errno.EMFILE)],
    ids=str,
)
def test_a_fault_at_any_step_leaves_whole_objects_and_the_same_work_can_be_done_again(fault, cut, sync_all):
    counting = Faults()
    assert work(SimulatedDisk(supports_sync_all=sync_all), counting)
    for step in range(len(counting.steps)):
        disk = SimulatedDisk(supports_sync_all=sync_all)
        finished = work(disk, Faults(at_step(step, fault)))
        if cut:
            disk.power_cut(Random(step))
        else:
            disk.crash()
        objects = DirectoryObjects(ROOT, fs=disk)
        for path in objects.list("tile"):
            assert objects.get(path) == CONTENT[path]
        assert not finished or len(list(objects.list("tile"))) == len(CONTENT)
        assert (objects.get("checkpoint") or b"1") == b"1"
        assert work(disk, Faults())
        disk.power_cut(Random(step))
        again = DirectoryObjects(ROOT, fs=disk)
        assert {path: again.get(path) for path in again.list("")} == CONTENT | {"checkpoint": b"1"}
