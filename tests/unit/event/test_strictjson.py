"""The strict parser: RFC 8259 with positions, no duplicates, bounded depth, finite numbers, whole Unicode."""

import pytest

from graven.errors import InvalidInput
from graven.event.strictjson import MAX_DEPTH, depth_of, loads, parse, structural_quotes


def code_of(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse(data)
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" null\n", None),
        (b"true", True),
        (b"-0", 0),
        (b"-0.0", 0.0),
        (b"1e-999", 0.0),
        (b"1.7976931348623157e308", 1.7976931348623157e308),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b'"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"', '"\\/\b\f\n\r\té'),
        (b'"\\ud83d\\ude00\xf0\x9f\x98\x80"', "😀😀"),
        (b'"\x7f"', "\x7f"),
        (b"[]", []),
        (b"{ }", {}),
        (b'{"a":[1,{"b":null}]}', {"a": [1, {"b": None}]}),
    ],
)
def test_valid_json_is_read(data, value):
    assert loads(data) == value


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"nul", b"True", b"NaN", b"-Infinity", b"01", b"+1", b"1.", b".5", b"1e", b"0x1", b"1_0", b"--1",
        b"1e400",
        b"-1e400", b'"', b'"\\"', b'"\\x"', b'"\\u12"', b'"\\u12g4"', b'"a\tb"', b'"\x00"', b"'a'", b"[1,]", b"[,1]",
        b"[1 2]",
        b"[", b"]", b"{", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b'{"a":1 "b":2}', b'{1:2}', b"1 2", b"//\n1",
        b'"\\ud800"', b'"\\udc00"', b'"\\udc00\\ud800"', b'"\\ud800\\ud800"', b'"\xff"',
        b'"\xc0\x80"', b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"', b"\xef\xbb\xbf1", b"\x0b1", b"\xc2\xa01", b"9" * 4301, b"-" + b"9" * 4301,
    ],
)  # fmt: skip
def test_anything_else_is_refused(data):
    assert code_of(data) == "not_json"


@pytest.mark.parametrize("data", [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":1}', b'[{"":0,"":0}]', b'{"x":{"\\/":0,"/":0}}'])
def test_duplicate_members_are_refused(data):
    assert code_of(data) == "duplicate_member"


def test_equal_names_in_different_objects_are_no_duplicates():
    assert loads(b'{"a":{"a":[{"a":1},{"a":2}]}}') == {"a": {"a": [{"a": 1}, {"a": 2}]}}


def test_depth_is_bounded():
    assert depth_of(b"[" * 64 + b"]" * 64) == MAX_DEPTH
    parse(b"[" * 64 + b"]" * 64)
    assert code_of(b"[" * 65 + b"]" * 65) == "too_deep"
    assert code_of(b'{"a":' * 65 + b"1" + b"}" * 65) == "too_deep"


@pytest.mark.parametrize(
    ("data", "position"), [(b"[1,x]", 3), (b'{"a":tru}', 5), (b'"\xff"', 1), (b"[1] 2", 4), (b'{"a":1', 6)]
)
def test_the_position_of_the_fault_is_given(data, position):
    with pytest.raises(InvalidInput) as caught:
        parse(data)
    assert caught.value.details["position"] == position


def test_nodes_know_their_spans():
    data = b' {"a" : [ 1.50 , {"\\u0062":"x"} ] } '
    root = parse(data)
    assert data[root.start : root.end] == data.strip()
    node = root.at(("a", 0))
    assert data[node.start : node.end] == b"1.50"
    node = root.at(("a", 1, "b"))
    assert data[node.start : node.end] == b'"x"'


@pytest.mark.parametrize(
    ("data", "count"),
    [(b'{"a":1}', 2), (b'{"a\\"":"\\\\"}', 4), (b'"\\\\\\""', 2), (b'"\\\\\\\\"', 2), (b'"\\u0022"', 2), (b"[]", 0)],
)
def test_structural_quotes_leave_out_escaped_ones(data, count):
    assert structural_quotes(data) == count


def test_brackets_in_strings_are_no_depth():
    assert depth_of(b'{"a":"[[[\\"[[["}') == 1
