"""Where hashes lie: the path arithmetic of C2SP tlog-tiles.

Hash `i` of tile `N` at level `L` is the root of leaves [(256N+i)·256^L, (256N+i+1)·256^L). A tile of
256 hashes is full; a narrower one is partial, is a prefix of every wider one, and has `.p/<W>` in its
path. Entry bundles follow the same scheme as if at level 0 and are level -1 here.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63, shown
from graven.tlog.hashing import HASH_SIZE, perfect_root
from graven.tlog.merkle import NodeReader

__all__ = [
    "ENTRIES_LEVEL",
    "FULL_WIDTH",
    "TilePath",
    "all_tiles",
    "bundles_for",
    "covers",
    "parse_tile_path",
    "partial_width",
    "tile_node_reader",
    "tiles_for",
]

FULL_WIDTH = 256
"""Hashes of a full tile, entries of a full bundle."""

ENTRIES_LEVEL = -1
"""The level by which a `TilePath` names an entry bundle."""

_MAX_LEVEL = 63
_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


class TilePath(NamedTuple):
    """A tile (`level` 0-63) or an entry bundle (`level` -1); `width` 1-256 hashes or entries."""

    level: int
    index: int  # type: ignore[assignment]  # the specification's word; tuple.index is not missed
    width: int

    def path(self) -> str:
        """The relative path: `tile/0/x001/000.p/5`, `tile/entries/005`."""
        level, index, width = self
        if not (ENTRIES_LEVEL <= level <= _MAX_LEVEL and 0 <= index <= MAX_INT63 and 1 <= width <= FULL_WIDTH):
            raise InvalidInput(f"no tile has level {level}, index {index} and width {width}")
        index, last = divmod(index, 1000)
        number = f"{last:03d}"
        while index:
            index, group = divmod(index, 1000)
            number = f"x{group:03d}/{number}"
        partial = "" if width == FULL_WIDTH else f".p/{width}"
        return f"tile/{'entries' if level == ENTRIES_LEVEL else level}/{number}{partial}"


def parse_tile_path(path: str) -> TilePath:
    """The tile or bundle that `path` names. Raises InvalidInput for every other spelling."""
    found = _PATH.fullmatch(path)
    if found is not None:
        level, groups, last, width = found.groups()
        tile = TilePath(
            ENTRIES_LEVEL if level == "entries" else int(level),
            int(groups.replace("x", "").replace("/", "") + last),
            FULL_WIDTH if width is None else int(width),
        )
        # `.p/256` and `x000/001` come back otherwise; what is out of range has no path at all
        if tile.path() == path:
            return tile
    raise InvalidInput(f"not the path of a tile or bundle: {shown(path)}")


def partial_width(level: int, size: int) -> int:
    """Width (0-255) of the partial tile at the right edge of a tree of `size` leaves; 0 = there is none."""
    return (size >> (8 * max(level, 0))) % FULL_WIDTH


def bundles_for(old_size: int, new_size: int) -> Iterator[TilePath]:
    """Bundles that are new or wider after growing from `old_size` to `new_size`, left to right."""
    return _grown(ENTRIES_LEVEL, old_size, new_size)


def tiles_for(old_size: int, new_size: int) -> Iterator[TilePath]:
    """Hash tiles that are new or wider after growing from `old_size` to `new_size`, lowest level first."""
    level = 0
    while old_size < new_size:
        yield from _grown(level, old_size, new_size)
        level += 1
        old_size >>= 8
        new_size >>= 8


def all_tiles(size: int) -> Iterator[TilePath]:
    """All that a log of `size` entries consists of: every bundle, then every hash tile, level by level."""
    yield from bundles_for(0, size)
    yield from tiles_for(0, size)


def _grown(level: int, old_count: int, new_count: int) -> Iterator[TilePath]:
    """Tiles of one level after its number of hashes grew."""
    if old_count >= new_count:
        return
    for index in range(old_count // FULL_WIDTH, (new_count - 1) // FULL_WIDTH + 1):
        yield TilePath(level, index, min(FULL_WIDTH, new_count - index * FULL_WIDTH))


def covers(size: int, path: TilePath) -> bool:
    """Whether a tree of `size` has all hashes or entries of `path`."""
    return path.index * FULL_WIDTH + path.width <= size >> (8 * max(path.level, 0))


def tile_node_reader(size: int, read: Callable[[TilePath], bytes]) -> NodeReader:
    """A NodeReader over the tiles of a tree of `size` leaves.

    `read` gets each tile at its exact width for `size` and at most once. The tiles read are kept as
    long as the reader is, so make one per proof or per batch of proofs. The reader raises InvalidInput
    for a node outside the tree and for a tile that is not 32·width bytes long.
    """
    kept: dict[TilePath, bytes] = {}

    def node(level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > size:
            raise InvalidInput(f"no node {index} of level {level} in a tree of size {size}")
        tile_level, height = divmod(level, 8)
        tile_index, offset = divmod(index << height, FULL_WIDTH)
        width = min(FULL_WIDTH, (size >> (8 * tile_level)) - tile_index * FULL_WIDTH)
        tile = TilePath(tile_level, tile_index, width)
        data = kept.get(tile)
        if data is None:
            data = read(tile)
            if len(data) != width * HASH_SIZE:
                raise InvalidInput(f"{tile.path()} has {len(data)} bytes, not {width * HASH_SIZE}")
            kept[tile] = data
        return perfect_root(data[offset * HASH_SIZE : (offset + (1 << height)) * HASH_SIZE])

    return node
