import pytest

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, checkpoint_of, open_checkpoint, parse_checkpoint_text, sign_checkpoint
from graven.tlog.keys import Signer
from graven.tlog.merkle import EMPTY_ROOT
from graven.tlog.note import parse_note, sign_note

LOG = Signer("log.example/a", b"s" * 32)
CHECKPOINT = Checkpoint("log.example/a", 42, b"r" * 32)
TEXT = "log.example/a\n42\ncnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI=\n"


def test_a_checkpoint_is_three_lines() -> None:
    assert CHECKPOINT.text == TEXT
    assert parse_checkpoint_text(TEXT) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "\n",
        TEXT + "extension\n",
        "\n" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("42", "+42"),
        TEXT.replace("42", "042"),
        TEXT.replace("42", " 42"),
        TEXT.replace("42", "4_2"),
        TEXT.replace("42", "٤٢"),
        TEXT.replace("42", "-42"),
        TEXT.replace("42", str(2**63)),
        TEXT.replace("42", "1" * 5000),
        TEXT.replace("42", ""),
        TEXT.replace("42", "0"),  # the empty tree has another root
        TEXT.replace("nI=", "nJ="),  # other spelling of the same root
        TEXT.replace("nI=", "nI"),
        TEXT.replace("cnJy", "cn Jy", 1),
        TEXT.replace("cnJy", "", 1),
        TEXT.replace("log.example/a", ""),
        TEXT.replace("log.example/a", "log example/a"),
        TEXT.replace("log.example/a", "log+example/a"),
    ],
)
def test_every_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_checkpoint_text(text)


def test_the_empty_log_has_a_checkpoint() -> None:
    empty = Checkpoint("log.example/a", 0, EMPTY_ROOT)
    assert open_checkpoint(sign_checkpoint(empty, LOG), LOG.verifier) == empty


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [("a b", 1, b"r" * 32), ("a", -1, b"r" * 32), ("a", 2**63, b"r" * 32), ("a", 1, b"r"), ("a", 0, b"r" * 32)],
)
def test_a_checkpoint_that_no_text_can_spell_is_not_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(InvalidInput):
        Checkpoint(origin, size, root)


def test_a_signed_checkpoint_opens_with_the_key_of_its_log() -> None:
    assert open_checkpoint(sign_checkpoint(CHECKPOINT, LOG), LOG.verifier) == CHECKPOINT


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    other = Signer("log.example/a", b"t" * 32)
    with pytest.raises(InvalidInput) as caught:
        open_checkpoint(sign_checkpoint(CHECKPOINT, LOG), other.verifier)
    assert caught.value.code == "no_known_signature"


def test_a_log_does_not_speak_for_another() -> None:
    other = Signer("log.example/b", b"s" * 32)
    with pytest.raises(InvalidInput) as caught:
        sign_checkpoint(CHECKPOINT, other)
    assert caught.value.code == "wrong_origin"
    with pytest.raises(InvalidInput) as caught:
        open_checkpoint(sign_note(TEXT, other), other.verifier)
    assert caught.value.code == "wrong_origin"


def test_a_signed_note_that_is_no_checkpoint_does_not_open_as_one() -> None:
    with pytest.raises(InvalidInput, match="three lines"):
        open_checkpoint(sign_note("anything\n", LOG), LOG.verifier)


def test_the_checkpoint_of_a_note_that_was_verified_already() -> None:
    note = parse_note(sign_checkpoint(CHECKPOINT, LOG))
    assert checkpoint_of(note, LOG.verifier) == CHECKPOINT
