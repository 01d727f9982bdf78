"""Bundles as they rest: plain, or one gzip member with a fixed header and nothing after it.

Strict: the ten header bytes are fixed, CRC-32 and length must be right, and nothing may follow. What is
not checked is *how* DEFLATE spells the content: the same bytes can be compressed in many ways, and the
content is what is evidence. Output is bounded by the largest bundle there can be.
"""

import zlib
from contextlib import suppress
from typing import Any

from graven.errors import InvalidInput
from graven.tlog.bundle import decode_bundle

_engine: Any = zlib
with suppress(ImportError):  # fast when it is there; a light install has only zlib
    from isal import isal_zlib as _engine

__all__ = ["GZIP_HEADER", "MAX_BUNDLE_SIZE", "gunzip", "plain_bundle"]

GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
"""Magic, DEFLATE, no flags, time 0, no extra flags, operating system unknown."""

MAX_BUNDLE_SIZE = 256 * (2 + 65_535)
"""Bytes of 256 entries of the greatest length, each with its length prefix."""

_TRAILER_SIZE = 8  # CRC-32 and length, both little-endian uint32 (RFC 1952)
_RAW_DEFLATE = -15


def plain_bundle(data: bytes, count: int) -> bytes:
    """The uncompressed bytes of a bundle of `count` entries, however it rests; `InvalidInput` when damaged.

    A plain bundle looks like a gzip member only when its first entry has 8,075 bytes and begins with the
    rest of the header. No entry of Graven does; one of a foreign log may, and is told apart by its lengths.
    """
    if not data.startswith(GZIP_HEADER[:3]):
        return data
    try:
        return gunzip(data, limit=MAX_BUNDLE_SIZE)
    except InvalidInput:
        if _is_plain(data, count):
            return data
        raise


def _is_plain(data: bytes, count: int) -> bool:
    try:
        return len(decode_bundle(data, count)) == count
    except InvalidInput:
        return False


def gunzip(data: bytes, *, limit: int) -> bytes:
    """Content of exactly one gzip member with the fixed header; at most `limit` bytes.

    Raises InvalidInput: truncated, damaged, trailing bytes, too large.
    """
    if len(data) < len(GZIP_HEADER) + _TRAILER_SIZE:
        raise InvalidInput(f"truncated: {len(data)} bytes are no gzip member")
    if not data.startswith(GZIP_HEADER):
        raise InvalidInput(f"gzip header is {data[:10].hex()}, expected {GZIP_HEADER.hex()}")
    # the length is read from the trailer first: the one-shot decompressor then needs no second buffer, and
    # a member followed by anything else has a trailer that belongs to something else
    size = int.from_bytes(data[-4:], "little")
    if size > limit:
        raise InvalidInput(f"gzip trailer says {size} bytes, at most {limit} are allowed")
    stream = _engine.decompressobj(_RAW_DEFLATE)
    try:
        plain: bytes = stream.decompress(data[len(GZIP_HEADER) :], size + 1)
    except _engine.error as error:
        raise InvalidInput(f"the compressed data is damaged: {error}") from error
    if len(plain) > size:
        raise InvalidInput(f"more than the {size} bytes that the gzip trailer says")
    if not stream.eof:
        raise InvalidInput("the compressed data is truncated")
    trailing = len(stream.unused_data) - _TRAILER_SIZE
    if trailing != 0:
        raise InvalidInput(f"{trailing} bytes follow the gzip member" if trailing > 0 else "truncated gzip trailer")
    if len(plain) != size:
        raise InvalidInput(f"gzip trailer says {size} bytes, found {len(plain)}")
    if _engine.crc32(plain) != int.from_bytes(data[-8:-4], "little"):
        raise InvalidInput("CRC-32 of the compressed data does not match")
    return plain
