"""Tokens apart over whole arrays are the tokens of `query.tokens`."""

import unicodedata

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from graven.index.derive.words import spaced
from graven.index.query.tokens import TOKEN_CHARS, tokens

# the engine's tables know characters that were assigned after those of this Python
known = st.characters(exclude_categories=["Cs", "Cn"])


@given(st.lists(st.text(known) | st.none(), max_size=6))
@example(["İstanbul", "ısı", "ẞ", "ΑΣ", "ﬁ", "e\u0301"])
@example([None, "é", None, "a-b"])
def test_texts_have_their_tokens_one_after_another(texts):
    found = spaced(pa.array(texts, pa.string())).to_pylist()
    assert [None if text is None else text.split() for text in found] == [
        None if text is None else tokens(text) for text in texts
    ]


@given(st.lists(st.text(known), min_size=1, max_size=6))
def test_every_token_has_a_space_on_both_sides(texts):
    for text, said in zip(spaced(pa.array([f" {text} " for text in texts])).to_pylist(), texts, strict=True):
        assert all(f" {token} " in text for token in tokens(said))


def test_every_character_that_this_python_knows_is_lower_cased_alike():
    characters = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) not in ("Cs", "Cn")]
    found = spaced(pa.array([f"é {character}" for character in characters])).to_pylist()
    assert [c for c, text in zip(characters, found, strict=True) if text.split() != tokens(f"é {c}")] == []


def test_a_part_of_an_array_is_only_that_part():
    assert spaced(pa.array(["A-B", "C", "Dé"])[1:]).to_pylist() == ["c", "dé"]


def test_a_long_token_is_cut_in_both_alike():
    texts = ["b " + "a" * 70_000 + " c", "é" * 5_000, "a" * TOKEN_CHARS, "short " * 2_000, None]
    found = spaced(pa.array(texts)).to_pylist()
    assert [text and text.split() for text in found] == [text and tokens(text) for text in texts]
    assert len(tokens(texts[0])[1]) == TOKEN_CHARS


def test_nothing_gives_nothing():
    assert len(spaced(pa.array([], pa.string()))) == 0
    assert spaced(pa.array(["", None])).to_pylist() == ["", None]
