from pathlib import Path

import pytest
from tests.support.verify_logs import POLICY, VECTOR, VECTOR_KEY, graven_entry, make_log

from graven.errors import CouldNotCheck
from graven.tlog.note import Signer
from graven.tlog.policy import parse_policy
from graven.tlog.proof import TlogProof, format_proof, parse_proof
from graven.verify.engine import verify
from graven.verify.proof import verify_proof, verify_proof_file
from graven.verify.remember import Memory
from graven.verify.report import Report, Verdict
from graven.verify.source import open_source

PROOF = (VECTOR / "entry257.tlog-proof").read_bytes()
ENTRY = b"entry-257"
W1 = parse_policy(POLICY)


def check(content: bytes = PROOF, entry: bytes | None = ENTRY, key=VECTOR_KEY, **options) -> Report:
    return verify_proof("p", content, entry, key, **options)


def test_the_vector_proof_is_fine():
    report = check(policy=W1)
    assert report.verdict is Verdict.FINE
    assert report.cosigned_by == ["w1"]
    assert report.entries == 1


@pytest.mark.parametrize("entry", [b"entry-256", b"entry-257\n", b""])
def test_another_entry_is_tampering(entry: bytes):
    assert check(entry=entry).verdict is Verdict.TAMPERED


def test_every_flipped_bit_of_the_proof_is_found():
    for position in range(len(PROOF)):
        altered = bytearray(PROOF)
        altered[position] ^= 1 << position % 8
        assert check(bytes(altered), policy=W1).verdict is Verdict.TAMPERED, position


@pytest.mark.parametrize("cut", range(0, len(PROOF), 7))
def test_every_cut_proof_is_tampering(cut: int):
    assert check(PROOF[:cut], policy=W1).verdict is Verdict.TAMPERED


def test_the_proof_of_another_index_is_tampering():
    proof = parse_proof(PROOF)
    moved = format_proof(TlogProof(256, proof.hashes, proof.checkpoint))
    assert check(moved).verdict is Verdict.TAMPERED


def test_extra_data_is_not_evidence():
    proof = parse_proof(PROOF)
    assert check(format_proof(TlogProof(257, proof.hashes, proof.checkpoint, b"anything"))).verdict is Verdict.FINE


def test_without_the_entry_it_could_not_be_checked():
    report = check(entry=None)
    assert report.verdict is Verdict.COULD_NOT_CHECK
    assert report.findings[0].index == 257


def test_without_a_key_it_could_not_be_checked():
    assert check(key=None).verdict is Verdict.COULD_NOT_CHECK


def test_a_wrong_key_is_tampering():
    assert check(key=Signer(VECTOR_KEY.name, bytes(32)).verifier).verdict is Verdict.TAMPERED


def test_an_older_proof_is_no_rollback_and_is_not_remembered(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    verify(open_source(str(VECTOR)), VECTOR_KEY, memory=memory)
    older = format_proof(TlogProof(0, (), (VECTOR / "checkpoint.200").read_bytes()))
    report = check(older, b"x", key=None, memory=memory)
    assert {finding.code for finding in report.findings} == {"invalid_proof"}
    assert "a proof alone cannot show" in report.notes[0]
    assert report.previous is None


def test_a_proof_under_a_fork_of_what_was_seen_is_tampering(tmp_path: Path):
    memory = Memory(tmp_path / "memory.json")
    verify(open_source(str(VECTOR)), VECTOR_KEY, memory=memory)
    proof = parse_proof(PROOF)
    forged = format_proof(TlogProof(257, proof.hashes, (VECTOR / "fork300").read_bytes()))
    assert "fork" in {finding.code for finding in check(forged, memory=memory).findings}


@pytest.mark.parametrize("suffix", [".entry", ".json"])
def test_the_entry_may_lie_beside_the_proof(tmp_path: Path, suffix: str):
    path = tmp_path / "order-42.tlog-proof"
    path.write_bytes(PROOF)
    assert verify_proof_file(path, VECTOR_KEY).verdict is Verdict.COULD_NOT_CHECK
    path.with_suffix(suffix).write_bytes(ENTRY)
    assert verify_proof_file(path, VECTOR_KEY).verdict is Verdict.FINE


def test_an_entry_taken_from_beside_the_proof_is_named(tmp_path: Path):
    path = tmp_path / "p.tlog-proof"
    path.write_bytes(PROOF)
    path.with_suffix(".entry").write_bytes(ENTRY)
    assert "p.entry" in verify_proof_file(path, VECTOR_KEY).notes[-1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("five.py", b"print(5)\n", "is not a proof"),
        ("order.tlog-proof", graven_entry(3), "is an entry"),
        ("order.entry", graven_entry(3), "is an entry"),
    ],
)
def test_a_file_that_never_was_a_proof_could_not_be_checked(tmp_path: Path, name: str, content: bytes, said: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CouldNotCheck, match=said):
        verify_proof_file(path, VECTOR_KEY)


@pytest.mark.parametrize("name", ["order.txt", "order.tlog-proof"])
def test_a_proof_whose_first_line_was_altered_is_tampering(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(b"C" + PROOF[1:])
    assert verify_proof_file(path, VECTOR_KEY, entry=path).verdict is Verdict.TAMPERED


def test_the_entry_may_be_named(tmp_path: Path):
    path, entry = tmp_path / "p.tlog-proof", tmp_path / "e"
    path.write_bytes(PROOF)
    entry.write_bytes(ENTRY)
    assert verify_proof_file(path, VECTOR_KEY, entry=entry).verdict is Verdict.FINE
    with pytest.raises(CouldNotCheck, match="cannot be read"):
        verify_proof_file(path, VECTOR_KEY, entry=tmp_path / "absent")


def test_blobs_that_the_entry_refers_to_are_mentioned(tmp_path: Path):
    entry = graven_entry(0, blob=("sha256:" + "1" * 64, 5))
    log = make_log(tmp_path, [entry])
    report = check(format_proof(TlogProof(0, (), log.checkpoint())), entry, log.key)
    assert report.verdict is Verdict.FINE
    assert "does not hold" in report.notes[0]
