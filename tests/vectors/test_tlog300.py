"""The 300-entry log that six implementations accept, reproduced byte for byte."""

import json

import pytest
from tests.support.tlog_reference import entry
from tests.support.tlog_samples import (
    KEYS,
    LOG,
    LOG_KEY,
    ORIGIN,
    TLOG300,
    WITNESS,
    WITNESS_KEY,
    WITNESS_TIME_S,
)

from graven.errors import InvalidInput
from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text, sign_checkpoint
from graven.tlog.encoding import decode_base64
from graven.tlog.keys import VerifierKey
from graven.tlog.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hashes,
    root_from_nodes,
    verify_consistency,
)
from graven.tlog.note import add_signatures, open_note, parse_note
from graven.tlog.proof import TlogProof, format_proof, parse_proof, verify_proof
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, all_tiles, tile_node_reader, tiles_for
from graven.tlog.witness_body import AddCheckpoint, format_add_checkpoint, parse_add_checkpoint

ROOTS = {
    int(size): decode_base64(root)
    for size, root in json.loads((TLOG300 / "keys_roots.json").read_text())["roots_entry_i"].items()
}
ROOTS[200] = parse_checkpoint_text(parse_note((TLOG300 / "checkpoint.200").read_bytes()).text).root
LEAVES = leaf_hashes([entry(index) for index in range(300)])


def vector(name: str) -> bytes:
    return (TLOG300 / name).read_bytes()


def stored_tile(tile: TilePath) -> bytes:
    return vector(tile.path())


def level_hashes(level: int, size: int) -> list[bytes]:
    """All hashes of a tile level of the tree of `size` entries."""
    step = 256**level
    hashes = []
    for start in range(0, size - step + 1, step):
        subtree = CompactRange()
        subtree.extend(LEAVES[start : start + step])
        hashes.append(subtree.root())
    return hashes


def checkpoint_note(size: int) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, ROOTS[size]), LOG)


@pytest.mark.parametrize("size", ROOTS)
def test_roots_of_all_listed_sizes_come_out(size: int) -> None:
    tree = CompactRange()
    tree.extend(leaf_hashes([entry(index) for index in range(size)]))
    assert tree.root() == ROOTS[size]


def test_growing_to_70000_in_uneven_steps_passes_through_all_listed_roots() -> None:
    tree = CompactRange()
    for size in sorted(ROOTS):
        tree.extend(leaf_hashes([entry(index) for index in range(tree.size, size)]))
        assert tree.root() == ROOTS[size]


def test_keys_come_from_their_seeds() -> None:
    assert LOG.verifier.text == KEYS["log_vkey"]
    assert WITNESS.verifier.text == KEYS["w1_vkey"]


@pytest.mark.parametrize("size", [200, 300])
def test_every_tile_and_bundle_is_reproduced(size: int) -> None:
    for tile in all_tiles(size):
        begin, end = tile.index * FULL_WIDTH, tile.index * FULL_WIDTH + tile.width
        if tile.level == ENTRIES_LEVEL:
            made = encode_bundle([entry(index) for index in range(begin, end)])
        else:
            made = b"".join(level_hashes(tile.level, size)[begin:end])
        assert made == stored_tile(tile), tile.path()


def test_the_folder_holds_the_tiles_of_both_sizes_and_nothing_else() -> None:
    files = {str(path.relative_to(TLOG300)) for path in (TLOG300 / "tile").rglob("*") if path.is_file()}
    assert files == {tile.path() for size in (200, 300) for tile in all_tiles(size)}


def test_bundles_decode_to_the_entries() -> None:
    assert decode_bundle(vector("tile/entries/000"), 256) == [entry(index) for index in range(256)]
    assert decode_bundle(vector("tile/entries/001.p/44"), 44) == [entry(index) for index in range(256, 300)]


@pytest.mark.parametrize("size", [200, 300])
def test_tiles_lead_to_the_root(size: int) -> None:
    assert root_from_nodes(size, tile_node_reader(size, stored_tile)) == ROOTS[size]


def test_log_signatures_are_reproduced() -> None:
    assert checkpoint_note(200) == vector("checkpoint.200")
    assert checkpoint_note(300) == vector("checkpoint.300.logonly")


