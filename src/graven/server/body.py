"""Reading a request body within the budget.

With a Content-Length the room is taken before the first byte is read; a chunked body takes it piece by
piece. A body that ends before its announced length never comes back from here.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from graven.errors import InvalidInput, TooLarge, UnsupportedMediaType
from graven.server.limits import Reservation

__all__ = ["ClientGone", "content_coding", "content_length", "read_body"]

Receive = Callable[[], Awaitable[Any]]
_CHUNK_ROOM = 64 * 1024


class ClientGone(Exception):
    """The client closed the connection, or the protocol refused the rest: nobody waits for an answer."""


def content_length(headers: Mapping[bytes, bytes], limit: int) -> int | None:
    """The announced length, None when chunked; TooLarge above the limit."""
    text = headers.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit() or len(text) > 19:
        raise InvalidInput("Content-Length is not a number", code="bad_request")
    length = int(text)
    if length > limit:
        raise too_large(limit)
    return length


def too_large(limit: int) -> TooLarge:
    """The refusal of a body above its limit."""
    return TooLarge(
        f"the body exceeds {limit} bytes",
        hint="send smaller batches; large content goes to PUT /v1/blobs",
        details={"limit": limit},
        code="body_too_large",
    )


def content_coding(headers: Mapping[bytes, bytes]) -> str | None:
    """`gzip`, `zstd`, or None for identity; UnsupportedMediaType otherwise."""
    coding = headers.get(b"content-encoding")
    if coding is None:
        return None
    name = coding.decode("latin-1").strip().lower()
    if name in ("identity", ""):
        return None
    if name in ("gzip", "x-gzip"):
        return "gzip"
    if name == "zstd":
        return name
    raise UnsupportedMediaType(
        f"content encoding {name!r} is not supported", hint="use gzip or zstd", code="unsupported_encoding"
    )


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, reservation: Reservation, limit: int) -> bytes:
    """The whole body as sent. TooLarge, Busy, InvalidInput; ClientGone when the client went away."""
    length = content_length(headers, limit)
    reservation.grow(length if length is not None else 0)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    first: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        if length is None:
            _take(first, 0, reservation, limit)
        return _whole(first, length)
    parts = [first]
    size = len(first)
    if length is None:
        _take(first, 0, reservation, limit)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        if length is None:
            _take(part, size, reservation, limit)
        size += len(part)
        parts.append(part)
        if not message.get("more_body", False):
            return _whole(b"".join(parts), length)


def _take(part: bytes, before: int, reservation: Reservation, limit: int) -> None:
    if before + len(part) > limit:
        raise too_large(limit)
    reservation.grow(len(part))


def _whole(body: bytes, length: int | None) -> bytes:
    if length is not None and len(body) != length:
        raise InvalidInput(
            f"Content-Length announced {length} bytes, {len(body)} came", hint="send it again", code="cut_body"
        )
    return body
