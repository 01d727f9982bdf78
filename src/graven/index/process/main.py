"""`python -m graven.index.process DATA FD SECONDS`: the index process, on the server's end of a socket pair.

One thread reads questions, a few answer them, two make the index (`following`). When the server's end closes, the
process ends: it has nothing that could be lost.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from graven.errors import GravenError, Unavailable
from graven.index.deadline import Deadline
from graven.index.process.answering import METHODS
from graven.index.process.exporting import STREAMED
from graven.index.process.followed import FollowedLog
from graven.index.process.following import Following
from graven.index.process.logs import Logs
from graven.index.process.messages import (
    Answer,
    Call,
    Cancel,
    Failure,
    Frames,
    Message,
    Progress,
    Sizes,
    encode,
    failure_of,
)
from graven.index.process.streams import Streams

__all__ = ["IndexProcess", "main"]

_THREADS: Final = 4
_NICE: Final = 10
"""Recording comes first, on machines where it has to share."""
_SWITCH_S: Final = 0.001
"""How long a thread may hold the interpreter while others wait: answers come before following."""
_SWEEP_MS: Final = 30_000


class IndexProcess:
    """`query_s` is how long one question may take, from the moment when it comes in."""

    def __init__(self, data_dir: Path, connection: socket.socket, *, query_s: float = 10.0) -> None:
        self._connection = connection
        self._query_s = query_s
        self._arriving = select.poll()  # not `select.select`, which refuses descriptors from 1024 on
        self._arriving.register(connection, select.POLLIN)
        self._sending = threading.Lock()
        self._logs = Logs(data_dir, warn=_say)
        self._asking = threading.Lock()
        self._cancelled: dict[int, bool] = {}
        """Questions that wait or are being answered, and whether nobody wants to know any more."""
        self._streams = Streams()
        self._swept_at = time.monotonic()
        self._pool = ThreadPoolExecutor(_THREADS, "answer")
        self._following = Following(self._logs, progress=self._progressed, warn=_say, broken=_end)

    def run(self) -> None:
        """Serve until the other end closes."""
        self._following.start()
        frames = Frames()
        try:
            while data := self._received():
                for message in frames.feed(data):
                    self._take(message)
        except OSError:
            pass
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._following.stop()
            for log in self._logs.all():
                log.close()

    def _received(self) -> bytes:
        """What comes next; empty at the end. From time to time streams that were left alone are closed."""
        while not self._arriving.poll(_SWEEP_MS):
            self._sweep()
        self._sweep()
        return self._connection.recv(1 << 16)

    def _sweep(self) -> None:
        if time.monotonic() - self._swept_at > _SWEEP_MS / 1000:
            self._swept_at = time.monotonic()
            self._streams.sweep()

    def _take(self, message: Message) -> None:
        match message:
            case Sizes(sizes):
                self._logs.tell(sizes)
                self._following.grown()
            case Call():
                with self._asking:
                    self._cancelled[message.id] = False
                self._pool.submit(self._answer, message, Deadline(self._query_s))
            case Cancel(id):
                with self._asking:
                    if id in self._cancelled:
                        self._cancelled[id] = True
            case _:
                raise AssertionError(message)

    def _progressed(self, log: FollowedLog) -> None:
        self._send(Progress({log.name: log.state()}))

    def _answer(self, call: Call, deadline: Callable[[], None]) -> None:
        try:
            answer: Answer | Failure = self._answered(call, deadline)
        except GravenError as error:
            answer = failure_of(call.id, error)
        except BaseException as error:  # noqa: BLE001 - the server must not wait for ever for whatever broke here
            _say(f"{call.method} failed: {error!r}")
            if (log := self._logs.get(call.log)) is not None:
                log.checked.suspect()  # a damaged file may be why
            answer = failure_of(call.id, GravenError("the index could not answer", code="index_failed"))
        with self._asking:
            cancelled = self._cancelled.pop(call.id, False)
        if cancelled and call.method in STREAMED:
            self._streams.close(call.id)
        self._send(answer)

    def _answered(self, call: Call, deadline: Callable[[], None]) -> Answer:
        def wanted() -> None:
            if self._cancelled.get(call.id):
                raise Unavailable("nobody waits for this answer any more", code="cancelled")

        if call.method == "close":
            self._streams.close(int(call.parameters["stream"]))
            return Answer(call.id, b"")
        if call.method == "next":
            wanted()
            return self._piece(call.id, int(call.parameters["stream"]))
        log = self._logs.get(call.log)
        if log is None:
            raise Unavailable(f"the log {call.log} is not indexed yet", hint="ask again in a moment", code="index_away")
        if call.method == "rebuild":
            self._following.rebuild(log)
            return Answer(call.id, b"{}")

        def check() -> None:
            deadline()
            wanted()

        check()
        if call.method in STREAMED:
            total, pieces = STREAMED[call.method](log, call, time.time_ns(), check)
            self._streams.open(call.id, pieces)
            return Answer(call.id, b"", total, more=True)
        return METHODS[call.method](log, call, check)

    def _piece(self, number: int, stream: int) -> Answer:
        piece = self._streams.next(stream)
        return Answer(number, piece or b"", more=piece is not None)

    def _send(self, message: Message) -> None:
        """Waits while the server does not read: nothing piles up here."""
        try:
            data = encode(message)
        except GravenError as error:
            if not isinstance(message, Answer):
                raise
            data = encode(failure_of(message.id, error))
        with self._sending, contextlib.suppress(OSError):  # the server is gone; `run` ends
            self._connection.sendall(data)


def _say(text: str) -> None:
    sys.stderr.write(f"graven: index: {text}\n")
    sys.stderr.flush()


def _end() -> None:
    """The server starts another: all that is lost can be derived."""
    os._exit(1)


def main() -> None:
    """See the module."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the server ends it, by closing the socket
    sys.setswitchinterval(_SWITCH_S)
    os.nice(_NICE)
    data_dir, descriptor, query_s = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    IndexProcess(data_dir, socket.socket(fileno=descriptor), query_s=query_s).run()
