"""The strict parser against two other parsers, and spans against values."""

import json

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from graven.errors import InvalidInput
from graven.event.spans import locate
from graven.event.strictjson import loads, parse, structural_quotes

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
INDENTS = st.sampled_from([None, 0, 1, "\t"])


@given(VALUES, st.booleans(), INDENTS)
def test_what_json_writes_is_read_back(value, ascii_only, indent):
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert loads(data) == value


@given(VALUES, st.booleans(), INDENTS)
def test_structural_quotes_do_not_depend_on_the_spelling(value, ascii_only, indent):
    data = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert structural_quotes(data) == structural_quotes(msgspec.json.encode(json.loads(data)))


def places(value, place=()):
    yield place, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from places(child, (*place, name))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from places(child, (*place, position))


@given(VALUES, st.booleans(), INDENTS)
def test_the_span_of_every_place_spells_its_value(value, ascii_only, indent):
    data = b" " + json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode() + b"\n"
    root = parse(data)
    for place, expected in places(value):
        ((start, end),) = locate(data, [place]).values()
        node = root.at(place)
        assert (node.start, node.end) == (start, end)
        assert json.loads(data[start:end]) == expected


JSONISH = st.lists(
    st.sampled_from(
        [
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b'"',
            b'"a"',
            b'"a":',
            b"1",
            b"-",
            b".",
            b"e",
            b"0",
            b"null",
            b"true",
            b" ",
            b"\\",
            b"\\u",
            b"d83d",
            b"\\ude00",
            b"\\n",
            b"\xff",
            b"\xc3\xa9",
            b"NaN",
            b"\n",
            b"\x00",
        ]
    )
    | st.binary(max_size=3),
    max_size=25,
).map(b"".join)


@given(JSONISH)
@example(b'"\\ud83d\\ude00"')
@example(b'{"a":1,"a":2}')
def test_any_bytes_are_parsed_or_refused_as_the_standard_parser_does(data):
    try:
        value = loads(data)
    except InvalidInput as error:
        if error.code != "not_json":
            return  # stricter on purpose: duplicates, depth
        try:
            other = json.loads(data.decode("utf-8"))
            json.dumps(other, allow_nan=False, ensure_ascii=False).encode("utf-8")
        except ValueError:  # malformed, not UTF-8, NaN, infinite, lone surrogate
            return
        raise AssertionError(f"refused {data!r}: {error}") from error
    assert value == json.loads(data.decode("utf-8"))
