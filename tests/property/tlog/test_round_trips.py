"""What is encoded comes back, for all values that the types allow."""

from hypothesis import given
from hypothesis import strategies as st
from tests.support.tlog_samples import HASHES, NAMES, SIZES, checkpoint_notes, quick

from graven.tlog.bundle import decode_bundle, encode_bundle, encode_records
from graven.tlog.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint_text, sign_checkpoint
from graven.tlog.cosignature import Cosigner, cosigned_at
from graven.tlog.encoding import (
    MAX_INT63,
    decode_base64,
    decode_decimal,
    decode_hex,
    encode_base64,
)
from graven.tlog.keys import COSIGNATURE_V1, ED25519, Signer, VerifierKey
from graven.tlog.note import add_signatures, open_note, parse_note, sign_note
from graven.tlog.proof import TlogProof, format_proof, parse_proof
from graven.tlog.tiles import TilePath, all_tiles, bundles_for, parse_tile_path, partial_width, tiles_for
from graven.tlog.witness_body import AddCheckpoint, format_add_checkpoint, parse_add_checkpoint

INT63 = st.integers(0, MAX_INT63)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n")).map(lambda text: text + "\n")
TILES = st.builds(TilePath, st.integers(-1, 63), INT63, st.integers(1, 256))


@quick
@given(INT63, st.binary())
def test_numbers_and_bytes(number: int, data: bytes) -> None:
    assert decode_decimal(str(number)) == number
    assert decode_base64(encode_base64(data), size=len(data)) == data
    assert decode_hex(data.hex(), size=len(data)) == data


@quick
@given(TILES)
def test_tile_paths(tile: TilePath) -> None:
    assert parse_tile_path(tile.path()) == tile


@quick
@given(st.lists(st.binary(max_size=300), max_size=300))
def test_bundles(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == entries
    assert data == b"".join(encode_records(entries))


@quick
@given(NAMES, HASHES, st.sampled_from([ED25519, COSIGNATURE_V1]))
def test_verifier_keys(name: str, public: bytes, algorithm: int) -> None:
    key = VerifierKey.of(name, public, algorithm)
    assert VerifierKey.parse(key.text) == key


@quick
@given(TEXTS, NAMES, HASHES)
def test_notes(text: str, name: str, seed: bytes) -> None:
    signer = Signer(name, seed)
    data = sign_note(text, signer)
    note, verified = open_note(data, [signer.verifier])
    assert (note.text, verified, note.encode()) == (text, [signer.verifier], data)


@quick
@given(NAMES, SIZES, HASHES, HASHES, NAMES, INT63)
def test_checkpoints_and_cosignatures(origin: str, size: int, root: bytes, seed: bytes, name: str, time_s: int) -> None:
    checkpoint, log, witness = Checkpoint(origin, size, root), Signer(origin, seed), Cosigner(name, root)
    assert parse_checkpoint_text(checkpoint.text) == checkpoint
    signed = sign_checkpoint(checkpoint, log)
    cosigned = add_signatures(signed, [witness.cosign(checkpoint.text, time_s)])
    assert open_checkpoint(signed, log.verifier) == open_checkpoint(cosigned, log.verifier) == checkpoint
    assert cosigned_at(parse_note(cosigned), witness.verifier) == time_s


@quick
@given(INT63, st.lists(HASHES, max_size=63), checkpoint_notes(), st.none() | st.binary(min_size=1))
def test_proofs(index: int, hashes: list[bytes], note: bytes, extra: bytes | None) -> None:
    proof = TlogProof(index, tuple(hashes), note, extra)
    assert parse_proof(format_proof(proof)) == proof


@quick
@given(INT63, st.lists(HASHES, max_size=63), checkpoint_notes())
def test_add_checkpoint_requests(old: int, hashes: list[bytes], note: bytes) -> None:
    request = AddCheckpoint(old, tuple(hashes), note)
    assert parse_add_checkpoint(format_add_checkpoint(request)) == request


@quick
@given(st.integers(0, 200_000), st.integers(0, 2_000))
def test_growth_adds_exactly_what_the_larger_log_has_and_the_smaller_has_not(old: int, step: int) -> None:
    new = old + step
    grown = {*bundles_for(old, new), *tiles_for(old, new)}
    assert grown == set(all_tiles(new)) - set(all_tiles(old))


@quick
@given(st.integers(0, 2_000_000))
def test_the_last_tile_of_a_level_has_the_partial_width(size: int) -> None:
    last = {tile.level: tile for tile in tiles_for(0, size)}
    for level, tile in last.items():
        assert tile.index * 256 + tile.width == size >> 8 * level
        assert tile.width % 256 == partial_width(level, size)
