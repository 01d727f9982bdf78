"""Reading one tile or bundle at exactly the width that a checkpoint asks for.

A running server replaces partial tiles by wider ones and removes the narrow ones. A partial tile that is
gone is therefore looked for under every greater width, and cut. What is wider than asked for lies beyond
the checkpoint: its excess is looked at only as far as cutting needs it.
"""

from graven.errors import InvalidInput
from graven.tlog.hashing import HASH_SIZE
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath
from graven.verify.compressed import plain_bundle
from graven.verify.leaves import prefix_of
from graven.verify.source import Source

__all__ = ["read_plain"]

_ATTEMPTS = 8  # a tile can be replaced again while we look for its replacement


def read_plain(source: Source, tile: TilePath) -> bytes | None:
    """Plain bytes of the tile or bundle, cut from a wider one when need be; None when there is none.

    A hash tile is exactly 32 · width bytes. A bundle found at its own width is returned whole, trailing
    bytes and all: the caller counts its entries. Raises InvalidInput for a malformed file.
    """
    data = source.fetch(tile)
    if data is not None:
        return _plain(tile, data)
    if tile.width == FULL_WIDTH:
        return None
    for _ in range(_ATTEMPTS):
        widths = source.wider(tile)
        for width in widths:
            data = source.fetch(tile._replace(width=width))
            if data is not None:
                return _cut(tile, _plain(tile._replace(width=width), data))
        if widths == [FULL_WIDTH]:
            break  # nothing was there to vanish between listing and reading
    return _last_look(source, tile)


def _last_look(source: Source, tile: TilePath) -> bytes | None:
    """One last look: the full tile may have been written after we looked for it."""
    for width in (tile.width, FULL_WIDTH):
        found = tile._replace(width=width)
        data = source.fetch(found)
        if data is not None:
            return _cut(tile, _plain(found, data))
    return None


def _plain(tile: TilePath, data: bytes) -> bytes:
    if tile.level == ENTRIES_LEVEL:
        return plain_bundle(data, tile.width)
    if len(data) != tile.width * HASH_SIZE:
        raise InvalidInput(f"{len(data)} bytes, a tile of {tile.width} hashes has {tile.width * HASH_SIZE}")
    return data


def _cut(tile: TilePath, wide: bytes) -> bytes:
    if tile.level == ENTRIES_LEVEL:
        return prefix_of(wide, tile.width)
    return wide[: tile.width * HASH_SIZE]
