"""A log that another implementation made, at each of its sizes 0 to 15."""

from itertools import pairwise

import pytest
from tests.support.tlog_samples import VECTORS

from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.keys import VerifierKey
from graven.tlog.merkle import CompactRange, consistency_proof, leaf_hashes, verify_consistency
from graven.tlog.note import parse_note
from graven.tlog.tiles import TilePath, tile_node_reader

LOG = VECTORS / "tessera-log"
KEY = VerifierKey.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
WORDS = b"one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".split(b" ")


def read(tile: TilePath) -> bytes:
    return (LOG / tile.path()).read_bytes()


@pytest.mark.parametrize("size", range(16))
def test_each_checkpoint_is_signed_and_has_the_root_of_its_leaves(size: int) -> None:
    data = (LOG / f"checkpoint.{size}").read_bytes()
    tree = CompactRange()
    tree.extend(leaf_hashes(WORDS[:size]))
    checkpoint = open_checkpoint(data, KEY)
    assert (checkpoint.size, checkpoint.root) == (size, tree.root())
    assert parse_note(data).encode() == data


@pytest.mark.parametrize("size", range(1, 16))
def test_each_tile_and_bundle_is_reproduced(size: int) -> None:
    bundle = read(TilePath(-1, 0, size))
    assert decode_bundle(bundle, size) == WORDS[:size]
    assert encode_bundle(WORDS[:size]) == bundle
    assert b"".join(leaf_hashes(WORDS[:size])) == read(TilePath(0, 0, size))


def test_each_checkpoint_extends_the_one_before() -> None:
    checkpoints = [open_checkpoint((LOG / f"checkpoint.{size}").read_bytes(), KEY) for size in range(16)]
    for old, new in pairwise(checkpoints):
        proof = consistency_proof(old.size, new.size, tile_node_reader(new.size, read))
        verify_consistency(old.size, new.size, proof, old.root, new.root)


def test_the_current_checkpoint_is_the_last() -> None:
    assert (LOG / "checkpoint").read_bytes() == (LOG / "checkpoint.15").read_bytes()
