"""What goes over the socket between the server and the index process: MessagePack behind a length of four bytes."""

import struct
from typing import Any, Final

import msgspec

from graven import errors
from graven.errors import GravenError, InvalidInput, TooLarge

__all__ = [
    "Answer",
    "Call",
    "Cancel",
    "Failure",
    "Frames",
    "LogState",
    "Progress",
    "Sizes",
    "encode",
    "failure_of",
    "raised_by",
]

_LENGTH: Final = struct.Struct(">I")
_MOST_BYTES: Final = 256 * 2**20
_MOST_TEXT: Final = 64 * 2**10
"""Of each part of an error: characters of a text, bytes of a detail as it is sent."""


class Call(msgspec.Struct, tag="call", frozen=True):
    """A question: `method` about `log` with parameters as they came over HTTP."""

    id: int
    method: str
    log: str
    parameters: dict[str, str]


class Cancel(msgspec.Struct, tag="cancel", frozen=True):
    """Nobody waits for that answer any more."""

    id: int


class Sizes(msgspec.Struct, tag="sizes", frozen=True):
    """Committed entries of every open log."""

    sizes: dict[str, int]


class Answer(msgspec.Struct, tag="answer", frozen=True):
    """A body, and what the server records of the read: how many matches, and between which log indexes."""

    id: int
    body: bytes
    count: int = 0
    first: int | None = None
    last: int | None = None
    more: bool = False
    """Another part of the same answer can be asked for (exports); behind an empty body the index is at work on it."""


class Failure(msgspec.Struct, tag="failure", frozen=True):
    """An error of `graven.errors` by the name of its class."""

    id: int
    kind: str
    message: str
    why: str
    hint: str
    code: str
    details: dict[str, Any]


class LogState(msgspec.Struct, frozen=True):
    """How far one log is indexed. `state` is following, catching_up or rebuilding."""

    indexed: int
    state: str
    behind_s: float
    sealed: int
    hot_rows: int
    sealed_bytes: int
    hot_bytes: int
    outdated: int


class Progress(msgspec.Struct, tag="progress", frozen=True):
    """States of the logs that changed."""

    logs: dict[str, LogState]


Message = Call | Cancel | Sizes | Answer | Failure | Progress
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """The message with its length; TooLarge for one that the other end would refuse."""
    body = _encoder.encode(message)
    if len(body) > _MOST_BYTES:
        raise TooLarge(
            f"the answer has {len(body)} bytes: at most {_MOST_BYTES}",
            hint="ask for fewer events",
            code="answer_too_large",
        )
    return _LENGTH.pack(len(body)) + body


class Frames:
    """Bytes in, messages out, however they are cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now. InvalidInput for bytes that are none."""
        self._buffer += data
        found: list[Message] = []
        start = 0
        while len(self._buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if length > _MOST_BYTES:
                raise InvalidInput(f"a message of {length} bytes")
            end = start + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            try:
                found.append(_decoder.decode(memoryview(self._buffer)[start + _LENGTH.size : end]))
            except msgspec.MsgspecError as error:
                raise InvalidInput(f"no message: {error}") from error
            start = end
        if start:
            del self._buffer[:start]
        return found


def failure_of(id: int, error: GravenError) -> Failure:  # noqa: A002 - the member's own name
    """The error as a message that can always be sent: text that is no Unicode is replaced, long text is cut, details
    that cannot travel are left out."""
    details = {_plain(str(name)): value for name, value in error.details.items() if _travels(value)}
    message, why, hint = _plain(error.message), _plain(error.why), _plain(error.hint)
    return Failure(id, type(error).__name__, message, why, hint, error.code, details)


def _plain(text: str) -> str:
    return text[:_MOST_TEXT].encode("utf-8", "replace").decode()


def _travels(value: object) -> bool:
    try:
        return isinstance(value, str | int | float | list) and len(_encoder.encode(value)) <= _MOST_TEXT
    except (TypeError, ValueError, OverflowError):
        return False


def raised_by(failure: Failure) -> GravenError:
    """The error that a message stands for."""
    kind = getattr(errors, failure.kind, GravenError)
    cls = kind if isinstance(kind, type) and issubclass(kind, GravenError) else GravenError
    return cls(failure.message, why=failure.why, hint=failure.hint, code=failure.code, details=failure.details)
