"""What the simulated disk may forget, and what it must not: as POSIX has it, and no kinder."""

import os
from random import Random

import pytest

from graven.storage.simulated import SimulatedDisk

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


def outcomes(prepare, look, *, seeds: int = 200) -> set:
    """What `look` sees after power cuts of everything `prepare` did."""
    found = set()
    for seed in range(seeds):
        disk = SimulatedDisk()
        prepare(disk)
        disk.power_cut(Random(seed))
        found.add(look(disk))
    return found


def sync_root(disk: SimulatedDisk) -> None:
    disk.sync(disk.open("/", os.O_RDONLY))


def write(disk: SimulatedDisk, path: str, data: bytes, *, sync: bool) -> int:
    fd = disk.open(path, NEW)
    disk.write(fd, [data])
    if sync:
        disk.sync_data(fd)
    return fd


def test_a_synced_file_with_a_synced_name_stays():
    def prepare(disk):
        write(disk, "/a", b"1", sync=True)
        sync_root(disk)

    assert outcomes(prepare, lambda disk: disk.files().get("/a")) == {b"1"}


def test_a_synced_file_without_a_synced_name_may_be_gone():
    assert outcomes(lambda disk: write(disk, "/a", b"1", sync=True), lambda disk: disk.files().get("/a")) == {
        b"1",
        None,
    }


def test_a_name_without_synced_content_may_be_empty_whole_or_zeros():
    def prepare(disk):
        write(disk, "/a", b"1", sync=False)
        sync_root(disk)

    assert outcomes(prepare, lambda disk: disk.files()["/a"]) == {b"", b"1", b"\0"}


def test_unsynced_writes_arrive_in_any_order_and_by_sectors():
    def prepare(disk):
        write(disk, "/a", b"1" * 512 + b"2" * 512, sync=False)
        sync_root(disk)

    found = outcomes(prepare, lambda disk: disk.files()["/a"])
    assert {bytes(512) + b"2" * 512, b"1" * 512, b"1" * 512 + b"2" * 512} <= found


def test_synced_bytes_before_unsynced_ones_stay():
    def prepare(disk):
        fd = write(disk, "/a", b"1" * 700, sync=True)
        disk.write(fd, [b"2" * 700])
        sync_root(disk)

    assert {content[:700] for content in outcomes(prepare, lambda disk: disk.files()["/a"])} == {b"1" * 700}


def test_a_rename_is_whole_or_not_at_all():
    def prepare(disk):
        write(disk, "/a", b"new", sync=True)
        write(disk, "/b", b"old", sync=True)
        sync_root(disk)
        disk.rename("/a", "/b")

    assert outcomes(prepare, lambda disk: tuple(sorted(disk.files().items()))) == {
        (("/a", b"new"), ("/b", b"old")),
        (("/b", b"new"),),
    }


def test_a_directory_whose_name_was_not_synced_takes_its_content_along():
    def prepare(disk):
        disk.mkdir("/d")
        write(disk, "/d/a", b"1", sync=True)
        disk.sync(disk.open("/d", os.O_RDONLY))

    assert outcomes(prepare, lambda disk: disk.files().get("/d/a")) == {b"1", None}


def test_a_removal_that_was_not_synced_may_come_undone():
    def prepare(disk):
        write(disk, "/a", b"1", sync=True)
        sync_root(disk)
        disk.unlink("/a")

    assert outcomes(prepare, lambda disk: disk.files().get("/a")) == {b"1", None}


def test_sync_all_keeps_everything():
    def prepare(disk):
        disk.mkdir("/d")
        write(disk, "/d/a", b"1", sync=False)
        assert disk.sync_all(disk.open("/", os.O_RDONLY))

    assert outcomes(prepare, lambda disk: disk.files().get("/d/a")) == {b"1"}


def test_lost_writes_stay_readable_and_no_later_sync_saves_them():
    def prepare(disk):
        fd = write(disk, "/a", b"1" * 600, sync=True)
        sync_root(disk)
        disk.write(fd, [b"2"])
        disk.lose(fd)
        assert disk.files()["/a"].endswith(b"2")
        disk.write(fd, [b"3"])
        disk.sync(fd)

    assert outcomes(prepare, lambda disk: disk.files()["/a"]) == {b"1" * 600 + b"\0" + b"3"}


def test_a_killed_process_loses_its_descriptors_and_no_writes():
    disk = SimulatedDisk()
    fd = write(disk, "/a", b"1", sync=False)
    disk.crash()
    assert disk.files() == {"/a": b"1"}
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.size(fd)


def test_a_folder_is_copied_to_a_real_directory(tmp_path):
    disk = SimulatedDisk()
    disk.mkdir("/d")
    write(disk, "/d/a", b"1", sync=True)
    write(disk, "/b", b"2", sync=True)
    disk.write_to(tmp_path, "/d")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"1"
