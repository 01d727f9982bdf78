"""The verifier in one file agrees with the library: it shares no code with it, so each checks the other."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.verify_logs import VECTOR, VECTOR_KEY

from graven.errors import InvalidInput
from graven.evidence import portable
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.merkle import CompactRange, inclusion_proof, leaf_hash, verify_inclusion
from graven.tlog.note import VerifierKey
from graven.tlog.proof import parse_proof
from graven.tlog.tiles import tile_node_reader

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
CHECKPOINT = (VECTOR / "checkpoint").read_bytes()
PROOF = (VECTOR / "entry257.tlog-proof").read_bytes()
KEY = portable.Key(VECTOR_KEY.text)


def theirs(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@quick
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.data())
def test_signatures_are_judged_as_cryptography_judges_them(seed: bytes, message: bytes, data: st.DataObject):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes_raw()
    signature = private.sign(message)
    assert portable.ed25519_verify(public, message, signature)
    altered = bytearray(signature + public)
    position = data.draw(st.integers(0, len(altered) - 1))
    altered[position] ^= 1 << data.draw(st.integers(0, 7))
    sig, key = bytes(altered[:64]), bytes(altered[64:])
    assert portable.ed25519_verify(key, message, sig) == theirs(key, message, sig) is False


@quick
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64), st.binary(max_size=10))
def test_random_keys_and_signatures_are_judged_alike(public: bytes, signature: bytes, message: bytes):
    assert portable.ed25519_verify(public, message, signature) == theirs(public, message, signature)


@st.composite
def mutated(draw: st.DrawFn, original: bytes) -> bytes:
    position = draw(st.integers(0, len(original)))
    count = draw(st.integers(0, 3))
    piece = draw(st.one_of(st.binary(max_size=3), st.sampled_from([b"\n", b" ", b"+", b"0", b"=", "—".encode()])))
    return original[:position] + piece + original[position + count :]


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (portable.Tampered, InvalidInput):
        return None


@many
@given(mutated(CHECKPOINT))
def test_a_checkpoint_is_accepted_by_both_or_by_none(data: bytes):
    def library() -> tuple[int, bytes]:
        checkpoint = open_checkpoint(data, VECTOR_KEY)
        return checkpoint.size, checkpoint.root

    assert outcome(lambda: portable.open_checkpoint(data, KEY)) == outcome(library)


@many
@given(mutated(PROOF))
def test_a_proof_file_is_accepted_by_both_or_by_none(data: bytes):
    def library() -> tuple[int, list[bytes], bytes]:
        proof = parse_proof(data)
        return proof.index, list(proof.hashes), proof.checkpoint

    found = outcome(lambda: portable.parse_proof(data))
    expected = outcome(library)
    if expected is None and found is not None:
        # the library looks at the form of the checkpoint at once; the portable one compares it with the archive's
        assert found[2] != PROOF.partition(b"\n\n")[2]
    else:
        assert found == expected


@many
@given(mutated(VECTOR_KEY.text.encode()))
def test_a_key_is_accepted_by_both_or_by_none(data: bytes):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return

    def library() -> str | None:
        key = VerifierKey.parse(text)
        return key.text if key.algorithm == 1 else None

    assert outcome(lambda: portable.Key(text).text) == outcome(library)


@quick
@given(st.integers(1, 200), st.data())
def test_inclusion_proofs_are_judged_alike(size: int, data: st.DataObject):
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    tree = CompactRange()
    tree.extend(leaves)
    node = tile_node_reader(size, lambda tile: b"".join(leaves[tile.index * 256 :][: tile.width]))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, node)
    assert portable.root_of_path(index, size, leaves[index], path) == tree.root()
    change = data.draw(st.integers(-1, len(path)))
    other = path[:change] + path[change + 1 :] if change >= 0 else [*path, bytes(32)]
    index = data.draw(st.integers(0, size + 3))
    expected = outcome(lambda: verify_inclusion(index, size, leaves[0], other, tree.root()) or True)
    found = outcome(lambda: portable.root_of_path(index, size, leaves[0], other) == tree.root() or None)
    assert found == expected


@pytest.mark.parametrize(
    "text", ["", "0", "00", "+5", " 5", "5_0", "٥", "9" * 19, "9" * 5000, str(2**63 - 1), str(2**63)]
)
def test_numbers_have_one_spelling(text: str):
    from graven.tlog.encoding import decode_decimal

    assert outcome(lambda: portable.decode_decimal(text)) == outcome(lambda: decode_decimal(text))
