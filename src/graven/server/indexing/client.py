"""Starts the index process, starts it again when it ends, tells it how far the logs have got, and asks it.

All of it lives on the event loop and waits for nothing but the socket: a log never waits for the index. While the
process is away, questions are refused at once (`index_away`; `index_off` where it is switched off), and everything
that reads by log index goes on.
"""

import asyncio
import contextlib
import itertools
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Final

from graven.errors import Busy, GravenError, InvalidInput, Unavailable
from graven.index.process.messages import (
    Answer,
    Call,
    Cancel,
    Failure,
    Frames,
    LogState,
    Message,
    Progress,
    Sizes,
    encode,
    raised_by,
)
from graven.server.log_lines import logger

__all__ = ["IndexClient"]

_POLL_S: Final = 0.05
"""Between looks at the sizes of the logs: what the index adds to the age of what it shows."""

_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0
_GOOD_S: Final = 30.0
"""A process that lived so long is started again at once."""

_END_S: Final = 5.0
_GRACE_S: Final = 5.0
"""Beyond what a question may take: then the process hangs, and not the question."""

_DEAF_S: Final = 60.0
"""A process that owes an answer and has answered nothing for so long is ended, and another started. That it still tells
how far it is says nothing of the threads that answer."""

_WATCH_S: Final = 1.0
_MOST_WAITING: Final = 1_024
_MOST_UNSENT_BYTES: Final = 4 * 2**20


