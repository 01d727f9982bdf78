"""The owner's side: a few parser processes, each started when a large body comes and none is free.

A process has two lanes, so that one body is copied in or out while the other is parsed. `prepare` blocks the
calling thread, without the interpreter lock, while its body is parsed. A process that dies (killed for want of
memory, say) or does not answer costs the requests it had: 503, and the next one gets a new process. So does any
exception on the way: whoever went on would take what is left in a lane for the answer to another body.
"""

import contextlib
import itertools
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Final

import msgspec

from graven.errors import GravenError, InvalidInput, Unavailable
from graven.event.assemble import Producer
from graven.event.batch import PreparedBatch
from graven.event.packing import unpack
from graven.event.redact import Rule
from graven.server.parsing.messages import (
    MESSAGE_BYTES,
    Broken,
    Declined,
    Done,
    Entries,
    Events,
    Refusal,
    Refused,
    Reply,
    Request,
    Rules,
    Work,
    error_of,
)
from graven.server.parsing.region import Region

__all__ = ["LANES", "ParserPool"]

LANES: Final = 2
"""Bodies that a process holds at a time."""

_PATIENCE_S: Final = 2.0
"""What a process gets to end by itself: nothing waits for what it still does."""

ANSWER_S: Final = 120.0
"""The most that one body may take; the largest one of the worst events takes some seconds."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Reply).decode
_decode_refusal: Final = msgspec.msgpack.Decoder(Refusal).decode


class ParserPool:
    """At most `count` processes; none when `count` is 0 or the platform has no memory files (`available`)."""

    def __init__(self, rules: Sequence[Rule], key_id: str, key: bytes, count: int) -> None:
        self._places = [
            _Place(Rules(tuple(rules), key_id, key)) for _ in range(count if hasattr(os, "memfd_create") else 0)
        ]
        # first lanes before second ones: another process is worth more than another lane; and among these the
        # first place, whose process is running and warm
        self._free: queue.PriorityQueue[tuple[int, int]] = queue.PriorityQueue()
        for lane in range(LANES):
            for number in range(len(self._places)):
                self._free.put((lane, number))

    @property
    def available(self) -> bool:
        return bool(self._places)

    @property
    def lanes(self) -> int:
        """Calls of `prepare` that find room at the same time."""
        return LANES * len(self._places)

    @property
    def deaths(self) -> int:
        """Processes that ended by themselves."""
        return sum(place.deaths for place in self._places)

    def prepare(self, body: bytes, media_type: str, producer: Producer, *, now_ns: int, most: int) -> PreparedBatch:
        """As `prepare_events`, elsewhere; Unavailable (`parser_died`) when the process died over it or does
        not answer, or (`parser_unavailable`) when there is none to be had."""
        batch = self._done(body, Events(media_type, now_ns), producer, most)
        if batch is None:
            raise RuntimeError("the parser declined events")
        return batch

    def prepare_entries(
        self, body: bytes, producer: Producer, *, origin: str, first: int, most: int
    ) -> PreparedBatch | None:
        """As `prepare_pushed` of the entries of a bundle, elsewhere; None when one of them lies in a blob. Unavailable
        as above."""
        return self._done(body, Entries(origin, first), producer, most)

    def _done(self, body: bytes, work: Work, producer: Producer, most: int) -> PreparedBatch | None:
        lane, number = self._free.get()
        place = self._places[number]
        try:
            parser = place.parser()
            try:
                outcome = parser.prepare(lane, body, work, producer, most)
            except (OSError, EOFError) as error:
                place.drop(parser)
                raise _unavailable("the process that parsed this request ended", "parser_died") from error
            except MemoryError as error:
                place.drop(parser)
                raise _unavailable("there was no memory to parse this request", "parser_unavailable") from error
            except BaseException:
                place.drop(parser)
                raise
        finally:
            self._free.put((lane, number))
        if isinstance(outcome, GravenError):
            raise outcome
        return outcome

    def close(self) -> None:
        """End the processes; what is under way in one is refused, and so is everything after."""
        for place in self._places:
            place.close()


class _Place:
    """Where a process is, or is started when it is wanted."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._lock = threading.Lock()
        self._parser: _Parser | None = None
        self._closed = False
        self.deaths = 0

    def parser(self) -> "_Parser":
        """The process, started when there is none; Unavailable when it cannot be, or must not be any more."""
        with self._lock:
            if self._closed:
                raise _unavailable("the server is stopping", "parser_unavailable")
            if self._parser is not None and not self._parser.alive():
                self._end(self._parser)  # it died while it had nothing to do
            if self._parser is None:
                try:
                    self._parser = _Parser(self._rules)
                except (OSError, MemoryError) as error:
                    text = f"no process could be started to parse this request: {error}"
                    raise _unavailable(text, "parser_unavailable") from error
            return self._parser

    def drop(self, parser: "_Parser") -> None:
        """Forget a process that ended, for whichever lane notices it first."""
        with self._lock:
            if self._parser is parser:
                self._end(parser)

    def _end(self, parser: "_Parser") -> None:
        self._parser = None
        self.deaths += 1
        parser.end(patience_s=0)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._parser is not None:
                self._parser.end(patience_s=_PATIENCE_S)
                self._parser = None


