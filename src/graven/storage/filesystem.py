"""The seam between drivers and the operating system: one method a system call, `OSError` raised as it comes.

Everything that has to survive a power cut goes through a `FileSystem`, so that the tests can answer the
questions a real disk answers once a year: what if this write was short, this sync failed, this directory
entry never arrived? `RealFileSystem` adds nothing to `os` but `syncfs`; `graven.storage.simulated` is the
disk that forgets. Paths are absolute strings, descriptors are integers, writing always appends.
"""

import ctypes
import errno
import os
import sys
from collections.abc import Sequence
from typing import Protocol

__all__ = ["REAL", "FileSystem", "RealFileSystem"]


class FileSystem(Protocol):
    """System calls. Nothing is durable until one of the three `sync…` methods returned."""

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        """A descriptor of a file, or of a directory (for `sync` and `sync_all`)."""
        ...

    def close(self, fd: int) -> None: ...

    def read(self, fd: int, size: int, offset: int) -> bytes:
        """At most `size` bytes from `offset`; empty at the end of the file."""
        ...

    def write(self, fd: int, pieces: Sequence[bytes]) -> int:
        """Append up to `len` of all pieces in order; gives the number of bytes taken, which may be fewer."""
        ...

    def size(self, fd: int) -> int: ...

    def sync_data(self, fd: int) -> None:
        """`fdatasync`: the content and the length of one file."""
        ...

    def sync(self, fd: int) -> None:
        """`fsync`: a file, or the entries of a directory."""
        ...

    def sync_all(self, fd: int) -> bool:
        """`syncfs` with its errors reported; False, having done nothing, where there is no such thing."""
        ...

    def link(self, existing: str, new: str) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def unlink(self, path: str) -> None: ...

    def mkdir(self, path: str, mode: int = 0o755) -> None: ...

    def rmdir(self, path: str) -> None:
        """Remove an empty directory."""
        ...

    def scan(self, path: str) -> list[tuple[str, bool]]:
        """(name, is a directory) of each entry, in no particular order."""
        ...

    def file_size(self, path: str) -> int | None:
        """Bytes of the file, or None when there is none."""
        ...


class RealFileSystem:
    """The operating system's own."""

    def __init__(self) -> None:
        self._libc = _libc_with_syncfs()

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        return os.open(path, flags, mode)

    def close(self, fd: int) -> None:
        os.close(fd)

    def read(self, fd: int, size: int, offset: int) -> bytes:
        return os.pread(fd, size, offset)

    def write(self, fd: int, pieces: Sequence[bytes]) -> int:
        return os.writev(fd, pieces)

    def size(self, fd: int) -> int:
        return os.fstat(fd).st_size

    def sync_data(self, fd: int) -> None:
        if sys.platform == "linux":
            os.fdatasync(fd)
        else:
            self.sync(fd)

    def sync(self, fd: int) -> None:
        if sys.platform == "darwin":
            # plain fsync there leaves the data in the drive's own cache
            import fcntl

            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        else:
            os.fsync(fd)

    def sync_all(self, fd: int) -> bool:
        if self._libc is None:
            return False
        if self._libc.syncfs(fd) != 0:
            number = ctypes.get_errno()
            if number == errno.ENOSYS:
                return False
            raise OSError(number, os.strerror(number))
        return True

    def link(self, existing: str, new: str) -> None:
        os.link(existing, new)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new)  # noqa: PTH104 - the seam is os, by definition

    def unlink(self, path: str) -> None:
        os.unlink(path)  # noqa: PTH108

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        os.mkdir(path, mode)  # noqa: PTH102

    def rmdir(self, path: str) -> None:
        os.rmdir(path)  # noqa: PTH106

    def scan(self, path: str) -> list[tuple[str, bool]]:
        with os.scandir(path) as entries:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]

    def file_size(self, path: str) -> int | None:
        try:
            return os.stat(path).st_size  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return None


def _libc_with_syncfs() -> ctypes.CDLL | None:
    """The C library when its `syncfs` reports write errors, which Linux does since 5.8."""
    if sys.platform != "linux":
        return None
    major, minor = os.uname().release.split(".")[:2]
    if (int(major), int("".join(c for c in minor if c.isdigit()) or "0")) < (5, 8):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    return libc if hasattr(libc, "syncfs") else None


REAL = RealFileSystem()
"""The one used when nothing else is asked for."""
