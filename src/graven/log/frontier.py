"""The right edge of the Merkle tree, tile by tile. Pure.

For each level the hashes of the tile that is not full yet. Extending it gives the tiles that became
full; what remains are the partial tiles and, folded, the root. Deterministic: the same leaves give the
same tiles however they were grouped.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from graven.tlog.merkle import EMPTY_ROOT, HASH_SIZE, node_hash, perfect_root
from graven.tlog.tiles import TilePath

__all__ = ["TILE_BYTES", "TILE_WIDTH", "Frontier", "Tile", "edge_tiles"]

TILE_WIDTH = 256
TILE_BYTES = TILE_WIDTH * HASH_SIZE


class Tile(NamedTuple):
    """A hash tile and its bytes (`path.width` times 32)."""

    path: TilePath
    hashes: bytes


def edge_tiles(size: int) -> list[TilePath]:
    """Paths of the partial tiles of a tree of `size` leaves, lowest level first; width 0 is left out."""
    paths = []
    level = 0
    while size >> (8 * level):
        at_level = size >> (8 * level)
        if width := at_level % TILE_WIDTH:
            paths.append(TilePath(level, at_level // TILE_WIDTH, width))
        level += 1
    return paths


class Frontier:
    """The unfinished tiles of a tree of `size` leaves."""

    __slots__ = ("_edges", "size")

    def __init__(self, size: int = 0, edges: Iterable[bytes] = ()) -> None:
        """`edges[level]` holds the hashes of that level's partial tile (maybe none), lowest first."""
        self.size = size
        self._edges = [bytearray(edge) for edge in edges]

    def extend(self, leaf_hashes: Sequence[bytes]) -> list[Tile]:
        """Append leaves; gives the tiles that became full, children before parents."""
        full: list[Tile] = []
        self._extend_level(0, b"".join(leaf_hashes), full)
        self.size += len(leaf_hashes)
        return full

    def _extend_level(self, level: int, hashes: bytes, full: list[Tile]) -> None:
        if not hashes:
            return
        if level == len(self._edges):
            self._edges.append(bytearray())
        edge = self._edges[level]
        # the number of tiles already full at this level follows from the size before this call
        index = (self.size >> (8 * level)) // TILE_WIDTH
        edge += hashes
        parents = []
        offset = 0
        while len(edge) - offset >= TILE_BYTES:
            tile = bytes(edge[offset : offset + TILE_BYTES])
            full.append(Tile(TilePath(level, index, TILE_WIDTH), tile))
            parents.append(perfect_root(tile))
            index += 1
            offset += TILE_BYTES
        del edge[:offset]
        self._extend_level(level + 1, b"".join(parents), full)

    def partials(self) -> list[Tile]:
        """The partial tiles, lowest level first."""
        return [Tile(path, bytes(self._edges[path.level])) for path in edge_tiles(self.size)]

    def root(self) -> bytes:
        """RFC 9162 tree head of all `size` leaves."""
        # Right to left: the lowest level is the rightmost part of the tree, and within a level the
        # smallest perfect subtree is.
        root: bytes | None = None
        for edge in self._edges:
            count = len(edge) // HASH_SIZE
            end = count
            bit = 1
            while bit <= count:
                if count & bit:
                    subtree = perfect_root(bytes(edge[(end - bit) * HASH_SIZE : end * HASH_SIZE]))
                    root = subtree if root is None else node_hash(subtree, root)
                    end -= bit
                bit <<= 1
        return EMPTY_ROOT if root is None else root