class _Parser:
    """One process, with the channels and regions that only it and we have."""

    def __init__(self, rules: Rules) -> None:
        """OSError when there are no descriptors, processes or memory for it; nothing is left of it then."""
        self._lanes: list[tuple[socket.socket, Region]] = []
        with contextlib.ExitStack() as on_failure, contextlib.ExitStack() as theirs:
            descriptors = []
            for _ in range(LANES):
                region = Region.make()
                ours, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                on_failure.enter_context(ours)
                theirs.enter_context(other)
                self._lanes.append((ours, region))
                descriptors += [other.fileno(), region.descriptor]
            # a memory file and no pipe: rules of any size are there at once, and the key is in no file system
            given = theirs.enter_context(os.fdopen(os.memfd_create("graven-rules", os.MFD_CLOEXEC), "w+b"))
            given.write(_encode(rules))
            given.seek(0)
            # a signal to the whole group must not find the process before it has learnt to ignore it
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            try:
                self._process = subprocess.Popen(
                    # -P: the working directory must not supply modules
                    [sys.executable, "-P", "-m", "graven.server.parsing.process", *map(str, descriptors)],
                    pass_fds=descriptors,
                    stdin=given,
                    stdout=subprocess.DEVNULL,
                )
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            on_failure.pop_all()
        for channel, _ in self._lanes:
            channel.settimeout(ANSWER_S)
        self._numbers = itertools.count()

    def alive(self) -> bool:
        return self._process.poll() is None

    def prepare(
        self, lane: int, body: bytes, work: Work, producer: Producer, most: int
    ) -> PreparedBatch | GravenError | None:
        """One body over one lane, which nobody else uses meanwhile: its batch, why it is refused, or None when it has
        to be done here.

        After any exception the lane may hold an answer that nobody took: end the process. OSError or EOFError
        when it is gone or does not answer, RuntimeError for a bug in it.
        """
        channel, region = self._lanes[lane]
        number = next(self._numbers)
        region.write([body])
        channel.send(_encode(Request(number, region.size, len(body), work, producer, most)))
        reply: Reply = _decode(_received(channel))
        if reply.number != number:
            raise RuntimeError(f"the parser answered request {reply.number}, expected {number}")
        match reply:
            case Done(_, size, packed):
                region.follow(size)
                (data,) = region.read([packed.size_bytes])
                region.shrink()
                try:
                    return unpack(packed, data)
                except InvalidInput as error:
                    raise RuntimeError(f"the parser gave what is no batch: {error}") from error
            case Refused(_, size, length):
                region.follow(size)
                (data,) = region.read([length])
                region.shrink()
                return error_of(_decode_refusal(data))
            case Declined():
                return None
            case Broken(_, what):
                raise RuntimeError(f"the parser failed with {what}; its traceback is on standard error")

    def end(self, *, patience_s: float) -> None:
        """Close our ends, which ends the process when it has not ended yet; one that does not listen is killed."""
        for channel, _ in self._lanes:
            # a thread that waits on the other lane is woken by this, and not by closing alone
            with contextlib.suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)
            channel.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _unavailable(what: str, code: str) -> Unavailable:
    return Unavailable(
        what,
        why="nothing of the request was stored",
        hint="send the same request again, in smaller batches if it happens again",
        code=code,
    )


def _received(channel: socket.socket) -> bytes:
    message = channel.recv(MESSAGE_BYTES)
    if not message:
        raise EOFError
    return message
