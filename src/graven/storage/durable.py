"""Writing a file so that a power cut leaves the old content or the new one, and never half of either.

The order is always: temporary name, content, `fsync` of the file, rename (or link), `fsync` of the directory.
Without the first sync a rename can reach the disk before the bytes it points to; without the second the
name itself can be lost. Temporary names are `.<name>.tmp` beside the file, so a path has one writer at a time.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from graven.errors import StorageFailed
from graven.storage.filesystem import REAL, FileSystem

__all__ = [
    "WRITE_NEW",
    "make_directories",
    "open_descriptor",
    "os_errors",
    "read_file",
    "replace_durably",
    "storage_failed",
    "sync_directory",
    "sync_names",
    "write_all",
    "write_durably",
]

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND
_READ = os.O_RDONLY | os.O_CLOEXEC
_MAX_PIECES = 512  # IOV_MAX is 1024 on Linux, 16 is the least POSIX allows


def storage_failed(error: OSError, action: str, path: str | os.PathLike[str]) -> StorageFailed:
    """The error for an `OSError` met while trying to `action` (an infinitive) `path`."""
    full = error.errno in FULL
    return StorageFailed(
        f"could not {action} {os.fspath(path)}: {error.strerror or error}",
        why="what was not written durably cannot be promised to anybody",
        hint="free or add disk space" if full else "check the disk, its mount and the permissions",
        code="storage_full" if full else "storage_failed",
        details={"path": os.fspath(path), "errno": errno.errorcode.get(error.errno or 0, "")},
    )


@contextmanager
def os_errors(action: str, path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn any `OSError` of the block into `StorageFailed`."""
    try:
        yield
    except OSError as error:
        raise storage_failed(error, action, path) from error


@contextmanager
def open_descriptor(fs: FileSystem, path: str, flags: int, mode: int = 0o644) -> Iterator[int]:
    """A descriptor for the length of the block; raises `OSError`."""
    fd = fs.open(path, flags, mode)
    try:
        yield fd
    finally:
        fs.close(fd)


def write_all(fs: FileSystem, fd: int, pieces: Sequence[bytes]) -> int:
    """Append all pieces, however many calls that takes; gives their total size. Raises `OSError`."""
    total = 0
    for start in range(0, len(pieces), _MAX_PIECES):
        rest = [piece for piece in pieces[start : start + _MAX_PIECES] if len(piece)]
        while rest:
            written = fs.write(fd, rest)
            if written <= 0:
                raise OSError(errno.EIO, "nothing was written")
            total += written
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if written:
                rest[0] = bytes(memoryview(rest[0])[written:])
    return total


def read_file(path: str, fs: FileSystem = REAL) -> bytes | None:
    """The whole file, or None when there is none. Raises `StorageFailed`."""
    with os_errors("read", path):
        try:
            fd = fs.open(path, _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            size = fs.size(fd)
            data = fs.read(fd, size + 1, 0)
            while len(data) <= size:  # a read may be short; one byte more than the size proves the end
                more = fs.read(fd, size + 1 - len(data), len(data))
                if not more:
                    break
                data += more
            return data
        finally:
            fs.close(fd)


def sync_directory(path: str | os.PathLike[str], fs: FileSystem = REAL) -> None:
    """Make the entries of one directory durable. Raises `StorageFailed`."""
    with os_errors("sync directory", path):
        _sync_directory(fs, os.fspath(path))


def make_directories(path: str | os.PathLike[str], fs: FileSystem = REAL, *, mode: int = 0o755) -> None:
    """`mkdir -p`, durable: the parent of every directory made here is synced. Raises `StorageFailed`."""
    with os_errors("make directory", path):
        _make_directories(fs, os.fspath(path), mode)


def sync_names(directory: str | os.PathLike[str], fs: FileSystem = REAL) -> None:
    """Make the names of a directory and of all above it durable. Raises `StorageFailed`.

    For who finds a directory that exists and is about to trust it: the process that made it, or one of its
    parents, may have been killed before it came to the sync. A parent that we may not open is not one we made.
    """
    path = os.fspath(directory)
    with os_errors("sync the name of", directory):
        while path != (parent := os.path.dirname(path)):  # noqa: PTH120
            with suppress(PermissionError):
                _sync_directory(fs, parent)
            path = parent


def _make_directories(fs: FileSystem, path: str, mode: int) -> None:
    try:
        fs.mkdir(path, mode)
    except FileExistsError:
        return
    except FileNotFoundError:
        _make_directories(fs, os.path.dirname(path), mode)  # noqa: PTH120 - strings all the way down
        with suppress(FileExistsError):  # another thread was faster
            fs.mkdir(path, mode)
    _sync_directory(fs, os.path.dirname(path))  # noqa: PTH120


def _sync_directory(fs: FileSystem, path: str) -> None:
    with open_descriptor(fs, path or ".", _READ) as fd:
        fs.sync(fd)


def write_durably(path: str | os.PathLike[str], data: bytes, *, mode: int = 0o644, fs: FileSystem = REAL) -> None:
    """Create a file that must not exist yet; durable on return. Raises `StorageFailed`.

    The temporary file is linked, not renamed, into place: the kernel refuses to replace anything.
    """
    target = os.fspath(path)
    with os_errors("create", path):
        temporary = _write_temporary(fs, target, data, mode)
        try:
            fs.link(temporary, target)
        finally:
            fs.unlink(temporary)
        _sync_directory(fs, os.path.dirname(target))  # noqa: PTH120


def replace_durably(path: str | os.PathLike[str], data: bytes, *, mode: int = 0o644, fs: FileSystem = REAL) -> None:
    """Create or replace a file atomically; durable on return. Raises `StorageFailed`."""
    target = os.fspath(path)
    with os_errors("replace", path):
        temporary = _write_temporary(fs, target, data, mode)
        fs.rename(temporary, target)
        _sync_directory(fs, os.path.dirname(target))  # noqa: PTH120


def _write_temporary(fs: FileSystem, target: str, data: bytes, mode: int) -> str:
    directory, name = os.path.split(target)
    temporary = os.path.join(directory, f".{name}.tmp")  # noqa: PTH118
    try:
        # a left-over of another mode would keep it: make the file anew
        with suppress(FileNotFoundError):
            fs.unlink(temporary)
        with open_descriptor(fs, temporary, WRITE_NEW | os.O_EXCL, mode) as fd:
            write_all(fs, fd, [data])
            fs.sync(fd)
    except OSError:
        with suppress(OSError):
            fs.unlink(temporary)
        raise
    return temporary
