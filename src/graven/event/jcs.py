"""The canonical form of a JSON value (RFC 8785, JCS): what the HMAC of a redacted value is made of.

Members sort by UTF-16 code units, numbers are spelled as ECMAScript spells a double. An integer that has no
double at all (2^1024 and above; RFC 8785 has no form for it) is spelled with its digits.
"""

from typing import Any

import msgspec

__all__ = ["canonical"]

_string = msgspec.json.Encoder().encode


def canonical(value: Any) -> bytes:
    """The canonical bytes of a decoded value; TypeError for what is no JSON."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _write(value: Any, parts: list[bytes]) -> None:
    match value:
        case None:
            parts.append(b"null")
        case bool():
            parts.append(b"true" if value else b"false")
        case str():
            parts.append(_text(value))
        case int() | float():
            parts.append(_number(value))
        case dict():
            _members(value, parts)
        case list() | tuple():
            lead = b"["
            for item in value:
                parts.append(lead)
                _write(item, parts)
                lead = b","
            parts.append(b"]" if value else b"[]")
        case _:
            raise TypeError(f"no JSON value: {type(value).__name__}")


def _members(value: dict[str, Any], parts: list[bytes]) -> None:
    lead = b"{"
    for name in sorted(value, key=lambda text: text.encode("utf-16-be", "surrogatepass")):
        parts += (lead, _text(name), b":")
        _write(value[name], parts)
        lead = b","
    parts.append(b"}" if value else b"{}")


def _text(text: str) -> bytes:
    try:
        return _string(text)
    except UnicodeEncodeError:  # only Python callers have lone surrogates; intake refuses them
        return _string(text.encode("utf-8", "backslashreplace").decode("ascii", "backslashreplace"))


def _number(value: float) -> bytes:
    try:
        double = float(value)
    except OverflowError:
        return str(value).encode("ascii")
    if double != double or double in (float("inf"), float("-inf")):
        raise TypeError("no JSON value: not a finite number")
    if double == 0:
        return b"0"
    sign = "-" if double < 0 else ""
    digits, exponent = _shortest(abs(double))
    point = exponent + 1  # digits before the decimal point
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
        text = f"{mantissa}e{exponent:+d}"
    return (sign + text).encode("ascii")


def _shortest(double: float) -> tuple[str, int]:
    """(significant digits, decimal exponent of the first) of the shortest decimal that gives `double` back."""
    mantissa, _, exponent = repr(double).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    shift = int(exponent or "0") + len(whole) - 1
    digits = (whole + fraction).lstrip("0")
    shift -= len(whole + fraction) - len(digits)
    return digits.rstrip("0"), shift
