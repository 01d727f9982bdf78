"""What a token is, and the text of a JSON value: the one definition that every text index has to agree with."""

import json
import re
import unicodedata
from decimal import Decimal
from typing import Any, Final

import msgspec

__all__ = ["TOKEN_CHARS", "compact_json", "is_token_char", "json_text", "tokens"]

TOKEN_CHARS: Final = 4_096
"""What follows in a longer token is not searched: an engine of terms refuses those above 65,530 bytes, and no query can
spell one."""

_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)


def is_token_char(char: str) -> bool:
    """Whether a character is a letter or a digit (Unicode categories L and N); everything else separates tokens."""
    return unicodedata.category(char)[0] in "LN"


def _lower(char: str) -> str:
    return char.lower()[0]  # of `İ` an i, without the dot above that only the full mapping keeps


def tokens(text: str) -> list[str]:
    """The runs of letters and digits in `text`, lower-cased character by character: `Card_Nr 4` is `card nr 4`.

    Of a run longer than `TOKEN_CHARS` its beginning stands for the whole.
    """
    apart = "".join(_lower(char) if is_token_char(char) else " " for char in text).split()
    return [token[:TOKEN_CHARS] for token in apart]


def compact_json(value: Any) -> str:
    """The JSON text of a value without white space; characters beyond ASCII stand as themselves."""
    try:
        return msgspec.json.encode(value).decode()
    except (OverflowError, msgspec.MsgspecError):  # an integer beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_text(value: Any) -> str:
    """A value as a text to be searched: its compact JSON with every escape as a space.

    Only quotes, backslashes and control characters are escaped there, and all of them separate tokens; left alone,
    the `n` of a line break would begin the next word. A float of a magnitude in [1e-6, 1e21) is spelled without an
    exponent and any other with one without plus or leading zeros (ECMAScript's Number::toString, and `.0` behind what
    is whole): that is how the engine of the index spells it, whatever the event did.
    """
    return _ESCAPE.sub(" ", compact_json(_spelled(value)))


def _spelled(value: Any) -> Any:
    """The same with texts in place of floats that Python would spell another way; quotes separate tokens as well."""
    if isinstance(value, dict):
        return {name: _spelled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_spelled(member) for member in value]
    if isinstance(value, float) and "e" in repr(value):
        return _float_text(value)
    return value


def _float_text(value: float) -> str:
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    point = len(shown) + int(exponent)  # the decimal point stands behind that many digits
    if 0 < point <= 21:
        text = shown[:point].ljust(point, "0") + "." + (shown[point:] or "0")
    elif -6 < point <= 0:
        text = "0." + "0" * -point + shown
    else:
        text = shown[0] + ("." + shown[1:] if shown[1:] else "") + f"e{point - 1}"
    return "-" * sign + text
