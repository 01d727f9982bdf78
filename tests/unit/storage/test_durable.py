"""Durable writes: the order of their steps, what a failure leaves, and which error it becomes."""

import errno
import os
import stat
from random import Random

import pytest

from graven.errors import StorageFailed
from graven.storage.durable import (
    make_directories,
    read_file,
    replace_durably,
    sync_directory,
    sync_names,
    write_durably,
)
from graven.storage.faulty import Fault, Faults, FaultyFileSystem, at, at_step
from graven.storage.simulated import SimulatedDisk


def actions(faults: Faults) -> list[tuple[str, str]]:
    return [(step.action, step.target) for step in faults.steps if step.action != "unlink"]


def test_replacing_syncs_the_content_then_renames_then_syncs_the_name():
    disk, faults = SimulatedDisk(), Faults()
    replace_durably("/file", b"data", fs=FaultyFileSystem(disk, faults))
    assert actions(faults) == [
        ("open", "/.file.tmp"),
        ("write", "/.file.tmp"),
        ("sync", "/.file.tmp"),
        ("rename", "/file"),
        ("open", "/"),
        ("sync", "/"),
    ]


@pytest.mark.parametrize("write", [write_durably, replace_durably])
@pytest.mark.parametrize("seed", range(20))
def test_what_was_written_survives_a_power_cut(write, seed):
    disk = SimulatedDisk()
    write("/file", b"data" * 1000, fs=disk)
    disk.power_cut(Random(seed))
    assert disk.files()["/file"] == b"data" * 1000


@pytest.mark.parametrize("fault", [Fault(applied=True), Fault(applied=False, written=2)], ids=str)
@pytest.mark.parametrize("step", range(7))
def test_a_failed_replacement_leaves_the_old_content_or_the_new(fault, step):
    for seed in range(10):
        disk = SimulatedDisk()
        replace_durably("/file", b"old", fs=disk)
        with pytest.raises(StorageFailed):
            replace_durably("/file", b"brand new", fs=FaultyFileSystem(disk, Faults(at_step(step, fault))))
        disk.power_cut(Random(seed))
        assert disk.files()["/file"] in {b"old", b"brand new"}


def test_creating_refuses_to_replace(tmp_path):
    write_durably(tmp_path / "file", b"1")
    with pytest.raises(StorageFailed, match="exists"):
        write_durably(tmp_path / "file", b"2")
    assert (tmp_path / "file").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("write", [write_durably, replace_durably])
def test_the_mode_is_the_one_asked_for_even_over_a_left_over(tmp_path, write):
    (tmp_path / ".file.tmp").write_bytes(b"left over by a crash, readable by all")
    write(tmp_path / "file", b"secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert (tmp_path / "file").read_bytes() == b"secret"


def test_directories_are_durable_with_their_parents():
    disk = SimulatedDisk()
    make_directories("/a/b/c", disk)
    write_durably("/a/b/c/file", b"1", fs=disk)
    disk.power_cut(Random(0))
    assert disk.files() == {"/a/b/c/file": b"1"}


def test_names_of_directories_that_were_there_are_made_durable():
    for seed in range(10):
        disk = SimulatedDisk()
        for path in ("/a", "/a/b", "/a/b/c"):
            disk.mkdir(path)
        write_durably("/a/b/c/file", b"1", fs=disk)
        sync_names("/a/b/c", disk)
        disk.power_cut(Random(seed))
        assert disk.files() == {"/a/b/c/file": b"1"}


def test_a_parent_that_may_not_be_opened_is_passed_over():
    disk = SimulatedDisk()
    make_directories("/a/b", disk)
    faults = Faults(at("open", 0, Fault(applied=False, errno_=errno.EACCES), target="/a"))
    sync_names("/a/b", FaultyFileSystem(disk, faults))


def test_reading_an_absent_file_is_none_and_a_folder_fails(tmp_path):
    assert read_file(f"{tmp_path}/none") is None
    assert read_file(f"{tmp_path}/none/none") is None
    with pytest.raises(StorageFailed):
        read_file(str(tmp_path))


def test_short_reads_are_continued():
    class Dribble(SimulatedDisk):
        def read(self, fd, size, offset):
            return super().read(fd, min(size, 3), offset)

    disk = Dribble()
    write_durably("/file", b"0123456789", fs=disk)
    assert read_file("/file", disk) == b"0123456789"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "storage_full"),
        (errno.EDQUOT, "storage_full"),
        (errno.EFBIG, "storage_full"),
        (errno.EIO, "storage_failed"),
        (errno.EMFILE, "storage_failed"),
        (errno.EROFS, "storage_failed"),
    ],
)
def test_the_error_says_path_reason_and_whether_the_disk_is_full(number, code):
    faults = Faults(at("write", 0, Fault(applied=False, errno_=number)))
    with pytest.raises(StorageFailed) as raised:
        replace_durably("/file", b"1", fs=FaultyFileSystem(SimulatedDisk(), faults))
    assert raised.value.code == code
    assert raised.value.details == {"path": "/file", "errno": errno.errorcode[number]}
    assert os.strerror(number) in raised.value.message
    assert raised.value.hint


def test_syncing_what_is_not_there_fails(tmp_path):
    with pytest.raises(StorageFailed):
        sync_directory(tmp_path / "none")
