"""Bundles at rest: one gzip member with a fixed header, so that equal content is easy to recognise.

The header is always `1f 8b 08 00 00000000 00 ff` (no name, time 0, no extra flags, OS unknown), and
nothing may follow the member. No plain bundle can be mistaken for one: an entry is a JSON object, and
the third byte of a bundle is its first entry's `{`. Fast gzip (isal) when installed, else zlib level 1;
the two give different bytes for equal content, which is why content is compared uncompressed.

After every 32 entries stands a restart point, for any reader of gzip a block like others: an empty stored block (its
end is `00 00 ff ff`) behind which nothing refers to what came before (RFC 1951 3.2.4; zlib calls it a full flush). It
takes nine per cent more room, and an entry is found at a third of the cost. Without them, a bundle is read all the
same.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, Final

from graven.errors import InvalidInput, Tampered
from graven.verify.compressed import GZIP_HEADER, plain_bundle

_engine: Any = zlib
with suppress(ImportError):  # pragma: no cover - the server extra installs it
    from isal import isal_zlib as _engine

__all__ = ["RESTART_ENTRIES", "compress_bundle", "decompress_bundle", "some_of_bundle"]

RESTART_ENTRIES: Final = 32
"""Entries between two restart points."""

_RESTART: Final = b"\x00\x00\xff\xff"
_PIECE_BYTES: Final = 64 * 1024
"""What is uncompressed at a time: isal takes as long for the first kilobyte of a part as for most parts whole."""

_GZIP_WINDOW: Final = 31  # zlib's spelling of "32 KiB window, gzip wrapper"
_RAW_WINDOW: Final = -15


def compress_bundle(plain: bytes) -> bytes:
    """One gzip member with the fixed header and a restart point after every 32 entries that more follow."""
    stream = _engine.compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
    whole = memoryview(plain)
    pieces: list[bytes] = []
    for start, end in _parts(plain):
        if start:
            pieces.append(stream.flush(zlib.Z_FULL_FLUSH))
        pieces.append(stream.compress(whole[start:end]))
    pieces.append(stream.flush())
    packed = b"".join(pieces)
    # zlib writes the level and the platform into bytes 8 and 9; a fixed header leaves one spelling
    if not packed.startswith(GZIP_HEADER):
        packed = GZIP_HEADER + packed[len(GZIP_HEADER) :]
    return packed


def _parts(plain: bytes) -> Iterator[tuple[int, int]]:
    """Where each 32 entries begin and end."""
    start = at = count = 0
    size = len(plain)
    while at < size:
        at += 2 + int.from_bytes(plain[at : at + 2], "big")
        count += 1
        if count % RESTART_ENTRIES == 0 or at >= size:
            yield start, at
            start = at


def decompress_bundle(data: bytes, count: int) -> bytes:
    """The plain bundle of `count` entries, whether `data` rests compressed or plain; Tampered on damage."""
    try:
        return plain_bundle(data, count)
    except InvalidInput as error:
        raise Tampered(f"a compressed bundle is damaged: {error.message}") from error


def some_of_bundle(data: bytes, positions: Sequence[int], count: int) -> list[bytes]:
    """The entries at ascending positions of a bundle of `count`, uncompressing no more than leads to them.

    For showing entries, not for proving them: the check sum at the end of the member is not reached. Tampered when
    they cannot be had.
    """
    if positions and positions[-1] >= count:
        raise Tampered(f"a bundle of {count} entries has none at {positions[-1]}")
    if not data.startswith(GZIP_HEADER):
        return _entries_at(lambda size: data, positions)
    starts = _restarts(data, count)
    if starts is None:
        return _entries_at(_Inflated(data, len(GZIP_HEADER), len(data)).at_least, positions)
    found: list[bytes] = []
    for part, wanted in groupby(positions, lambda position: position // RESTART_ENTRIES):
        inflated = _Inflated(data, starts[part], starts[part + 1])
        found += _entries_at(inflated.at_least, [position % RESTART_ENTRIES for position in wanted])
    return found


def _restarts(data: bytes, count: int) -> list[int] | None:
    """Where each 32 entries begin in the compressed bytes, and the end; None where there are no restart points.

    The four bytes may occur elsewhere by chance or by design; then there are too many of them, and none is believed.
    """
    starts = [len(GZIP_HEADER)]
    at = data.find(_RESTART)
    while at >= 0:
        starts.append(at + len(_RESTART))
        at = data.find(_RESTART, at + len(_RESTART))
    return [*starts, len(data)] if len(starts) == -(-count // RESTART_ENTRIES) else None


class _Inflated:
    """A part of a DEFLATE stream, uncompressed as far as somebody asked."""

    def __init__(self, data: bytes, start: int, stop: int) -> None:
        self._rest: bytes | memoryview = memoryview(data)[start:stop]
        self._stream = _engine.decompressobj(_RAW_WINDOW)
        self._plain = bytearray()

    def at_least(self, size: int) -> bytearray:
        """All that is uncompressed, which is so many bytes unless the part ends before."""
        plain, stream = self._plain, self._stream
        while len(plain) < size and not stream.eof:
            try:
                piece = stream.decompress(self._rest, max(_PIECE_BYTES, size - len(plain)))
            except _engine.error as error:
                raise Tampered(f"a compressed bundle is damaged: {error}") from error
            self._rest = stream.unconsumed_tail
            if not piece and not self._rest:
                break
            plain.extend(piece)
        return plain


def _entries_at(at_least: Callable[[int], bytes | bytearray], positions: Sequence[int]) -> list[bytes]:
    found = []
    offset = position = 0
    data = at_least(2)
    for wanted in positions:
        while True:
            if offset + 2 > len(data):
                data = at_least(offset + 2)
                if offset + 2 > len(data):
                    raise Tampered(f"a bundle ends after {len(data)} bytes, before the entry that is asked for")
            end = offset + 2 + (data[offset] << 8 | data[offset + 1])
            if position == wanted:
                break
            offset, position = end, position + 1
        if end > len(data):
            data = at_least(end)
            if end > len(data):
                raise Tampered(f"a bundle is cut after {len(data)} bytes, within the entry that is asked for")
        found.append(bytes(data[offset + 2 : end]))
    return found
