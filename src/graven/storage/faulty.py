"""Wrappers that fail at a chosen step, having done the work or not: nobody knows which, on a real disk.

    faults = Faults(at("append", 3, Fault(applied=True)))
    journal = FaultyJournal(FileJournal(directory), faults)

A *plan* is asked before every step and answers with a `Fault` or None. It may also block, which makes a slow
disk, or look at anything else. `Faults.steps` lists what was done: a first run without faults counts the
steps, later runs fail each of them in turn. One `Faults` may serve several wrappers, which then share a count.
`FaultyFileSystem` does the same for single system calls, below the real drivers.
"""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from graven.errors import StorageFailed
from graven.storage.contracts import Frame, Head, HeadState, Journal, Objects
from graven.storage.durable import storage_failed
from graven.storage.filesystem import FileSystem
from graven.storage.simulated import SimulatedDisk

__all__ = [
    "Fault",
    "Faults",
    "FaultyFileSystem",
    "FaultyHead",
    "FaultyJournal",
    "FaultyObjects",
    "Plan",
    "Step",
    "at",
    "at_step",
    "no_faults",
]

T = TypeVar("T")


class Step(NamedTuple):
    """`number` counts all steps from 0; `action` is the method's name; `target` a path or an index."""

    number: int
    action: str
    target: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong: `errno_` is reported, after the work was done (`applied`) or instead of it.

    `written` is for `write` in a `FaultyFileSystem`: so many bytes arrive before it fails.
    """

    applied: bool
    errno_: int = errno.EIO
    written: int = 0

    def error(self, target: str) -> OSError:
        return OSError(self.errno_, os.strerror(self.errno_), target)


Plan = Callable[[Step], Fault | None]


def no_faults(step: Step) -> Fault | None:
    return None


def at_step(number: int, fault: Fault) -> Plan:
    """Fail the step with this number."""
    return lambda step: fault if step.number == number else None


def at(action: str, nth: int, fault: Fault, *, target: str = "") -> Plan:
    """Fail the `nth` (from 0) step of an action whose target contains `target`."""
    seen = 0

    def plan(step: Step) -> Fault | None:
        nonlocal seen
        if step.action != action or target not in step.target:
            return None
        seen += 1
        return fault if seen == nth + 1 else None

    return plan


@dataclass(slots=True)
class Faults:
    """A plan, and the steps it was asked about."""

    plan: Plan = no_faults
    steps: list[Step] = field(default_factory=list)

    def next(self, action: str, target: str) -> Fault | None:
        step = Step(len(self.steps), action, target)
        self.steps.append(step)
        return self.plan(step)

    def run(self, action: str, target: str, work: Callable[[], T]) -> T:
        """Do one step of a driver; a fault raises `StorageFailed`."""
        fault = self.next(action, target)
        if fault is None:
            return work()
        if fault.applied:
            work()
        raise storage_failed(fault.error(target), action, target)


class FaultyJournal:
    """`Journal`; after a fault every later call raises, as the contract says."""

    def __init__(self, inner: Journal, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults
        self._failed = False
        self.recovery = inner.recovery

    def append(self, first_index: int, count: int, entries: Sequence[bytes], note: bytes) -> None:
        self._run("append", str(first_index), lambda: self._inner.append(first_index, count, entries, note))

    def frames(self) -> Iterator[Frame]:
        self._check_usable()
        return self._inner.frames()

    def drop_below(self, index: int) -> None:
        self._run("drop_below", str(index), lambda: self._inner.drop_below(index))

    def size_bytes(self) -> int:
        return self._inner.size_bytes()

    def close(self, *, clean: bool) -> None:
        if self._failed:
            self._inner.close(clean=False)
            if clean:
                self._check_usable()
        else:
            self._run("close", "clean" if clean else "unclean", lambda: self._inner.close(clean=clean))

    def _run(self, action: str, target: str, work: Callable[[], None]) -> None:
        self._check_usable()
        try:
            self._faults.run(action, target, work)
        except StorageFailed:
            self._failed = True
            raise

    def _check_usable(self) -> None:
        if self._failed:
            raise StorageFailed("the journal is unusable after a fault")


class FaultyHead:
    """`Head`."""

    def __init__(self, inner: Head, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def load(self) -> HeadState | None:
        return self._inner.load()

    def swap(self, expected: bytes | None, new: HeadState) -> None:
        self._faults.run("swap", str(new.time_ns), lambda: self._inner.swap(expected, new))

    def close(self) -> None:
        self._inner.close()


class FaultyObjects:
    """`Objects`."""

    def __init__(self, inner: Objects, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def get(self, path: str) -> bytes | None:
        return self._inner.get(path)

    def put(self, path: str, data: bytes) -> None:
        self._faults.run("put", path, lambda: self._inner.put(path, data))

    def replace(self, path: str, data: bytes) -> None:
        self._faults.run("replace", path, lambda: self._inner.replace(path, data))

    def delete(self, path: str) -> None:
        self._faults.run("delete", path, lambda: self._inner.delete(path))

    def list(self, prefix: str) -> Iterator[str]:
        return self._inner.list(prefix)

    def sync(self) -> None:
        self._faults.run("sync", "", self._inner.sync)


class FaultyFileSystem:
    """`FileSystem` whose changing calls, and `open` and `read`, are steps; faults raise `OSError`.

    A sync that fails and is not applied loses the unsynced writes for good when `inner` is a `SimulatedDisk`.
    """

    def __init__(self, inner: FileSystem, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults
        self._paths: dict[int, str] = {}

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        fault = self._faults.next("open", path)
        if fault is not None:
            if fault.applied:
                self._inner.close(self._inner.open(path, flags, mode))
            raise fault.error(path)
        fd = self._inner.open(path, flags, mode)
        self._paths[fd] = path
        return fd

    def close(self, fd: int) -> None:
        self._paths.pop(fd, None)
        self._inner.close(fd)

    def read(self, fd: int, size: int, offset: int) -> bytes:
        return self._run("read", self._paths[fd], lambda: self._inner.read(fd, size, offset))

    def write(self, fd: int, pieces: Sequence[bytes]) -> int:
        path = self._paths[fd]
        fault = self._faults.next("write", path)
        if fault is None:
            return self._inner.write(fd, pieces)
        data = b"".join(pieces)
        data = data if fault.applied else data[: fault.written]
        while data:
            data = data[self._inner.write(fd, [data]) :]
        raise fault.error(path)

    def size(self, fd: int) -> int:
        return self._inner.size(fd)

    def sync_data(self, fd: int) -> None:
        self._sync("sync_data", fd, lambda: self._inner.sync_data(fd))

    def sync(self, fd: int) -> None:
        self._sync("sync", fd, lambda: self._inner.sync(fd))

    def sync_all(self, fd: int) -> bool:
        return self._sync("sync_all", fd, lambda: self._inner.sync_all(fd))

    def link(self, existing: str, new: str) -> None:
        self._run("link", new, lambda: self._inner.link(existing, new))

    def rename(self, old: str, new: str) -> None:
        self._run("rename", new, lambda: self._inner.rename(old, new))

    def unlink(self, path: str) -> None:
        self._run("unlink", path, lambda: self._inner.unlink(path))

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        self._run("mkdir", path, lambda: self._inner.mkdir(path, mode))

    def rmdir(self, path: str) -> None:
        self._run("rmdir", path, lambda: self._inner.rmdir(path))

    def scan(self, path: str) -> list[tuple[str, bool]]:
        return self._inner.scan(path)

    def file_size(self, path: str) -> int | None:
        return self._inner.file_size(path)

    def _run(self, action: str, path: str, work: Callable[[], T]) -> T:
        fault = self._faults.next(action, path)
        if fault is None:
            return work()
        if fault.applied:
            with suppress(OSError):
                work()
        raise fault.error(path)

    def _sync(self, action: str, fd: int, work: Callable[[], T]) -> T:
        path = self._paths[fd]
        fault = self._faults.next(action, path)
        if fault is None:
            return work()
        if fault.applied:
            work()
        elif isinstance(self._inner, SimulatedDisk):
            self._inner.lose(fd, everything=action == "sync_all")
        raise fault.error(path)
