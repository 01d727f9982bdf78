"""A disk in memory that forgets what was not synced: the `FileSystem` of the power-cut tests.

Every file has two contents, the page cache (what reads see) and the medium (what survives), and a list of
writes that reached only the first; every directory change is an operation that may or may not have reached
the medium. `power_cut` keeps a random part of what is unsynced, as POSIX allows and real disks do: writes by
sectors and in any order, a length without its bytes (zeros), a rename without the bytes of the file, a later
name without an earlier one. A sync of a file does not sync its name.

A sync that *failed* (`lose`) is worse than none: the cache keeps showing the bytes, no later sync writes them.
"""

import errno
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

__all__ = ["SimulatedDisk"]

_SECTOR = 512


@dataclass(slots=True, eq=False)
class _File:
    cache: bytearray = field(default_factory=bytearray)
    medium: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.unsynced:
            self.persist(offset, data)
        self.unsynced.clear()

    def persist(self, offset: int, data: bytes) -> None:
        if len(self.medium) < offset:
            self.medium.extend(bytes(offset - len(self.medium)))
        self.medium[offset : offset + len(data)] = data


@dataclass(slots=True, eq=False)
class _Directory:
    cache: "dict[str, _File | _Directory]" = field(default_factory=dict)
    medium: "dict[str, _File | _Directory]" = field(default_factory=dict)


_Node = _File | _Directory
_Change = tuple[_Directory, str, _Node | None]


