"""The real file system and the simulated one answer alike, errors included."""

import errno
import os
from pathlib import Path

import pytest

from graven.storage.filesystem import REAL, FileSystem, RealFileSystem
from graven.storage.simulated import SimulatedDisk

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


@pytest.fixture(params=["real", "simulated"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FileSystem, str]:
    if request.param == "real":
        return REAL, str(tmp_path)
    disk = SimulatedDisk()
    disk.mkdir("/root")
    return disk, "/root"


def write(fs: FileSystem, path: str, *pieces: bytes) -> None:
    fd = fs.open(path, NEW)
    assert fs.write(fd, pieces) == sum(map(len, pieces))
    fs.sync_data(fd)
    fs.sync(fd)
    fs.close(fd)


def failing(call, *arguments) -> str:
    with pytest.raises(OSError) as raised:  # noqa: PT011 - the number is what the caller compares
        call(*arguments)
    return errno.errorcode[raised.value.errno]


def test_writing_appends_and_reading_takes_positions(place):
    fs, root = place
    write(fs, f"{root}/file", b"abc", b"", b"def")
    fd = fs.open(f"{root}/file", os.O_WRONLY | os.O_APPEND)
    fs.write(fd, [b"ghi"])
    fs.close(fd)
    fd = fs.open(f"{root}/file", os.O_RDONLY)
    assert fs.size(fd) == 9
    assert fs.read(fd, 4, 2) == b"cdef"
    assert fs.read(fd, 100, 8) == b"i"
    assert fs.read(fd, 100, 9) == b""
    assert failing(fs.write, fd, [b"x"]) == "EBADF"
    fs.close(fd)
    assert failing(fs.close, fd) == "EBADF"
    assert fs.file_size(f"{root}/file") == 9


def test_truncating_empties(place):
    fs, root = place
    write(fs, f"{root}/file", b"abc")
    fs.close(fs.open(f"{root}/file", os.O_WRONLY | os.O_TRUNC))
    assert fs.file_size(f"{root}/file") == 0


def test_names_are_linked_renamed_and_removed(place):
    fs, root = place
    write(fs, f"{root}/a", b"1")
    write(fs, f"{root}/b", b"22")
    fs.link(f"{root}/a", f"{root}/c")
    fs.rename(f"{root}/b", f"{root}/a")
    fs.mkdir(f"{root}/d")
    assert sorted(fs.scan(root)) == [("a", False), ("c", False), ("d", True)]
    assert fs.file_size(f"{root}/a") == 2
    assert fs.file_size(f"{root}/c") == 1
    fs.unlink(f"{root}/a")
    fs.rmdir(f"{root}/d")
    assert fs.scan(root) == [("c", False)]


def test_errors_have_the_same_numbers(place):
    fs, root = place
    write(fs, f"{root}/file", b"1")
    fs.mkdir(f"{root}/folder")
    write(fs, f"{root}/folder/inner", b"1")
    assert failing(fs.open, f"{root}/none", os.O_RDONLY) == "ENOENT"
    assert failing(fs.open, f"{root}/none/none", NEW) == "ENOENT"
    assert failing(fs.open, f"{root}/file/none", NEW) == "ENOTDIR"
    assert failing(fs.open, f"{root}/file", NEW) == "EEXIST"
    assert failing(fs.open, f"{root}/folder", os.O_WRONLY) == "EISDIR"
    assert failing(fs.link, f"{root}/none", f"{root}/x") == "ENOENT"
    assert failing(fs.link, f"{root}/file", f"{root}/folder") == "EEXIST"
    assert failing(fs.rename, f"{root}/none", f"{root}/x") == "ENOENT"
    assert failing(fs.unlink, f"{root}/none") == "ENOENT"
    assert failing(fs.unlink, f"{root}/folder") == "EISDIR"
    assert failing(fs.rmdir, f"{root}/none") == "ENOENT"
    assert failing(fs.rmdir, f"{root}/file") == "ENOTDIR"
    assert failing(fs.rmdir, f"{root}/folder") == "ENOTEMPTY"
    assert failing(fs.mkdir, f"{root}/file") == "EEXIST"
    assert failing(fs.mkdir, f"{root}/none/x") == "ENOENT"
    assert failing(fs.scan, f"{root}/none") == "ENOENT"
    assert failing(fs.scan, f"{root}/file") == "ENOTDIR"
    assert fs.file_size(f"{root}/none/none") is None
    assert fs.file_size(f"{root}/file/none") is None
    fd = fs.open(f"{root}/folder", os.O_RDONLY)
    fs.sync(fd)
    assert failing(fs.read, fd, 1, 0) == "EISDIR"
    fs.close(fd)


def test_syncfs_reports_its_errors():
    fs = RealFileSystem()
    if fs._libc is None:
        pytest.skip("no syncfs that reports errors on this platform")
    assert failing(fs.sync_all, -1) == "EBADF"
