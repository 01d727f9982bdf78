"""Objects as plain files in a directory that other people's tools can read.

An immutable `put` writes to `<root>/.incoming/`; `sync` makes all that content durable at once (`syncfs`), then
links it under its own name, then makes the names durable. So a name never stands for half an object: not for
a reader beside us, and not after a power cut, when a file system may well keep a name and lose its content.
Linking, unlike renaming, cannot replace what is there: the kernel itself guards immutability.
Measured for 800 objects: 25 ms to write, 15 ms to sync, 15 ms to link, 5 ms to clean up, 1 ms to sync names.
"""

import errno
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
    storage_failed,
    sync_directory,
    sync_names,
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
        self._failed: StorageFailed | None = None
        self._touched: set[str] = set()  # directories whose names are not durable yet
        self._staged: dict[str, str] = {}
        self._counter = 0
        self._made = {self._root}  # directories known to exist
        self._named = {self._root}  # those whose names are durable, too
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
        self._begin_to_write()
        existing = self.get(path)
        if existing is not None:
            if existing != data:
                raise _changed(path, existing, data)
            # an earlier life may have failed between its name and the sync of its name
            self._touched.add(os.path.dirname(f"{self._root}/{path}"))  # noqa: PTH120
            return
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
        self._begin_to_write()
        directory = os.path.dirname(target)  # noqa: PTH120 - no Path on the hot side
        with os_errors("replace", target):
            self._make_directory(directory)
        self._sync_upward(directory)
        replace_durably(target, data, fs=self._fs)

    def delete(self, path: str) -> None:
        target = self._target(path)
        self._begin_to_write()
        temporary = self._staged.pop(path, None)
        with os_errors("delete", target):
            for name in filter(None, (temporary, target)):
                with suppress(FileNotFoundError, NotADirectoryError):
                    self._fs.unlink(name)
        self._touched.add(self._drop_empty(os.path.dirname(target)))  # noqa: PTH120

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
        """A failed one leaves this instance unusable for writing: a second `syncfs` would find no fault."""
        if not self._staged and not self._touched:
            return
        self._begin_to_write()
        try:
            with os_errors("sync", self._root):
                self._sync()
        except StorageFailed as error:
            self._failed = error
            raise

    def _sync(self) -> None:
        staged = list(self._staged.items())
        one_by_one = not self._fs.sync_all(self._fd)
        for path, temporary in staged:
            if one_by_one:
                with open_descriptor(self._fs, temporary, _READ) as fd:
                    self._fs.sync(fd)
            self._place(path, temporary)
        for path, temporary in staged:
            del self._staged[path]
            self._fs.unlink(temporary)
        if one_by_one:
            for directory in self._touched:
                self._sync_upward(directory)
                sync_directory(directory, self._fs)
        else:
            self._fs.sync_all(self._fd)
        self._touched.clear()

    def close(self) -> None:
        """Let go of the directory; what was put and not synced is forgotten."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            with suppress(OSError):
                self._fs.close(fd)

    def _begin_to_write(self) -> None:
        """Before a mutation; the first makes or clears the incoming folder, which readers must not."""
        if self._failed is not None:
            raise StorageFailed(
                f"writing to {self._root} stopped: {self._failed.message}",
                why="after a failed sync nobody knows what the disk holds",
                hint="close, reopen and look",
                code=self._failed.code,
            )
        if self._may_write:
            return
        make_directories(self._incoming, self._fs)
        sync_names(self._root, self._fs)
        with os_errors("clear", self._incoming):
            for name, _ in self._fs.scan(self._incoming):
                self._fs.unlink(f"{self._incoming}/{name}")
        self._may_write = True

    def _place(self, path: str, temporary: str) -> None:
        """Link into place. Raises `OSError` or `StorageFailed`."""
        target = f"{self._root}/{path}"
        directory = os.path.dirname(target)  # noqa: PTH120
        self._make_directory(directory)
        self._touched.add(directory)
        try:
            self._fs.link(temporary, target)
        except FileExistsError:
            existing, data = read_file(target, self._fs), read_file(temporary, self._fs)
            if existing != data:
                raise _changed(path, existing or b"", data or b"") from None

    def _make_directory(self, directory: str) -> None:
        """`mkdir -p`, not durable. Raises `OSError`."""
        if directory in self._made:
            return
        try:
            self._fs.mkdir(directory)
        except FileExistsError:
            pass
        except FileNotFoundError:
            self._make_directory(os.path.dirname(directory))  # noqa: PTH120
            self._fs.mkdir(directory)
        self._made.add(directory)

    def _sync_upward(self, directory: str) -> None:
        """Make the names of a directory and of all above it durable, up to the root, once in our life.

        Also for those that were there before: whoever made them may not have come to that.
        """
        while directory not in self._named:
            self._named.add(directory)
            directory = os.path.dirname(directory)  # noqa: PTH120
            sync_directory(directory, self._fs)

    def _drop_empty(self, directory: str) -> str:
        """Remove directories left empty, up to the root; gives the first that stays. Raises `StorageFailed`."""
        while directory != self._root:
            try:
                self._fs.rmdir(directory)
            except FileNotFoundError:
                pass
            except OSError as error:
                if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
                    break
                raise storage_failed(error, "remove directory", directory) from error
            self._made.discard(directory)
            self._named.discard(directory)
            self._touched.discard(directory)
            directory = os.path.dirname(directory)  # noqa: PTH120
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
