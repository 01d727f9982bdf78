"""What a token is."""

import pytest

from graven.index.query.tokens import TOKEN_CHARS, compact_json, json_text, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Card_Declined 42", ["card", "declined", "42"]),
        ("a@b.example", ["a", "b", "example"]),
        ("ÉTÉ Straße", ["été", "straße"]),
        ("İ", ["i"]),
        ("日本 ١٢ Ⅳ", ["日本", "١٢", "ⅳ"]),
        ("e\u0301x", ["e", "x"]),
        ("\ud800\x00😀-", []),
    ],
)
def test_a_token_is_a_run_of_letters_and_digits_in_lower_case(text, expected):
    assert tokens(text) == expected


def test_compact_json_keeps_characters_beyond_ascii():
    assert compact_json({"é": [1, 1.5, None, "a b"]}) == '{"é":[1,1.5,null,"a b"]}'


def test_compact_json_spells_integers_of_any_size():
    assert compact_json([2**64, -(2**70)]) == f"[{2**64},{-(2**70)}]"


def test_an_escape_separates_words_instead_of_beginning_one():
    assert tokens(json_text({"k": 'one\ntwo\t"three"\\four\x01five'})) == ["k", "one", "two", "three", "four", "five"]


def test_a_run_beyond_the_longest_token_counts_by_its_beginning():
    assert tokens(f"a {'x' * 5_000} b") == ["a", "x" * TOKEN_CHARS, "b"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.8446744073709552e19, "18446744073709552000.0"),
        (-1e17, "-100000000000000000.0"),
        (1e21, "1e21"),
        (1.5e300, "1.5e300"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (12.5, "12.5"),
    ],
)
def test_a_float_is_spelled_as_the_engine_of_the_index_spells_it(number, text):
    assert json_text({"n": [number]}).replace('"', "") == f"{{n:[{text}]}}"