def test_the_cosigned_checkpoint_is_reproduced() -> None:
    note = checkpoint_note(300)
    cosignature = WITNESS.cosign(parse_note(note).text, WITNESS_TIME_S)
    assert add_signatures(note, [cosignature]) == vector("checkpoint")


@pytest.mark.parametrize("name", ["checkpoint", "checkpoint.300.logonly", "checkpoint.300.all"])
def test_checkpoints_of_300_open_with_the_log_key(name: str) -> None:
    assert open_checkpoint(vector(name), LOG_KEY) == Checkpoint(ORIGIN, 300, ROOTS[300])


def test_an_ml_dsa_cosignature_of_an_unknown_key_is_ignored() -> None:
    note, verified = open_note(vector("checkpoint.300.all"), [LOG_KEY, WITNESS_KEY])
    assert verified == [LOG_KEY, WITNESS_KEY]
    assert [one.name for one in note.signatures] == [ORIGIN, "witness.example/w1", "witness.example/pq1"]
    assert note.signatures[2].key_id.hex() == KEYS["pq_keyid"]
    assert len(note.signatures[2].signature) == 8 + 2420
    assert note.encode() == vector("checkpoint.300.all")


def test_the_proof_of_entry_257_is_reproduced_and_verifies() -> None:
    hashes = inclusion_proof(257, 300, tile_node_reader(300, stored_tile))
    made = TlogProof(257, tuple(hashes), vector("checkpoint"))
    assert format_proof(made) == vector("entry257.tlog-proof")
    assert verify_proof(parse_proof(vector("entry257.tlog-proof")), b"entry-257", LOG_KEY).size == 300


def test_the_proof_of_entry_257_does_not_prove_another_entry() -> None:
    with pytest.raises(InvalidInput, match="leads to root"):
        verify_proof(parse_proof(vector("entry257.tlog-proof")), b"entry-256", LOG_KEY)


@pytest.mark.parametrize(
    ("name", "old", "checkpoint"),
    [
        ("add-checkpoint.0to200", 0, "checkpoint.200"),
        ("add-checkpoint.200to300", 200, "checkpoint.300.logonly"),
    ],
)
def test_add_checkpoint_bodies_are_reproduced(name: str, old: int, checkpoint: str) -> None:
    new = open_checkpoint(vector(checkpoint), LOG_KEY)
    proof = consistency_proof(old, new.size, tile_node_reader(new.size, stored_tile))
    request = AddCheckpoint(old, tuple(proof), vector(checkpoint))
    assert format_add_checkpoint(request) == vector(name)
    assert parse_add_checkpoint(vector(name)) == request
    verify_consistency(old, new.size, proof, ROOTS[old], new.root)


def test_the_fork_is_validly_signed_but_no_proof_reaches_it() -> None:
    fork = open_checkpoint(vector("fork300"), LOG_KEY)
    assert (fork.origin, fork.size) == (ORIGIN, 300)
    assert fork.root != ROOTS[300]
    proof = parse_add_checkpoint(vector("add-checkpoint.200to300")).proof
    with pytest.raises(InvalidInput, match="new root"):
        verify_consistency(200, 300, proof, ROOTS[200], fork.root)
    with pytest.raises(InvalidInput, match="two roots of size 300"):
        verify_consistency(300, 300, [], ROOTS[300], fork.root)


def test_the_fork_is_a_tree_whose_signature_is_reproduced() -> None:
    fork = open_checkpoint(vector("fork300"), LOG_KEY)
    assert sign_checkpoint(fork, LOG) == vector("fork300")


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    paths = [tile.path() for tile in tiles_for(0, 70_000)]
    assert len(paths) == 273 + 1 + 1 + 1 + 1
    assert [*paths[:2], *paths[272:]] == [
        "tile/0/000",
        "tile/0/001",
        "tile/0/272",
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]


def test_the_witness_key_is_no_log_key() -> None:
    assert VerifierKey.parse(KEYS["w1_vkey"]).algorithm == 0x04
    with pytest.raises(InvalidInput, match="cannot speak for a log"):
        open_checkpoint(vector("checkpoint"), WITNESS_KEY)
