"""Entries and proofs of a published log, from its public files, each proof verified before it is given out."""

from functools import lru_cache

from graven.errors import CouldNotCheck, InvalidInput, NotFound, Tampered
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.hashing import leaf_hash
from graven.tlog.merkle import NodeReader, inclusion_proof, verify_inclusion
from graven.tlog.note import VerifierKey
from graven.tlog.proof import TlogProof, format_proof
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, tile_node_reader
from graven.verify.reading import read_plain
from graven.verify.source import Source

__all__ = ["LogReader", "read_tile"]


def read_tile(source: Source, tile: TilePath) -> bytes:
    """Plain bytes of a tile or bundle. Raises Tampered when it is missing or malformed."""
    try:
        data = read_plain(source, tile)
    except InvalidInput as error:
        raise Tampered(f"{tile.path()}: {error.message}", hint="graven verify shows all that is wrong") from error
    if data is None:
        raise Tampered(f"{tile.path()} is missing", hint="graven verify shows all that is wrong")
    return data


class LogReader:
    """Reads the checkpoint once, and everything else as of that checkpoint.

    Ascending indexes are cheap: one bundle and its level-0 tile are held, and the tiles above.
    """

    def __init__(self, source: Source, key: VerifierKey) -> None:
        """Raises Tampered when there is no checkpoint that `key` signed."""
        note = source.fetch_checkpoint()
        if note is None:
            raise CouldNotCheck("there is no checkpoint", hint="name a log that has published one")
        try:
            self.checkpoint: Checkpoint = open_checkpoint(note, key)
        except InvalidInput as error:
            raise Tampered(f"the checkpoint is not signed by {key.text}: {error.message}") from error
        self.note = note
        self._source = source
        self._bundle = -1
        self._entries: list[bytes] = []
        self._upper: dict[TilePath, bytes] = {}
        self._node: NodeReader | None = None

    def entry(self, index: int) -> bytes:
        """The bytes of an entry. Raises NotFound beyond the checkpoint."""
        self._load(index)
        return self._entries[index % FULL_WIDTH]

    def proof(self, index: int) -> bytes:
        """The `.tlog-proof` of an entry, verified. Raises Tampered when the files do not prove it."""
        self._load(index)
        size, root = self.checkpoint.size, self.checkpoint.root
        if self._node is None:
            self._node = self.nodes()
        try:
            path = inclusion_proof(index, size, self._node)
            verify_inclusion(index, size, leaf_hash(self._entries[index % FULL_WIDTH]), path, root)
        except InvalidInput as error:
            raise Tampered(
                f"the files of the log do not prove entry {index}: {error.message}",
                hint="graven verify shows which of them was changed",
            ) from error
        return format_proof(TlogProof(index, tuple(path), self.note))

    def nodes(self) -> NodeReader:
        """The nodes of the tree, as the tiles state them; raises Tampered for a tile that is missing or malformed."""
        # neighbouring proofs share most of their nodes, and the larger of these cost hundreds of hashes
        return lru_cache(4096)(tile_node_reader(self.checkpoint.size, self._read))

    def _load(self, index: int) -> None:
        size = self.checkpoint.size
        if not 0 <= index < size:
            raise NotFound(
                f"entry {index} is not in the published log, which has {size} entries",
                hint="an entry can be proven once a checkpoint covers it",
            )
        bundle = index // FULL_WIDTH
        if bundle != self._bundle:
            width = min(FULL_WIDTH, size - bundle * FULL_WIDTH)
            tile = TilePath(ENTRIES_LEVEL, bundle, width)
            try:
                self._entries = decode_bundle(read_tile(self._source, tile), width)
            except InvalidInput as error:
                raise Tampered(f"{tile.path()}: {error.message}") from error
            self._bundle = bundle
            self._node = None

    def _read(self, tile: TilePath) -> bytes:
        if tile.level == 0:
            return read_tile(self._source, tile)
        if tile not in self._upper:
            self._upper[tile] = read_tile(self._source, tile)
        return self._upper[tile]