class IndexClient:
    """`sizes` gives the committed entries of every open log; `run` is a task on the loop until it is cancelled."""

    def __init__(
        self, data_dir: Path, sizes: Callable[[], dict[str, int]], *, query_s: float, enabled: bool = True
    ) -> None:
        """Unless `enabled`, `run` is never called, and no question is ever answered."""
        self._data_dir = data_dir
        self._sizes = sizes
        self._query_s = query_s
        self.enabled = enabled
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._advanced = asyncio.Event()
        self._overdue: set[int] = set()  # nobody waits for these any more, but an answer would show that it lives
        self._heard = 0.0
        self.states: dict[str, LogState] = {}
        """How far each log is indexed; empty while the process is away."""
        self.deaths = 0
        """Processes that ended by themselves."""

    @property
    def away(self) -> bool:
        return self._writer is None

    async def ask(self, method: str, log: str, parameters: Mapping[str, str]) -> Answer:
        """The answer, or the error that the index raised; Unavailable (`index_away`, `index_off`) without a process."""
        writer = self._writer
        if writer is None:
            raise _away() if self.enabled else _off()
        if len(self._waiting) >= _MOST_WAITING or _unsent(writer) > _MOST_UNSENT_BYTES:
            raise Busy(f"{len(self._waiting)} questions wait for the index", hint="ask again in a moment")
        number = next(self._ids)
        question = encode(Call(number, method, log, dict(parameters)))
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        writer.write(question)
        try:
            async with asyncio.timeout(self._query_s + _GRACE_S):
                return await future
        except TimeoutError as error:
            self._overdue.add(number)
            self._decline(future)
            writer.write(encode(Cancel(number)))
            raise Unavailable(
                f"the index has not answered within {self._query_s + _GRACE_S:g} s",
                hint="ask again in a few seconds; graven index status",
                code="index_away",
            ) from error
        except asyncio.CancelledError:
            self._decline(future)
            with contextlib.suppress(OSError, RuntimeError):
                writer.write(encode(Cancel(number)))
            raise
        finally:
            self._waiting.pop(number, None)

    def tell(self, method: str, log: str, parameters: Mapping[str, str]) -> None:
        """Ask without waiting for an answer; while the process is away or does not read there is nothing to tell."""
        if self._writer is not None and _unsent(self._writer) <= _MOST_UNSENT_BYTES:
            self._writer.write(encode(Call(next(self._ids), method, log, dict(parameters))))

    async def advanced(self, log: str, beyond: int, timeout_s: float) -> int:
        """Wait until more than `beyond` entries of a log are indexed, or the time is over; gives how many are."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while (indexed := self.indexed(log)) <= beyond:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                break
            event = self._advanced
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), left)
        return indexed

    def indexed(self, log: str) -> int:
        state = self.states.get(log)
        return state.indexed if state is not None else 0

    async def run(self) -> None:
        """Keep a process running. Cancelled at the stop of the server, which ends the process."""
        pause = _FIRST_PAUSE_S
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                async with self._process() as (reader, writer):
                    self._writer = writer
                    try:
                        await self._converse(reader, writer)
                    finally:
                        self._gone()  # before the end of the process, which may take seconds
            except Exception:  # noqa: BLE001 - whatever ended it (a socket that broke, a task of ours), another comes
                logger().warning("the conversation with the index process broke off", exc_info=True)
            self.deaths += 1
            pause = _FIRST_PAUSE_S if clock() - began > _GOOD_S else min(_LONGEST_PAUSE_S, pause * 2)
            logger().warning("the index process ended and is started again", pause_s=pause)
            await asyncio.sleep(pause)

    @contextlib.asynccontextmanager
    async def _process(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        ours, theirs = socket.socketpair()
        with theirs:
            process = self._started(theirs.fileno())
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
            yield reader, writer
        finally:
            if writer is not None:
                writer.close()
            else:
                ours.close()
            await asyncio.get_running_loop().run_in_executor(None, _end, process)

    def _started(self, descriptor: int) -> "subprocess.Popen[bytes]":
        """Forking takes milliseconds, and happens once in the life of an index process."""
        command = [sys.executable, "-m", "graven.index.process", str(self._data_dir), str(descriptor)]
        command.append(f"{self._query_s:g}")
        return subprocess.Popen(command, pass_fds=[descriptor], stdin=subprocess.DEVNULL)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(self._tell_sizes(writer))
            watching = tasks.create_task(self._watch(writer))
            frames = Frames()
            while data := await reader.read(1 << 18):
                for message in frames.feed(data):
                    self._take(message)
            telling.cancel()
            watching.cancel()

    async def _watch(self, writer: asyncio.StreamWriter) -> None:
        """End the conversation with a process that does not answer any more."""
        clock = asyncio.get_running_loop().time
        owed = self._heard = clock()
        while clock() - max(owed, self._heard) < _DEAF_S:
            await asyncio.sleep(_WATCH_S)
            if not self._waiting and not self._overdue:
                owed = clock()
        logger().warning("the index process answers nothing any more and is ended", owed=len(self._overdue))
        writer.transport.abort()

    async def _tell_sizes(self, writer: asyncio.StreamWriter) -> None:
        told: dict[str, int] = {}
        while True:
            sizes = self._sizes()
            changed = {name: size for name, size in sizes.items() if told.get(name) != size}
            if changed:
                told |= changed
                writer.write(encode(Sizes(changed)))
                await writer.drain()
            await asyncio.sleep(_POLL_S)

    def _take(self, message: Message) -> None:
        if isinstance(message, Answer | Failure):
            self._heard = asyncio.get_running_loop().time()
        match message:
            case Answer(id=number):
                self._overdue.discard(number)
                if (future := self._waiting.get(number)) is not None and not future.done():
                    future.set_result(message)
                else:
                    self._close(message)
            case Failure(id=number):
                self._overdue.discard(number)
                if (future := self._waiting.get(number)) is not None and not future.done():
                    future.set_exception(raised_by(message))
            case Progress(logs):
                self.states |= logs
                self._advanced.set()
                self._advanced = asyncio.Event()
            case _:
                raise InvalidInput(f"the index process sent {type(message).__name__}")

    def _decline(self, future: asyncio.Future[Answer]) -> None:
        """Nobody waits any more for what may have come in the same turn of the loop."""
        if future.done() and not future.cancelled() and future.exception() is None:
            self._close(future.result())

    def _close(self, answer: Answer) -> None:
        """Of an answer that nobody takes: a stream that it may have opened would stand in the way of others. For any
        other number that is nothing to the process."""
        if answer.more:
            self.tell("close", "", {"stream": str(answer.id)})

    def _gone(self) -> None:
        self._writer = None
        self.states = {}
        self._overdue.clear()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(_away())


def _unsent(writer: asyncio.StreamWriter) -> int:
    return writer.transport.get_write_buffer_size()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """It ends by itself when its socket closes; one that hangs is killed."""
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _off() -> GravenError:
    return Unavailable(
        "search is switched off",
        why="index.enabled is false; recording, reads by log index and proofs go on",
        hint="start the server with --index-enabled (GRAVEN_INDEX_ENABLED=true)",
        code="index_off",
    )


def _away() -> GravenError:
    return Unavailable(
        "search is away: the index process is not running",
        why="it is started again by itself; recording, reads by log index and proofs go on",
        hint="ask again in a few seconds; graven index status",
        code="index_away",
    )
