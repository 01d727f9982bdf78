"""Reading the tree as it rests: tiles and bundles at any width, entries, proofs.

A partial tile is a prefix of every wider one and may have been replaced by the full tile at any moment,
so a read goes from the exact width to the full tile to any wider partial, and takes the prefix. Thread-safe.
"""

import threading
from collections import OrderedDict

from graven.errors import InvalidInput, NotFound, Tampered
from graven.log.compress import decompress_bundle
from graven.storage.contracts import Objects
from graven.tlog.bundle import decode_bundle
from graven.tlog.merkle import HASH_SIZE, NodeReader, inclusion_proof
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, parse_tile_path, tile_node_reader

__all__ = ["Tree", "bundle_prefix"]

_CACHED_BYTES = 16 * 1024 * 1024
"""Entry bytes kept of bundles read last: a few dozen usual ones; one bundle may be almost as large."""

_OBJECT_BYTES = 41  # a bytes object and its place in a list


def bundle_prefix(data: bytes, width: int) -> bytes:
    """The first `width` records of a plain bundle; Tampered when it has fewer."""
    offset = 0
    for _ in range(width):
        if offset + 2 > len(data):
            raise Tampered(f"a bundle ends at byte {len(data)}, before its record {width}")
        offset += 2 + int.from_bytes(data[offset : offset + 2], "big")
    if offset > len(data):
        raise Tampered(f"a bundle is cut at byte {len(data)}, its record {width} ends at {offset}")
    return data[:offset]


class Tree:
    """The stored tree behind `objects`; sizes are the caller's business."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._bundles: OrderedDict[int, list[bytes]] = OrderedDict()
        self._cached_bytes = 0

    def read(self, path: TilePath) -> bytes | None:
        """Plain bytes of a tile or bundle at exactly that width, or None when nothing holds it.

        Raises Tampered when what is stored is too short or damaged.
        """
        full = TilePath(path.level, path.index, FULL_WIDTH)
        for candidate in (path, full) if path.width < FULL_WIDTH else (full,):
            if (data := self._objects.get(candidate.path())) is not None:
                return _prefix(path, candidate.width, data)
        if path.width < FULL_WIDTH:
            for name in sorted(self._objects.list(full.path() + ".p")):
                wider = _partial_width(name)
                if wider >= path.width and (data := self._objects.get(name)) is not None:
                    return _prefix(path, wider, data)
            # the full tile appeared, and the partial ones went, while we were looking
            if (data := self._objects.get(full.path())) is not None:
                return _prefix(path, FULL_WIDTH, data)
        return None

    def node_reader(self, size: int) -> NodeReader:
        """Roots of perfect subtrees of the tree of `size` leaves; Tampered when a tile is gone."""

        def read(path: TilePath) -> bytes:
            data = self.read(path)
            if data is None:
                raise Tampered(f"{path.path()} is missing from a tree of size {size}")
            return data

        return tile_node_reader(size, read)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of entry `index` in the tree of `size` leaves."""
        return inclusion_proof(index, size, self.node_reader(size))

    def bundle(self, index: int, size: int) -> list[bytes]:
        """The entries of bundle `index` in a tree of `size`: 256, or fewer at the right edge."""
        with self._lock:
            if (cached := self._bundles.get(index)) is not None:
                self._bundles.move_to_end(index)
                return cached
        width = min(FULL_WIDTH, size - index * FULL_WIDTH)
        path = TilePath(ENTRIES_LEVEL, index, width)
        data = self.read(path)
        if data is None:
            raise NotFound(f"{path.path()} is missing", why=f"the tree has {size} entries", code="bundle_missing")
        try:
            entries = decode_bundle(data, width)
        except InvalidInput as error:
            raise Tampered(f"{path.path()} is malformed: {error.message}") from error
        if width == FULL_WIDTH:
            self._keep(index, entries)
        return entries

    def _keep(self, index: int, entries: list[bytes]) -> None:
        """Cache a full bundle, and let go of those read longest ago while all are too large together."""
        with self._lock:
            if index in self._bundles:  # another thread read it at the same time
                return
            self._bundles[index] = entries
            self._cached_bytes += _size_of(entries)
            while self._cached_bytes > _CACHED_BYTES:
                _, dropped = self._bundles.popitem(last=False)
                self._cached_bytes -= _size_of(dropped)


def _size_of(entries: list[bytes]) -> int:
    """Bytes that a decoded bundle takes in memory: its entries, and what an object costs beside them."""
    return sum(map(len, entries)) + _OBJECT_BYTES * len(entries)


def _prefix(path: TilePath, width: int, data: bytes) -> bytes:
    """The first `path.width` items of an object that holds `width` of them."""
    if path.level == ENTRIES_LEVEL:
        plain = decompress_bundle(data, width)
        return plain if width == path.width else bundle_prefix(plain, path.width)
    if len(data) != width * HASH_SIZE:
        raise Tampered(f"{path.path()}: a tile of width {width} has {len(data)} bytes")
    return data[: path.width * HASH_SIZE]


def _partial_width(name: str) -> int:
    try:
        return parse_tile_path(name).width
    except InvalidInput:  # somebody else's file; `verify` reports it
        return 0
