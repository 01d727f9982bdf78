import pytest

from graven.errors import InvalidInput
from graven.tlog.encoding import (
    MAX_INT63,
    decode_base64,
    decode_decimal,
    decode_hex,
    decode_utf8,
    encode_base64,
    shown,
)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("10", 10), (str(MAX_INT63), MAX_INT63)])
def test_decimal_has_its_plain_spelling(text: str, value: int) -> None:
    assert decode_decimal(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+5",
        "-5",
        "-0",
        " 5",
        "5 ",
        "5\n",
        "\t5",
        "5_0",
        "05",
        "00",
        "5.0",
        "5e0",
        "0x5",
        "\u0663",
        "1\u0663",
        "\uff15",
        "\u00b2",
        "\ud800",
    ],
)
def test_decimal_refuses_what_int_forgives(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_decimal(text)


def test_decimal_refuses_numbers_above_its_maximum() -> None:
    with pytest.raises(InvalidInput):
        decode_decimal(str(MAX_INT63 + 1))
    with pytest.raises(InvalidInput):
        decode_decimal("256", maximum=255)


def test_decimal_of_more_digits_than_int_takes_is_invalid_input() -> None:
    with pytest.raises(InvalidInput):
        decode_decimal("1" * 5_000)


def test_base64_round_trips_each_length_of_padding() -> None:
    for data in (b"", b"a", b"ab", b"abc", bytes(range(256))):
        assert decode_base64(encode_base64(data)) == data


@pytest.mark.parametrize(
    "text",
    ["YQ", "YQ=", "YQ===", "YR==", "Y Q==", "YQ==\n", "YQ!!==", "=YQ=", "_-==", "YQ==YQ==", "ÿQ==", "A", "\ud800"],
)
def test_base64_refuses_what_b64decode_forgives(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_base64(text)


def test_base64_of_another_size_is_refused() -> None:
    assert decode_base64("YWI=", size=2) == b"ab"
    with pytest.raises(InvalidInput, match="2 bytes where 3 are expected"):
        decode_base64("YWI=", size=3)


@pytest.mark.parametrize("text", ["0", "0G", "AB", "ab cd", " ab", "ab\n", "0xab", "٣٣", "\ud800\ud800"])
def test_hex_refuses_what_fromhex_forgives(text: str) -> None:
    with pytest.raises(InvalidInput):
        decode_hex(text)


def test_hex_of_another_size_is_refused() -> None:
    assert decode_hex("00ff", size=2) == b"\x00\xff"
    with pytest.raises(InvalidInput):
        decode_hex("00ff", size=4)


@pytest.mark.parametrize("data", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"a\x00b", b"a\rb", b"a\tb", b"\x1f"])
def test_text_is_utf8_without_control_characters(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_utf8(data)


def test_text_may_hold_newlines_and_every_other_character() -> None:
    text = "é\n\N{EM DASH}\u2028\x7f\x85"
    assert decode_utf8(text.encode()) == text


def test_what_is_shown_of_bad_input_is_short_and_printable() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("x" * 10_000)) < 70
