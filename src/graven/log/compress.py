"""Bundles at rest: one gzip member with a fixed header, so that equal content is easy to recognise.

The header is always `1f 8b 08 00 00000000 00 ff` (no name, time 0, no extra flags, OS unknown), and
nothing may follow the member. No plain bundle can be mistaken for one: an entry is a JSON object, and
the third byte of a bundle is its first entry's `{`. Fast gzip (isal) when installed, else zlib level 1;
the two give different bytes for equal content, which is why content is compared uncompressed.
"""

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from graven.errors import InvalidInput, Tampered
from graven.verify.compressed import GZIP_HEADER, plain_bundle

try:
    from isal.isal_zlib import compress as _compress
except ImportError:  # pragma: no cover - the server extra installs it
    from zlib import compress as _compress

_engine: Any = zlib
with suppress(ImportError):  # pragma: no cover - the server extra installs it
    from isal import isal_zlib as _engine

__all__ = ["compress_bundle", "decompress_bundle", "some_of_bundle"]

_PIECE_BYTES = 48 * 1024

_GZIP_WINDOW = 31  # zlib's spelling of "32 KiB window, gzip wrapper"


def compress_bundle(plain: bytes) -> bytes:
    """One gzip member with the fixed header."""
    packed: bytes = _compress(plain, 1, _GZIP_WINDOW)
    # zlib writes the level and the platform into bytes 8 and 9; a fixed header leaves one spelling
    if not packed.startswith(GZIP_HEADER):
        packed = GZIP_HEADER + packed[len(GZIP_HEADER) :]
    return packed


def decompress_bundle(data: bytes, count: int) -> bytes:
    """The plain bundle of `count` entries, whether `data` rests compressed or plain; Tampered on damage."""
    try:
        return plain_bundle(data, count)
    except InvalidInput as error:
        raise Tampered(f"a compressed bundle is damaged: {error.message}") from error


def some_of_bundle(data: bytes, positions: Sequence[int]) -> list[bytes]:
    """The entries at ascending positions of a bundle, uncompressing no more than leads to the last of them.

    For showing entries, not for proving them: the check sum at the end of the member is not reached. Tampered when
    they cannot be had.
    """
    if not data.startswith(GZIP_HEADER):
        return _entries_at(lambda size: data, positions)
    stream = _engine.decompressobj(_GZIP_WINDOW)
    plain = bytearray()
    rest = data

    def at_least(size: int) -> bytearray:
        nonlocal rest
        while len(plain) < size and not stream.eof:
            try:
                piece = stream.decompress(rest, max(_PIECE_BYTES, size - len(plain)))
            except _engine.error as error:
                raise Tampered(f"a compressed bundle is damaged: {error}") from error
            rest = stream.unconsumed_tail
            if not piece and not rest:
                break
            plain.extend(piece)
        return plain

    return _entries_at(at_least, positions)


def _entries_at(at_least: Callable[[int], bytes | bytearray], positions: Sequence[int]) -> list[bytes]:
    found = []
    offset = position = 0
    for wanted in positions:
        while True:
            data = at_least(offset + 2)
            start, end = offset + 2, offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
            if start > len(data):
                raise Tampered(f"a bundle ends at byte {len(data)}, before its record {position}")
            if position == wanted:
                break
            offset, position = end, position + 1
        data = at_least(end)
        if end > len(data):
            raise Tampered(f"a bundle is cut at byte {len(data)}, its record {position} ends at {end}")
        found.append(bytes(data[start:end]))
    return found
