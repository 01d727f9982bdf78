"""Objects as plain files in a directory that other people's tools can read.

An immutable `put` writes to `<root>/.incoming/`; `sync` makes all that content durable at once (`syncfs`), then
links it under its own name, then makes the names durable. So a name never stands for half an object: not for
a reader beside us, and not after a power cut, when a file system may well keep a name and lose its content.
Linking, unlike renaming, cannot replace what is there: the kernel itself guards immutability.
Measured for 800 objects: 25 ms to write, 15 ms to sync, 15 ms to link, 5 ms to clean up, 1 ms to sync names.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graven.errors import InvalidInput, StorageFailed
from graven.storage.durable import (
    WRITE_NEW,
    make_directories,
    open_descriptor,
    os_errors,
    read_file,
    replace_durably,
    sync_directory,
    write_all,
)
from graven.storage.filesystem import REAL, FileSystem

__all__ = ["DirectoryObjects"]

_INCOMING = ".incoming"
_READ = os.O_RDONLY | os.O_CLOEXEC


class DirectoryObjects:
    """`Objects` under `root`. One thread mutates; `get` and `list` may run in any other.

    What was put is seen by `get` of the same instance at once, by everybody else after `sync`.
    Names that begin with a dot are not objects.
    """

    def __init__(self, root: Path, *, fs: FileSystem = REAL) -> None:
        self._fs = fs
        self._root = os.fspath(root)
        self._incoming = f"{self._root}/{_INCOMING}"
        self._staged: dict[str, str] = {}
        self._counter = 0
        self._known_directories = {self._root}
        self._lock = threading.Lock()
        self._may_write = False
        make_directories(root, fs)
        with os_errors("open", root):
            # held from before the first write: a descriptor opened later is not told of earlier errors
            self._fd = fs.open(self._root, _READ)

    def get(self, path: str) -> bytes | None:
        target = self._target(path)
        temporary = self._staged.get(path)
        if temporary is not None:
            data = read_file(temporary, self._fs)
            if data is not None:
                return data  # None: `sync` has just moved it
        try:
            return read_file(target, self._fs)
        except StorageFailed as error:
            if isinstance(error.__cause__, IsADirectoryError):
                return None
            raise

    def put(self, path: str, data: bytes) -> None:
        existing = self.get(path)
        if existing is not None:
            if existing != data:
                raise _changed(path, existing, data)
            return
        if not self._may_write:
            self._clear_incoming()
        temporary = f"{self._incoming}/{self._counter}"
        self._counter += 1
        with (
            os_errors("write", temporary),
            open_descriptor(self._fs, temporary, WRITE_NEW | os.O_EXCL) as fd,
        ):
            write_all(self._fs, fd, [data])
        self._staged[path] = temporary

    def replace(self, path: str, data: bytes) -> None:
        target = self._target(path)
        make_directories(os.path.dirname(target), self._fs)  # noqa: PTH120 - no Path on the hot side
        replace_durably(target, data, fs=self._fs)

    def delete(self, path: str) -> None:
        target = self._target(path)
        temporary = self._staged.pop(path, None)
        with os_errors("delete", target):
            for name in filter(None, (temporary, target)):
                with suppress(FileNotFoundError, NotADirectoryError):
                    self._fs.unlink(name)

    def list(self, prefix: str) -> Iterator[str]:
        """Durable or not; raises `StorageFailed`. An absent folder has no objects."""
        prefix = prefix.strip("/")
        folder = f"{prefix}/" if prefix else ""
        yield from [path for path in self._staged.copy() if path.startswith(folder)]
        pending = [prefix]
        while pending:
            here = pending.pop()
            with os_errors("list", f"{self._root}/{here}"):
                try:
                    entries = self._fs.scan(self._target(here) if here else self._root)
                except (FileNotFoundError, NotADirectoryError):
                    continue
            for name, is_directory in entries:
                path = f"{here}/{name}" if here else name
                if name.startswith("."):
                    continue
                if is_directory:
                    pending.append(path)
                elif path not in self._staged:
                    yield path

    def sync(self) -> None:
        if not self._staged:
            # deletions and equal puts of an earlier life may still be on their way
            with os_errors("sync", self._root):
                self._fs.sync_all(self._fd)
            return
        with os_errors("sync", self._root):
            one_by_one = not self._fs.sync_all(self._fd)
            touched: set[str] = set()
            staged = list(self._staged.items())
            for path, temporary in staged:
                if one_by_one:
                    with open_descriptor(self._fs, temporary, _READ) as fd:
                        self._fs.sync(fd)
                touched.add(self._place(path, temporary))
            for path, temporary in staged:
                del self._staged[path]
                self._fs.unlink(temporary)
            if one_by_one:
                for directory in touched:
                    sync_directory(directory, self._fs)
            else:
                self._fs.sync_all(self._fd)

    def close(self) -> None:
        """Let go of the directory; what was put and not synced is forgotten."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._fs.close(fd)

    def _clear_incoming(self) -> None:
        """Make the folder, or remove what a crash left there: at the first `put`, as readers must not."""
        make_directories(self._incoming, self._fs)
        with os_errors("clear", self._incoming):
            for name, _ in self._fs.scan(self._incoming):
                self._fs.unlink(f"{self._incoming}/{name}")
        self._may_write = True

    def _place(self, path: str, temporary: str) -> str:
        """Link into place; gives the directory. Raises `OSError` or `StorageFailed`."""
        target = f"{self._root}/{path}"
        directory = os.path.dirname(target)  # noqa: PTH120
        if directory not in self._known_directories:
            make_directories(directory, self._fs)
            self._known_directories.add(directory)
        try:
            self._fs.link(temporary, target)
        except FileExistsError:
            existing, data = read_file(target, self._fs), read_file(temporary, self._fs)
            if existing != data:
                raise _changed(path, existing or b"", data or b"") from None
        return directory

    def _target(self, path: str) -> str:
        for part in path.split("/"):
            if part == "" or part[0] == "." or "\0" in part:
                raise InvalidInput(f"this is no path of an object: {path!r}")
        return f"{self._root}/{path}"


def _changed(path: str, existing: bytes, data: bytes) -> StorageFailed:
    return StorageFailed(
        f"{path} exists with other content: {len(existing)} bytes there, {len(data)} bytes to write",
        why="tiles and bundles never change; two contents mean a bug, damage, or two writers",
        hint="stop, keep both, and run graven verify on the directory",
        code="immutable_changed",
        details={"path": path},
    )
