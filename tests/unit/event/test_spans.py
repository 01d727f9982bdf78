"""Locating values by place in valid JSON, and splicing them."""

import pytest

from graven.event.spans import locate, splice

DATA = b' {"a" : {"b\\n":[1 , "x\\"]" , {"c":[[],{}]}]} , "\\u00e9":-1.5e3 ,"t":true, "e":{}, "s":"}"}'


@pytest.mark.parametrize(
    ("place", "spelled"),
    [
        ((), DATA.strip()),
        (("a", "b\n", 0), b"1"),
        (("a", "b\n", 1), b'"x\\"]"'),
        (("a", "b\n", 2), b'{"c":[[],{}]}'),
        (("a", "b\n", 2, "c", 0), b"[]"),
        (("a", "b\n", 2, "c", 1), b"{}"),
        (("é",), b"-1.5e3"),
        (("t",), b"true"),
        (("e",), b"{}"),
        (("s",), b'"}"'),
    ],
)
def test_a_value_is_found_by_its_place(place, spelled):
    ((start, end),) = locate(DATA, [place]).values()
    assert DATA[start:end] == spelled


def test_many_places_are_found_in_one_pass():
    found = locate(DATA, [("s",), ("a", "b\n", 1), ("t",)])
    assert {place: DATA[start:end] for place, (start, end) in found.items()} == {
        ("s",): b'"}"',
        ("a", "b\n", 1): b'"x\\"]"',
        ("t",): b"true",
    }


@pytest.mark.parametrize("place", [("x",), ("a", 0), ("a", "b\n", 3), ("t", "u"), ("e", "x")])
def test_a_place_that_is_not_there_is_an_error(place):
    with pytest.raises(KeyError):
        locate(DATA, [place])


def test_splicing_changes_only_the_spans():
    assert splice(b"0123456789", [(7, 9, b""), (1, 3, b"abc")]) == b"0abc34569"


def test_overlapping_spans_are_an_error():
    with pytest.raises(ValueError, match="overlap"):
        splice(b"0123456789", [(1, 4, b""), (3, 5, b"")])
