import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.errors import InvalidInput
from graven.index.answers.cursor import Cursor, decode_cursor, encode_cursor

QUESTION = ("shop", "a", "received", "Z", "", "", "newest")
TEXT = encode_cursor(Cursor(17, 42), "secret", QUESTION)
unsigned = st.integers(0, 2**64 - 1)


@given(unsigned, unsigned)
def test_it_comes_back_from_its_text(now_ns, last):
    cursor = Cursor(now_ns, last)
    assert decode_cursor(encode_cursor(cursor, "secret", QUESTION), "secret", QUESTION) == cursor


@pytest.mark.parametrize("at", range(len(QUESTION)))
def test_it_is_of_no_other_question(at):
    other = (*QUESTION[:at], QUESTION[at] + "x", *QUESTION[at + 1 :])
    with pytest.raises(InvalidInput) as caught:
        decode_cursor(TEXT, "secret", other)
    assert caught.value.code == "bad_cursor"


def test_words_that_move_between_parts_are_another_question():
    with pytest.raises(InvalidInput):
        decode_cursor(encode_cursor(Cursor(1, 2), "s", ("ab", "c")), "s", ("a", "bc"))


def test_it_is_of_no_other_index():
    with pytest.raises(InvalidInput):
        decode_cursor(TEXT, "other", QUESTION)


@pytest.mark.parametrize("at", range(len(TEXT)))
def test_no_character_can_be_changed(at):
    changed = TEXT[:at] + ("A" if TEXT[at] != "A" else "B") + TEXT[at + 1 :]
    with pytest.raises(InvalidInput):
        decode_cursor(changed, "secret", QUESTION)


@pytest.mark.parametrize("text", ["", "x", TEXT[:-1], TEXT + "A", TEXT + "=", f" {TEXT}", TEXT * 2, "é" * len(TEXT)])
def test_anything_else_is_refused_as_no_cursor(text):
    with pytest.raises(InvalidInput) as caught:
        decode_cursor(text, "secret", QUESTION)
    assert caught.value.code == "bad_cursor"


def test_it_can_stand_in_an_address():
    assert all(c.isalnum() or c in "-_" for n in range(200) for c in encode_cursor(Cursor(n, n), "s", QUESTION))
