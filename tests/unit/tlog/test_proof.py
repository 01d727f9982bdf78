import pytest
from tests.support.tlog_reference import entry, mth, node

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.cosignature import Cosigner
from graven.tlog.keys import Signer
from graven.tlog.merkle import inclusion_proof, leaf_hash
from graven.tlog.note import add_signatures, sign_note
from graven.tlog.policy import parse_policy
from graven.tlog.proof import TlogProof, format_proof, parse_proof, verify_leaf_proof, verify_proof

LOG = Signer("log.example/a", b"s" * 32)
WITNESS = Cosigner("w.example", b"w" * 32)
POLICY = parse_policy(f"witness w {WITNESS.verifier.text}\nquorum w\n")
CHECKPOINT = Checkpoint("log.example/a", 7, mth(0, 7))
NOTE = sign_checkpoint(CHECKPOINT, LOG)
PROOF = TlogProof(4, tuple(inclusion_proof(4, 7, node)), NOTE)
FILE = format_proof(PROOF)


def refusal(proof: TlogProof, data: bytes, **options: object) -> str:
    with pytest.raises(InvalidInput) as caught:
        verify_proof(proof, data, LOG.verifier, **options)
    return caught.value.code


def test_a_proof_file_comes_back() -> None:
    assert parse_proof(FILE) == PROOF
    assert FILE.startswith(b"c2sp.org/tlog-proof@v1\nindex 4\n")
    assert FILE.endswith(b"\n\n" + NOTE)


def test_extra_data_is_kept() -> None:
    proof = TlogProof(4, PROOF.hashes, NOTE, b"\x00extra")
    assert b"\nextra AGV4dHJh\nindex" in format_proof(proof)
    assert parse_proof(format_proof(proof)) == proof


def test_a_tree_of_one_needs_no_hashes() -> None:
    note = sign_checkpoint(Checkpoint("log.example/a", 1, leaf_hash(entry(0))), LOG)
    proof = parse_proof(b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note)
    assert verify_proof(proof, entry(0), LOG.verifier).size == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1\n", b"@v2\n"),
        (b"@v1\n", b"@v1 \n"),
        (b"@v1\n", b"@v1\r\n"),
        (b"@v1\n", b"@v1\n\n"),
        (b"@v1\n", b"@v1\nextra \n"),
        (b"@v1\n", b"@v1\nextra\n"),
        (b"@v1\n", b"@v1\nextra YQ\n"),
        (b"@v1\n", b"@v1\nextra YQ==\nextra YQ==\n"),
        (b"index 4\n", b""),
        (b"index 4\n", b"index 04\n"),
        (b"index 4\n", b"index +4\n"),
        (b"index 4\n", b"index  4\n"),
        (b"index 4\n", b"index 4 \n"),
        (b"index 4\n", b"index 4\nindex 4\n"),
        (b"index 4\n", b"index 4\nextra YQ==\n"),
        (b"index 4\n", b"index -4\n"),
        (b"index 4\n", b"index " + b"9" * 5000 + b"\n"),
        (b"index 4\n", b"index 4\nYQ==\n"),
        (b"=\n\n", b"\n\n"),
        (b"=\n\n", b"= \n\n"),
        (b"=\n\n", b"=\n \n"),
        (b"=\n\n", b"=\n\n\n\n"),
        (b"=\n\n", b"=\n"),
    ],
)
def test_other_spellings_are_refused(old: bytes, new: bytes) -> None:
    assert old in FILE
    with pytest.raises(InvalidInput):
        parse_proof(FILE.replace(old, new, 1))


def test_a_proof_longer_than_any_tree_is_deep_is_refused() -> None:
    line = b"index 4\n" + b"A" * 43 + b"=\n"
    assert len(parse_proof(FILE.replace(b"index 4\n", line)).hashes) == len(PROOF.hashes) + 1
    with pytest.raises(InvalidInput, match="more than 63 hashes"):
        parse_proof(FILE.replace(b"index 4\n", b"index 4\n" + line[8:] * 64))


def test_a_proof_file_of_megabytes_is_not_read() -> None:
    with pytest.raises(InvalidInput, match="at most"):
        parse_proof(FILE + b"x" * 2_000_000)


@pytest.mark.parametrize(
    "parts",
    [
        (-1, (), NOTE, None),
        (2**63, (), NOTE, None),
        (0, (b"short",), NOTE, None),
        (0, (b"h" * 32,) * 64, NOTE, None),
        (0, (), b"no note", None),
        (0, (), NOTE, b""),
    ],
)
def test_a_proof_that_no_file_can_hold_is_not_made(parts: tuple[int, tuple[bytes, ...], bytes, bytes]) -> None:
    with pytest.raises(InvalidInput):
        TlogProof(*parts)


def test_the_entry_is_in_the_log() -> None:
    assert verify_proof(PROOF, entry(4), LOG.verifier) == CHECKPOINT
    assert verify_leaf_proof(PROOF, leaf_hash(entry(4)), LOG.verifier) == CHECKPOINT


def test_another_entry_is_not() -> None:
    assert refusal(PROOF, entry(5)) == "invalid_proof"


def test_the_entry_is_not_at_another_index() -> None:
    assert refusal(TlogProof(5, PROOF.hashes, NOTE), entry(4)) == "invalid_proof"
    assert refusal(TlogProof(7, PROOF.hashes, NOTE), entry(4)) == "invalid_proof"


def test_the_signature_is_checked_first() -> None:
    changed = TlogProof(4, PROOF.hashes, NOTE.replace(b"\n7\n", b"\n8\n"))
    assert refusal(changed, b"other", policy=POLICY) == "invalid_signature"


def test_the_policy_is_checked_before_inclusion() -> None:
    assert refusal(PROOF, b"other", policy=POLICY) == "policy"


def test_a_policy_is_satisfied_by_the_cosignature_in_the_file() -> None:
    cosigned = add_signatures(NOTE, [WITNESS.cosign(CHECKPOINT.text, 5)])
    proof = TlogProof(4, PROOF.hashes, cosigned)
    assert verify_proof(proof, entry(4), LOG.verifier, POLICY) == CHECKPOINT


def test_a_log_does_not_prove_entries_of_another() -> None:
    other = Signer("log.example/b", b"s" * 32)
    proof = TlogProof(4, PROOF.hashes, sign_note(CHECKPOINT.text, other))
    with pytest.raises(InvalidInput) as caught:
        verify_proof(proof, entry(4), other.verifier)
    assert caught.value.code == "wrong_origin"


def test_extra_data_proves_nothing_and_spoils_nothing() -> None:
    proof = TlogProof(4, PROOF.hashes, NOTE, b"anything")
    assert verify_proof(proof, entry(4), LOG.verifier) == CHECKPOINT
