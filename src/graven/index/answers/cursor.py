"""Cursors: where a page ended, for the very question that it was a page of.

    base64url(version ‖ moment, 8 bytes ‖ last index, 8 bytes ‖ HMAC-SHA-256 of all this and the question, 16 bytes)

`moment` is what relative times referred to, so that `since:2h` stays the same range on every page.
"""

import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.tlog.encoding import decode_base64, encode_base64

__all__ = ["Cursor", "decode_cursor", "encode_cursor"]

_LAYOUT: Final = struct.Struct(">BQQ")
_VERSION: Final = 1
_MAC_BYTES: Final = 16


class Cursor(NamedTuple):
    """The moment of the first page, Unix ns, and the log index that the next page begins behind."""

    now_ns: int
    last: int


def _mac(secret: str, body: bytes, question: Sequence[str]) -> bytes:
    text = b"\x00".join(part.encode("utf-8", "surrogatepass") for part in question)
    return hmac.digest(secret.encode(), hashlib.sha256(text).digest() + body, "sha256")[:_MAC_BYTES]


def encode_cursor(cursor: Cursor, secret: str, question: Sequence[str]) -> str:
    """`question` is everything that the answer depends on, in a fixed order."""
    body = _LAYOUT.pack(_VERSION, cursor.now_ns, cursor.last)
    return encode_base64(body + _mac(secret, body, question)).replace("+", "-").replace("/", "_").rstrip("=")


def decode_cursor(text: str, secret: str, question: Sequence[str]) -> Cursor:
    """The inverse; InvalidInput (`bad_cursor`) for any other text, secret or question."""
    size = _LAYOUT.size + _MAC_BYTES
    try:
        standard = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
        data = decode_base64(standard, size=size)
    except InvalidInput as error:
        raise _bad() from error
    body = data[: _LAYOUT.size]
    version, now_ns, last = _LAYOUT.unpack(body)
    if version != _VERSION or not hmac.compare_digest(data[_LAYOUT.size :], _mac(secret, body, question)):
        raise _bad()
    if encode_cursor(Cursor(now_ns, last), secret, question) != text:
        raise _bad()
    return Cursor(now_ns, last)


def _bad() -> InvalidInput:
    return InvalidInput(
        "this cursor is not of this query",
        why="a cursor is good for the log, query, clock, order and index that gave it, and for nothing else",
        hint="ask without a cursor for the first page",
        code="bad_cursor",
    )
