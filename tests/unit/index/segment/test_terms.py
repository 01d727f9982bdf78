"""Words of sealed segments, and that long and frequent ones are found as in memory."""

import pyarrow as pa
import pytest

from graven.index.derive.words import spaced
from graven.index.segment.hot import text_mask
from graven.index.segment.terms import Terms, build_terms

TEXTS = [
    "card declined",
    "card  expired declined",
    None,
    "",
    "discard 日本語 é",
    "b " + "a" * 70_000 + " c",
    *(f"w{n} common" for n in range(1_100)),
    "w" + "x" * 4_000,
    "a a b a a a",
]


@pytest.fixture(scope="module")
def said():
    return pa.array([text or "" for text in spaced(pa.array([f" {t or ''} " for t in TEXTS])).to_pylist()])


@pytest.fixture(scope="module")
def terms(tmp_path_factory, said):
    folder = tmp_path_factory.mktemp("terms")
    build_terms(said, folder)
    return Terms(folder, len(said))


@pytest.mark.parametrize(
    ("tokens", "prefix", "infix"),
    [
        (["card"], False, False),
        (["card"], True, False),
        (["card"], False, True),
        (["card", "declined"], False, False),
        (["日本"], True, False),
        (["本"], False, True),
        (["w"], True, False),  # of more words than are listed
        (["w"], False, True),
        (["w1"], True, False),
        (["nothing"], True, False),
        (["nothing"], False, True),
        (["a" * 4_096], False, False),
        (["a" * 4_096], True, False),
        (["a" * 4_000], False, True),
        (["c"], False, False),
        (["w" + "x" * 4_000], True, False),
        (["a", "a", "a"], False, False),
        (["b"] + ["a"] * 3, False, False),
        (["a"] * 40, False, False),
    ],
)
def test_terms_find_what_looking_at_every_text_finds(terms, said, tokens, prefix, infix):
    found = terms.rows(tokens, prefix=prefix, infix=infix)
    assert found is not None
    assert found.tolist() == text_mask(said, tokens, prefix=prefix, infix=infix).tolist()


def test_a_phrase_that_ends_open_is_left_to_the_texts(terms):
    assert terms.rows(["card", "decl"], prefix=True, infix=False) is None


def test_a_part_that_makes_an_automaton_too_large_is_left_to_the_texts(tmp_path):
    build_terms(pa.array([f" {'x' * 3_000}{n} " for n in range(1_100)]), tmp_path)
    assert Terms(tmp_path, 1_100).rows(["x" * 3_000], prefix=True, infix=False) is None


@pytest.mark.parametrize("prefix", [False, True])
def test_a_long_phrase_is_found_without_a_pattern(prefix):
    tokens = [f"t{n}" for n in range(30)]
    texts = pa.array([f" {'  '.join(tokens)} ", f" {' '.join(tokens)}5 ", f" {' '.join(tokens[:-1])} ", " "])
    assert text_mask(texts, tokens, prefix=prefix, infix=False).tolist() == [True, prefix, False, False]


def test_a_folder_with_another_number_of_texts_is_refused(tmp_path):
    build_terms(pa.array([" a "]), tmp_path)
    with pytest.raises(ValueError, match="1 documents, expected 2"):
        Terms(tmp_path, 2)
