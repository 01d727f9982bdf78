import pytest

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.keys import Signer
from graven.tlog.witness_body import AddCheckpoint, format_add_checkpoint, parse_add_checkpoint

NOTE = sign_checkpoint(Checkpoint("log.example/a", 42, b"r" * 32), Signer("log.example/a", b"s" * 32))
REQUEST = AddCheckpoint(40, (b"a" * 32, b"b" * 32), NOTE)
BODY = format_add_checkpoint(REQUEST)


def test_a_request_comes_back() -> None:
    assert parse_add_checkpoint(BODY) == REQUEST
    assert BODY.startswith(b"old 40\nYWFh")
    assert BODY.endswith(b"\n\n" + NOTE)


def test_the_first_request_has_size_0_and_no_proof() -> None:
    first = AddCheckpoint(0, (), NOTE)
    assert format_add_checkpoint(first) == b"old 0\n\n" + NOTE
    assert parse_add_checkpoint(b"old 0\n\n" + NOTE) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"old 40\n", b""),
        (b"old 40\n", b"old 040\n"),
        (b"old 40\n", b"old +40\n"),
        (b"old 40\n", b"old  40\n"),
        (b"old 40\n", b"old 40 \n"),
        (b"old 40\n", b"Old 40\n"),
        (b"old 40\n", b"old 40\r\n"),
        (b"old 40\n", b"old 40\n\n"),
        (b"old 40\n", b"\nold 40\n"),
        (b"old 40\n", b"old -1\n"),
        (b"old 40\n", b"old " + b"9" * 5000 + b"\n"),
        (b"old 40\n", b"old 40\nYQ==\n"),
        (b"old 40\n", b"old 40\n" + b"A" * 43 + b"=\n" * 1 + (b"A" * 43 + b"=\n") * 61),
        (b"=\n\n", b"\n\n"),
        (b"=\n\n", b"=\n \n"),
        (b"=\n\n", b"=\n\n\n\n"),
        (b"=\n\n", b"=\n"),
    ],
)
def test_other_spellings_are_refused(old: bytes, new: bytes) -> None:
    assert old in BODY
    with pytest.raises(InvalidInput):
        parse_add_checkpoint(BODY.replace(old, new, 1))


def test_63_hashes_are_the_most() -> None:
    most = AddCheckpoint(40, (b"a" * 32,) * 63, NOTE)
    assert parse_add_checkpoint(format_add_checkpoint(most)) == most
    with pytest.raises(InvalidInput):
        AddCheckpoint(40, (b"a" * 32,) * 64, NOTE)


def test_a_body_of_megabytes_is_not_read() -> None:
    with pytest.raises(InvalidInput, match="request of"):
        parse_add_checkpoint(BODY + b"x" * 1_100_000)


@pytest.mark.parametrize("parts", [(-1, (), NOTE), (2**63, (), NOTE), (0, (b"h",), NOTE), (0, (), b"x")])
def test_a_request_that_no_body_can_hold_is_not_made(parts: tuple[int, tuple[bytes, ...], bytes]) -> None:
    with pytest.raises(InvalidInput):
        AddCheckpoint(*parts)
