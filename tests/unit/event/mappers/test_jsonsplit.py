import pytest

from graven.errors import InvalidInput
from graven.event.mappers.jsonsplit import JsonSplitter, Part, TooMuch


def split(document, path=("items",), **options):
    splitter = JsonSplitter(path, **options)
    parts = list(splitter.feed(document))
    return parts + list(splitter.finish())


def test_each_element_has_its_line_and_its_exact_bytes():
    parts = split(b'{"items": [\n {"a": 1},\n\n [2] ]}')
    assert parts == [Part(("items",), 2, b'{"a": 1}'), Part(("items",), 4, b"[2]")]


def test_members_beside_the_path_come_whole():
    assert split(b'{"v":{"items":[1]},"items":[]}') == [Part(("v",), 1, b'{"items":[1]}')]


def test_a_bare_array_is_split_with_the_empty_path():
    assert [part.content for part in split(b' [1,"]",{}] ', ())] == [b"1", b'"]"', b"{}"]


def test_an_element_that_is_too_large_is_passed_over_and_named():
    parts = split(b'{"items":["%s", 2]}' % (b'\\"x' * 100), max_part_bytes=50)
    assert parts == [TooMuch(("items",), 1, "a value of more than 50 bytes"), Part(("items",), 1, b"2")]


def test_an_element_that_is_too_deep_is_passed_over_and_named():
    deep, two = split(b'{"items":[%s%s, 2]}' % (b"[" * 100, b"]" * 100))
    assert deep == TooMuch(("items",), 1, "nested deeper than 64")
    assert two.content == b"2"


def test_ten_million_levels_are_refused():
    with pytest.raises(InvalidInput, match="nested deeper than 10000"):
        split(b'{"items":[' + b"[" * 10_000_000)


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b'{"items":[1,2', b'{"a" 1}', b'{"a":1,}', b'{"items":[1,,2]}', b"{}x", b'{"items":[1}]', b"]", b'{"a'],
)
def test_broken_structure_is_refused_with_its_line(document):
    with pytest.raises(InvalidInput) as caught:
        split(b"\n\n" + document)
    assert caught.value.details["line"] == 3
