"""The body of a parser process: `python -m graven.server.parsing.process SOCKET REGION [SOCKET REGION]…`.

The arguments are descriptors; each pair is a lane, so that the next body is there when one is done. `Rules` are on
standard input.

It ends when its owner is gone, and only then: a signal to the whole group (Ctrl-C, a service manager's stop)
must not take it from an owner that is still finishing what it accepted.
"""

import contextlib
import gc
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn, assert_never, cast

import msgspec

from graven.errors import GravenError, Unavailable
from graven.event.batch import PreparedBatch
from graven.event.intake import prepare_events
from graven.event.mappers.pushed import prepare_pushed
from graven.event.packing import pack
from graven.event.redact import Redactor
from graven.server.parsing.bundle import decode_entries
from graven.server.parsing.messages import (
    MESSAGE_BYTES,
    Broken,
    Declined,
    Done,
    Entries,
    Events,
    Refused,
    Reply,
    Request,
    Rules,
    refusal_of,
)
from graven.server.parsing.region import Region

__all__ = ["main", "serve"]

_GC_THRESHOLD = 50_000
_encode = msgspec.msgpack.Encoder().encode
_decode_rules = msgspec.msgpack.Decoder(Rules).decode
_decode_request = msgspec.msgpack.Decoder(Request).decode


def serve(rules: Rules, lanes: Sequence[tuple[socket.socket, Region]]) -> None:
    """Answer requests until the other end of a lane closes."""
    redactor = Redactor(rules.rules, rules.key_id, rules.key)
    _ = redactor.prefilter  # compiled before the first body waits for it
    gc.collect()
    gc.freeze()
    with selectors.DefaultSelector() as selector:
        for channel, region in lanes:
            selector.register(channel, selectors.EVENT_READ, region)
        while True:
            for ready, _ in selector.select():
                channel, region = cast("socket.socket", ready.fileobj), ready.data
                message = channel.recv(MESSAGE_BYTES)
                if not message:
                    return
                channel.send(_encode(_answer(_decode_request(message), region, redactor)))


def _answer(request: Request, region: Region, redactor: Redactor) -> Reply:
    try:
        return _prepared(request, region, redactor)
    except _InBlob:
        return Declined(request.number)
    except GravenError as error:
        refusal = _encode(refusal_of(error))
        region.write([refusal])
        return Refused(request.number, region.size, len(refusal))
    except Exception as error:  # noqa: BLE001 - a bug; the owner answers 500 and carries on
        traceback.print_exc()
        return Broken(request.number, type(error).__name__)


def _prepared(request: Request, region: Region, redactor: Redactor) -> Done:
    region.follow(request.region)
    (body,) = region.read([request.size])
    try:
        batch = _batch(body, request, redactor)
        packed, runs = pack(batch)
        region.write(runs)
    except MemoryError as error:
        raise Unavailable(
            "there was no memory to parse this request",
            hint="send the same request again, in smaller batches if it happens again",
            code="parser_unavailable",
        ) from error
    return Done(request.number, region.size, packed)


def _batch(body: bytes, request: Request, redactor: Redactor) -> PreparedBatch:
    producer, most = request.producer, request.most
    match request.work:
        case Events(media_type, now_ns):
            return prepare_events(body, media_type, producer, redactor, now_ns=now_ns, most=most)
        case Entries(origin, first):
            entries = decode_entries(body, most)
            return prepare_pushed(entries, producer, redactor, origin=origin, first=first, load=_in_blob)
        case work:
            assert_never(work)


class _InBlob(Exception):
    """An entry lies in a blob."""


def _in_blob(_at: int, _digest: str, _size: int) -> NoReturn:
    raise _InBlob


def main() -> None:
    """Serve the lanes named on the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # the owner blocked them, since a signal may come before this line
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    gc.set_threshold(_GC_THRESHOLD, 20, 20)
    numbers = [int(argument) for argument in sys.argv[1:]]
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    lanes = [(socket.socket(fileno=channel), Region(region)) for channel, region in pairs]
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the owner is gone
        serve(_decode_rules(sys.stdin.buffer.read()), lanes)


if __name__ == "__main__":
    main()
