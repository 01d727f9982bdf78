"""What a parser process and its owner say to each other: one small message each way for each body.

A reply carries the number of its request, so that an answer left over from another one is never taken for it.

The contents lie in the shared region, from its start.
"""

import msgspec

from graven import errors
from graven.errors import GravenError
from graven.event.assemble import Producer
from graven.event.packing import Packed
from graven.event.redact import Rule

__all__ = [
    "MESSAGE_BYTES",
    "Broken",
    "Declined",
    "Done",
    "Entries",
    "Events",
    "Refusal",
    "Refused",
    "Reply",
    "Request",
    "Rules",
    "Work",
    "error_of",
    "refusal_of",
]


class Rules(msgspec.Struct, array_like=True, frozen=True):
    """How to redact: what a process finds on its standard input."""

    rules: tuple[Rule, ...]
    key_id: str
    key: bytes


class Events(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The body holds events of producers."""

    media_type: str
    now_ns: int


class Entries(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The body is a bundle of entries first, first + 1, … of the log `origin`."""

    origin: str
    first: int


Work = Events | Entries


class Request(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """A body of `size` bytes is in the region, which has `region` bytes; it holds `most` items at most."""

    number: int
    region: int
    size: int
    work: Work
    producer: Producer
    most: int


class Done(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The runs of a packed batch are in the region, which has `region` bytes now."""

    number: int
    region: int
    packed: Packed


class Refused(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """The body is refused: a `Refusal` of `size` bytes is in the region, which has `region` bytes now."""

    number: int
    region: int
    size: int


class Declined(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """An entry lies in a blob, which only the owner can read: it has to do the work."""

    number: int


class Refusal(msgspec.Struct, array_like=True, frozen=True):
    """An error of `graven.errors`. It may name members of the body, so it may be as long as that."""

    kind: str
    message: str
    why: str
    hint: str
    code: str
    details: str
    """JSON."""


class Broken(msgspec.Struct, tag=True, array_like=True, frozen=True):
    """A bug: an exception that is no refusal. Its traceback is on standard error."""

    number: int
    what: str


MESSAGE_BYTES = 64 * 1024
"""More than any message has."""

Reply = Done | Refused | Declined | Broken


def refusal_of(error: GravenError) -> Refusal:
    """The error as plain values."""
    details = msgspec.json.encode(error.details).decode()
    return Refusal(type(error).__name__, error.message, error.why, error.hint, error.code, details)


def error_of(refused: Refusal) -> GravenError:
    """The error that `refusal_of` was given."""
    kind: type[GravenError] = getattr(errors, refused.kind)
    details = msgspec.json.decode(refused.details)
    return kind(refused.message, why=refused.why, hint=refused.hint, code=refused.code, details=details)
