"""Needles: what is sought first decides nothing but the order."""

from hypothesis import given
from hypothesis import strategies as st

from graven.event.redact.needles import Needles

words = st.text("ab", min_size=1, max_size=4).map(str.encode)


@given(st.dictionaries(words, st.integers(0, 255), max_size=12), st.text("abc", max_size=30).map(str.encode))
def test_finds_the_same_as_seeking_each(bits: dict[bytes, int], text: bytes) -> None:
    each = [needle for needle in bits if needle in text]
    needles = Needles(bits)
    assert sorted(needles.present(text)) == sorted(each)
    expected = 0
    for needle in each:
        expected |= bits[needle]
    assert needles.found(text) == expected


def test_a_part_of_a_needle_is_a_needle_of_its_own() -> None:
    needles = Needles({b"password": 1, b"passw": 2, b"sword": 4})
    assert needles.present(b"crossword password") == [b"passw", b"password", b"sword"]
    assert needles.found(b"a sword passw") == 6
