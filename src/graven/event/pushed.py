"""`graven.entry/1`: an entry of another log, kept whole, with its place in that log.

    data = {"origin":"<origin of its log>","index":<its index there>,"entry":<its exact bytes: the leaf>}

Because the leaf is there byte for byte, the hashes of the other log can be computed from this one, and its signed
checkpoint (an event `log.push` keeps it) proves that all its entries are here unchanged. Where this log's own
redaction replaced something, the entry says so (`"redacted":n`) and its leaf is no longer that of the other log.

One value, one spelling, as for entries. An entry may have been pushed to the log that it comes from, so wrappers
lie in each other, `MAX_LEVELS` deep at most.
"""

import hashlib
import re
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.event.batch import DIGEST_SIZE
from graven.event.envelope import encode_text

__all__ = [
    "FORMAT",
    "MAX_INDEX",
    "MAX_LEVELS",
    "Pushed",
    "check_origin",
    "leaf_of",
    "pushed_key",
    "unwrap",
    "wrap",
]

FORMAT: Final = "graven.entry/1"
MAX_LEVELS: Final = 4
"""Logs that an entry may have come through."""
MAX_INDEX: Final = 10**18 - 1

_ORIGIN: Final = re.compile(r"[^\s+\x00-\x20\x7f]{1,255}")
_WRAPPED: Final = re.compile(
    rb'\{"origin":"([^"\\\x00-\x20+]{1,1020})","index":(0|[1-9][0-9]{0,17}),"entry":(\{.+\})\}', re.DOTALL
)


class Pushed(NamedTuple):
    """One wrapper: the entry `index` of the log `origin`, as its leaf is hashed."""

    origin: str
    index: int  # type: ignore[assignment]  # the log's own word; tuple.index is not missed
    entry: bytes


def check_origin(origin: str) -> None:
    """InvalidInput unless it can be the origin of a log: visible, without `+`, 1 to 255 characters."""
    if _ORIGIN.fullmatch(origin) is None or "\\" in origin or '"' in origin:
        raise InvalidInput(f"{origin[:80]!r} is no origin of a log", hint="it is the first line of its checkpoint")


def leaf_of(entry: bytes) -> bytes:
    """The leaf hash of RFC 9162, 32 bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def pushed_key(origin: str, index: int, leaf: bytes) -> bytes:
    """The idempotency key of a pushed entry: the same entry at the same place, whoever pushes it.

    No token is in it, so that a job and its retry are one. Its bytes are: whoever has not the very entry cannot
    take its place, and two histories of one origin both get in, to be told apart by their checkpoints. The zero
    byte in front keeps it apart from every key of an event.
    """
    return hashlib.sha256(b"\x00%b\x00%b\x00%d\x00%b" % (FORMAT.encode(), origin.encode(), index, leaf)).digest()[
        :DIGEST_SIZE
    ]


def wrap(origin: str, index: int, entry: bytes) -> bytes:
    """The data of a `graven.entry/1`; `check_origin` was called."""
    return b'{"origin":%b,"index":%d,"entry":%b}' % (encode_text(origin), index, entry)


def unwrap(data: bytes) -> Pushed:
    """The inverse of `wrap`; InvalidInput for any other spelling. The entry itself is not decoded."""
    match = _WRAPPED.fullmatch(data)
    if match is None:
        raise InvalidInput(f"not the one spelling of a {FORMAT} (it begins {data[:48]!r})")
    try:
        origin = match[1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{FORMAT}: the origin is no UTF-8") from error
    check_origin(origin)
    return Pushed(origin, int(match[2]), match[3])
