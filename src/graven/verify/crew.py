"""Running tasks on all cores: in this process, or in worker processes, with the same answers in order.

Memory is bounded: at most a few tasks a worker are under way, and an outcome is small (a root a bundle).
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType
from typing import BinaryIO, Self, cast

import msgspec

from graven.errors import CouldNotCheck
from graven.verify.checker import Checker, Outcome, Task
from graven.verify.source import Source, SourceSpec
from graven.verify.wire import Failure, read_frame, write_frame

__all__ = ["Crew", "cores"]

_AHEAD = 3  # tasks a worker that are queued or done and not yet taken
_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from graven.verify.worker import main; main()"


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class _Worker:
    """One worker process and the pipes to it."""

    def __init__(self, spec: SourceSpec) -> None:
        command = [sys.executable, "-c", _BOOT, *sys.path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._tasks = cast("BinaryIO", self._process.stdin)
        self._answers = cast("BinaryIO", self._process.stdout)
        self._send(spec, b"S")

    def _send(self, value: SourceSpec | Task, tag: bytes) -> None:
        try:
            write_frame(self._tasks, value, tag=tag)
        except OSError as error:
            raise _worker_ended() from error

    def run(self, task: Task) -> Outcome:
        self._send(task, b"T")
        try:
            frame = read_frame(self._answers)
        except EOFError:
            frame = None
        if frame is None:
            raise _worker_ended()
        tag, data = frame
        if tag == b"F":
            failure = msgspec.msgpack.decode(data, type=Failure)
            raise CouldNotCheck(failure.message, code=failure.code, hint=failure.hint)
        return msgspec.msgpack.decode(data, type=Outcome)

    def close(self) -> None:
        with suppress(OSError):
            self._tasks.close()
        self._answers.close()
        self._process.wait()


def _worker_ended() -> CouldNotCheck:
    return CouldNotCheck(
        "a verification worker ended before its work was done",
        hint="graven verify --workers 0 does everything in one process; its error shows what went wrong",
        code="worker_ended",
    )


class Crew:
    """`workers` processes on one source; 0, or a source without a spec, means this process. A context manager."""

    def __init__(self, source: Source, workers: int) -> None:
        self._source = source
        self._spec = source.spec() if workers > 0 else None
        self._count = workers if self._spec is not None else 0
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        if self._spec is not None and sys.executable:
            try:
                for _ in range(self._count):
                    self._workers.append(_Worker(self._spec))
            except BaseException:
                self._close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def run(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """The outcomes in the order of the tasks. Raises what a task raises, when its turn comes.

        Close the generator before the crew when it is not read to its end.
        """
        if self._workers:
            yield from self._run_on_workers(tasks)
        else:
            yield from map(Checker(self._source).run, tasks)

    def _run_on_workers(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        idle: SimpleQueue[_Worker] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def run_one(task: Task) -> Outcome:
            worker = idle.get()
            try:
                return worker.run(task)
            finally:
                idle.put(worker)

        # a thread a worker only waits at its pipe; the work is done in the processes
        with ThreadPoolExecutor(len(self._workers)) as waiting:
            yield from _in_order(tasks, lambda task: waiting.submit(run_one, task), _AHEAD * len(self._workers))


def _in_order(tasks: Iterable[Task], submit: Callable[[Task], "Future[Outcome]"], ahead: int) -> Iterator[Outcome]:
    under_way: deque[Future[Outcome]] = deque()
    try:
        for task in tasks:
            under_way.append(submit(task))
            if len(under_way) >= ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()
