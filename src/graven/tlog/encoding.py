"""Decoders for numbers, base64 and hex in which every value has exactly one spelling.

The standard library is lenient on purpose: `int()` takes `+5`, ` 5`, `5_0` and the digits of every
script, `b64decode` drops junk, `fromhex` skips spaces. Evidence with two spellings can be altered
without anyone noticing, so each decoder here decodes, encodes again and compares.
"""

import binascii
import re

from graven.errors import InvalidInput

__all__ = ["MAX_INT63", "decode_base64", "decode_decimal", "decode_hex", "decode_utf8", "encode_base64", "shown"]

MAX_INT63 = 2**63 - 1
"""The largest index, size or time that any of the formats may hold."""

_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_SHOWN = 60


def shown(text: str | bytes) -> str:
    """`text` for an error message: quoted, printable, cut at 60 characters."""
    cut = text[:_SHOWN]
    return f"{cut!r}{'…' if len(text) > _SHOWN else ''}"


def decode_decimal(text: str, *, maximum: int = MAX_INT63) -> int:
    """The number in `0..maximum` that `text` spells: ASCII digits, no sign, no leading zero."""
    # the length is checked first: int() of a huge string is slow, or a ValueError above 4,300 digits
    if len(text) > len(str(maximum)) or _DECIMAL.fullmatch(text) is None or (value := int(text)) > maximum:
        raise InvalidInput(
            f"not a decimal number from 0 to {maximum}: {shown(text)}",
            hint="write ASCII digits without sign, space or leading zero",
        )
    return value


def encode_base64(data: bytes) -> str:
    """Standard alphabet, padded, no newline (RFC 4648 §4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str, *, size: int | None = None) -> bytes:
    """The bytes that `text` spells in padded standard base64 with zero trailing bits; `size` bytes if given."""
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise InvalidInput(f"not standard base64 ({error}): {shown(text)}") from error
    if encode_base64(data) != text:
        raise InvalidInput(f"not the one base64 spelling of its bytes: {shown(text)}")
    _check_size(data, size)
    return data


def decode_hex(text: str, *, size: int | None = None) -> bytes:
    """The bytes that `text` spells in lower-case hex; `size` bytes if given."""
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise InvalidInput(f"not hex: {shown(text)}") from error
    if data.hex() != text:
        raise InvalidInput(f"not lower-case hex without spaces: {shown(text)}")
    _check_size(data, size)
    return data


def decode_utf8(data: bytes) -> str:
    """Text of a note or a file of notes: valid UTF-8, no control character but newline."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"not UTF-8 at byte {error.start}") from error
    if found := _CONTROL.search(text):
        raise InvalidInput(f"control character {found.group()!r} at character {found.start()}")
    return text


def _check_size(data: bytes, size: int | None) -> None:
    if size is not None and len(data) != size:
        raise InvalidInput(f"{len(data)} bytes where {size} are expected")
