"""Canonical JSON (RFC 8785): numbers of appendix B, member order of section 3.2.3, strings."""

import struct

import pytest

from graven.event.jcs import canonical


@pytest.mark.parametrize(
    ("bits", "spelled"),
    [
        ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"), ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"), ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"), ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"), ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"), ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)  # fmt: skip
def test_a_double_is_spelled_as_ecmascript_does(bits, spelled):
    (double,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(double) == spelled.encode()


@pytest.mark.parametrize(
    ("number", "spelled"),
    [(0, b"0"), (-7, b"-7"), (2**53, b"9007199254740992"), (2**53 + 1, b"9007199254740992"), (10**21, b"1e+21"),
     (10**400, b"1" + b"0" * 400), (1.0, b"1"), (100.5, b"100.5")],
)  # fmt: skip
def test_integers_are_doubles_while_there_is_one(number, spelled):
    assert canonical(number) == spelled


def test_members_sort_by_utf16_code_units():
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "\xf6": 7}
    order = [part.split(b":")[1] for part in canonical(value)[1:-1].split(b",")]
    assert order == [b"2", b"4", b"6", b"7", b"1", b"5", b"3"]


def test_strings_keep_all_but_what_must_be_escaped():
    assert canonical('\x00\b\t\n\f\r\x1f"\\/\x7f€') == '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\x7f€"'.encode()


def test_containers_have_no_space():
    assert canonical({"b": [], "a": {}, "c": [1, None, True]}) == b'{"a":{},"b":[],"c":[1,null,true]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"x", {1}, object()])
def test_what_is_no_json_has_no_canonical_form(value):
    with pytest.raises(TypeError):
        canonical(value)