class SimulatedDisk:
    """`FileSystem` in memory. Paths are absolute; `/` exists. Not thread-safe.

    `supports_sync_all` False gives a platform without `syncfs`.
    """

    def __init__(self, *, supports_sync_all: bool = True) -> None:
        self.supports_sync_all = supports_sync_all
        self._root = _Directory()
        self._open: dict[int, tuple[_Node, bool]] = {}
        self._next_fd = 3
        self._unsynced: list[list[_Change]] = []

    # the file system

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        folder, name = self._parent(path)
        node = folder.cache.get(name) if name else folder
        writing = flags & (os.O_WRONLY | os.O_RDWR) != 0
        if node is None:
            if not flags & os.O_CREAT:
                raise _error(errno.ENOENT, path)
            node = _File()
            self._change([(folder, name, node)])
        elif flags & os.O_CREAT and flags & os.O_EXCL:
            raise _error(errno.EEXIST, path)
        elif isinstance(node, _Directory) and writing:
            raise _error(errno.EISDIR, path)
        elif isinstance(node, _File) and flags & os.O_TRUNC:
            node.cache.clear()
            node.medium.clear()
            node.unsynced.clear()
        self._next_fd += 1
        self._open[self._next_fd] = (node, writing)
        return self._next_fd

    def close(self, fd: int) -> None:
        if self._open.pop(fd, None) is None:
            raise _error(errno.EBADF, str(fd))

    def read(self, fd: int, size: int, offset: int) -> bytes:
        return bytes(self._file(fd).cache[offset : offset + size])

    def write(self, fd: int, pieces: Sequence[bytes]) -> int:
        if not self._open[fd][1]:
            raise _error(errno.EBADF, str(fd))
        file = self._file(fd)
        data = b"".join(pieces)
        file.unsynced.append((len(file.cache), data))
        file.cache += data
        return len(data)

    def size(self, fd: int) -> int:
        return len(self._file(fd).cache)

    def sync_data(self, fd: int) -> None:
        self._file(fd).sync()

    def sync(self, fd: int) -> None:
        node = self._open[fd][0]
        if isinstance(node, _File):
            node.sync()
        else:
            self._sync_names(node)

    def sync_all(self, fd: int) -> bool:
        if self.supports_sync_all:
            for file in self._files():
                file.sync()
            self._persist(self._unsynced)
            self._unsynced = []
        return self.supports_sync_all

    def link(self, existing: str, new: str) -> None:
        source, source_name = self._parent(existing)
        target, target_name = self._parent(new)
        if source_name not in source.cache:
            raise _error(errno.ENOENT, existing)
        if target_name in target.cache:
            raise _error(errno.EEXIST, new)
        self._change([(target, target_name, source.cache[source_name])])

    def rename(self, old: str, new: str) -> None:
        source, source_name = self._parent(old)
        target, target_name = self._parent(new)
        if source_name not in source.cache:
            raise _error(errno.ENOENT, old)
        self._change([(target, target_name, source.cache[source_name]), (source, source_name, None)])

    def unlink(self, path: str) -> None:
        folder, name = self._parent(path)
        if not isinstance(folder.cache.get(name), _File):
            raise _error(errno.EISDIR if name in folder.cache else errno.ENOENT, path)
        self._change([(folder, name, None)])

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        folder, name = self._parent(path)
        if not name or name in folder.cache:
            raise _error(errno.EEXIST, path)
        self._change([(folder, name, _Directory())])

    def rmdir(self, path: str) -> None:
        folder, name = self._parent(path)
        node = folder.cache.get(name)
        if not isinstance(node, _Directory):
            raise _error(errno.ENOENT if node is None else errno.ENOTDIR, path)
        if node.cache:
            raise _error(errno.ENOTEMPTY, path)
        self._change([(folder, name, None)])

    def scan(self, path: str) -> list[tuple[str, bool]]:
        folder, name = self._parent(path)
        node = folder.cache.get(name) if name else folder
        if node is None:
            raise _error(errno.ENOENT, path)
        if isinstance(node, _File):
            raise _error(errno.ENOTDIR, path)
        return [(name, isinstance(child, _Directory)) for name, child in node.cache.items()]

    def file_size(self, path: str) -> int | None:
        try:
            folder, name = self._parent(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        node = folder.cache.get(name)
        return len(node.cache) if isinstance(node, _File) else None

    # what tests do to it

    def lose(self, fd: int, *, everything: bool = False) -> None:
        """What a failed sync does: unsynced writes stay readable and no later sync will write them.

        Of the file, or with `everything` of all files; names are tried again by the next sync.
        """
        node = self._open[fd][0]
        for file in self._files() if everything else [node]:
            if isinstance(file, _File):
                file.unsynced.clear()

    def crash(self) -> None:
        """The process is killed: its descriptors go, the page cache stays."""
        self._open.clear()

    def power_cut(self, random: Random) -> None:
        """The machine goes off and comes back: all that survives is the medium and a part of the rest."""
        self.crash()
        for file in self._files():
            _keep_some(file, random)
        self._persist([change for change in self._unsynced if random.random() < random.choice((0, 0.5, 1))])
        self._unsynced = []
        _forget(self._root)

    def files(self) -> dict[str, bytes]:
        """Path → content, as reads see it."""
        found: dict[str, bytes] = {}
        pending: list[tuple[str, _Directory]] = [("", self._root)]
        while pending:
            path, folder = pending.pop()
            for name, node in folder.cache.items():
                if isinstance(node, _File):
                    found[f"{path}/{name}"] = bytes(node.cache)
                else:
                    pending.append((f"{path}/{name}", node))
        return found

    def overwrite(self, path: str, content: bytes | None) -> None:
        """Damage: the file has other content, or None: it is gone, in the cache and on the medium."""
        folder, name = self._parent(path)
        if content is None:
            del folder.cache[name]
            folder.medium.pop(name, None)
        else:
            folder.cache[name] = folder.medium[name] = _File(bytearray(content), bytearray(content))

    def write_to(self, directory: Path, below: str = "/") -> None:
        """Copy what is below a folder to a real directory, for drivers and tools that need one."""
        below = below.rstrip("/")
        for path, content in self.files().items():
            if path.startswith(f"{below}/"):
                target = directory / path[len(below) + 1 :]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)

    # how it is done

    def _parent(self, path: str) -> tuple[_Directory, str]:
        *folders, name = [part for part in path.split("/") if part] or [""]
        here = self._root
        for part in folders:
            node = here.cache.get(part)
            if node is None:
                raise _error(errno.ENOENT, path)
            if isinstance(node, _File):
                raise _error(errno.ENOTDIR, path)
            here = node
        return here, name

    def _file(self, fd: int) -> _File:
        node = self._open[fd][0] if fd in self._open else None
        if not isinstance(node, _File):
            raise _error(errno.EBADF if node is None else errno.EISDIR, str(fd))
        return node

    def _change(self, changes: list[_Change]) -> None:
        """One operation on directories; it reaches the medium whole or not at all."""
        for folder, name, node in changes:
            if node is None:
                del folder.cache[name]
            else:
                folder.cache[name] = node
        self._unsynced.append(changes)

    def _sync_names(self, directory: _Directory) -> None:
        # an operation takes along all earlier ones on the same names: the medium never goes back in time
        names: set[tuple[int, str]] = set()
        synced, rest = [], []
        for changes in reversed(self._unsynced):
            touched = {(id(folder), name) for folder, name, _ in changes}
            if touched & names or any(folder is directory for folder, _, _ in changes):
                names |= touched
                synced.append(changes)
            else:
                rest.append(changes)
        self._persist(reversed(synced))
        self._unsynced = rest[::-1]

    def _persist(self, operations: Iterable[list[_Change]]) -> None:
        for changes in operations:
            for folder, name, node in changes:
                if node is None:
                    folder.medium.pop(name, None)
                else:
                    folder.medium[name] = node

    def _files(self) -> list[_File]:
        """Every file that a name leads to or led to, in the cache or on the medium."""
        seen: dict[int, _Node] = {}
        pending: list[_Node] = [self._root, *(node for node, _ in self._open.values())]
        pending += [node for changes in self._unsynced for _, _, node in changes if node is not None]
        while pending:
            node = pending.pop()
            if id(node) not in seen:
                seen[id(node)] = node
                if isinstance(node, _Directory):
                    pending += [*node.cache.values(), *node.medium.values()]
        return [node for node in seen.values() if isinstance(node, _File)]


def _keep_some(file: _File, random: Random) -> None:
    """Of each unsynced write keep all, nothing, or some sectors; then maybe a length without bytes."""
    reach = len(file.cache)
    share = random.choice((0.0, 0.5, 1.0))
    for offset, data in file.unsynced:
        end = offset + len(data)
        start = offset
        while start < end:
            stop = min(end, (start // _SECTOR + 1) * _SECTOR)
            if random.random() < share:
                file.persist(start, data[start - offset : stop - offset])
            start = stop
    if file.unsynced and len(file.medium) < reach and random.random() < 0.5:
        file.medium.extend(bytes(random.randint(0, reach - len(file.medium))))
    file.unsynced.clear()


def _forget(directory: _Directory) -> None:
    """Make the cache what the medium is."""
    directory.cache = dict(directory.medium)
    for node in directory.cache.values():
        if isinstance(node, _File):
            node.cache = bytearray(node.medium)
        else:
            _forget(node)


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
