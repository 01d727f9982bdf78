import pytest

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from graven.tlog.cosignature import Cosigner, cosigned_at
from graven.tlog.keys import Signer
from graven.tlog.note import Signature, add_signatures, parse_note

LOG = Signer("log.example/a", b"s" * 32)
CHECKPOINT = Checkpoint("log.example/a", 42, b"r" * 32)
DATA = sign_checkpoint(CHECKPOINT, LOG)
WITNESS = Cosigner("w.example", b"w" * 32)


def test_a_cosigned_checkpoint_still_opens_with_the_log_key() -> None:
    data = add_signatures(DATA, [WITNESS.cosign(CHECKPOINT.text, 7)])
    assert data.startswith(DATA)
    assert open_checkpoint(data, LOG.verifier) == CHECKPOINT


def test_the_time_of_a_cosignature_is_known() -> None:
    data = add_signatures(DATA, [WITNESS.cosign(CHECKPOINT.text, 7)])
    assert cosigned_at(parse_note(data), WITNESS.verifier) == 7


def test_of_several_cosignatures_the_latest_time_counts() -> None:
    data = add_signatures(DATA, [WITNESS.cosign(CHECKPOINT.text, time_s) for time_s in (7, 9, 8)])
    assert cosigned_at(parse_note(data), WITNESS.verifier) == 9


def test_a_checkpoint_without_the_cosignature_has_no_time() -> None:
    assert cosigned_at(parse_note(DATA), WITNESS.verifier) is None


def test_a_cosignature_of_another_checkpoint_is_invalid() -> None:
    other = Checkpoint("log.example/a", 43, b"r" * 32)
    data = add_signatures(DATA, [WITNESS.cosign(other.text, 7)])
    with pytest.raises(InvalidInput) as caught:
        cosigned_at(parse_note(data), WITNESS.verifier)
    assert caught.value.code == "invalid_signature"


def test_the_same_seed_makes_a_log_key_and_a_witness_key_with_different_ids() -> None:
    assert Signer("w.example", b"w" * 32).verifier.key_id != WITNESS.verifier.key_id


def test_a_log_signature_does_not_pass_for_a_cosignature() -> None:
    signature = Signer("w.example", b"w" * 32).sign(CHECKPOINT.text.encode())
    forged = Signature("w.example", WITNESS.verifier.key_id, bytes(8) + signature)
    with pytest.raises(InvalidInput, match="does not verify"):
        cosigned_at(parse_note(add_signatures(DATA, [forged])), WITNESS.verifier)


def test_a_log_key_makes_no_cosignatures() -> None:
    with pytest.raises(InvalidInput):
        cosigned_at(parse_note(DATA), LOG.verifier)


@pytest.mark.parametrize("time_s", [-1, 2**63])
def test_a_time_has_63_bits(time_s: int) -> None:
    with pytest.raises(InvalidInput):
        WITNESS.cosign(CHECKPOINT.text, time_s)
