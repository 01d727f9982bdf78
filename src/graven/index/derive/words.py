"""Tokens apart, over whole Arrow arrays: letters and digits, lower case, with spaces between and at both ends.

A text keeps its length in bytes when it is ASCII, so one translation of the whole buffer does all of them; the few
others take the way by regular expression, and what is longer than the longest token is looked at one by one. The
definition of a token is `query.tokens`; properties hold them together.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.query.tokens import TOKEN_CHARS

__all__ = ["spaced"]

_KEPT: Final = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if 48 <= byte <= 57 or 97 <= byte <= 122 or byte >= 128 else 32
    for byte in range(256)
)
_SEPARATORS: Final = r"[^\p{L}\p{N}]+"


def spaced(text: pa.StringArray) -> pa.StringArray:
    """Each text as ` token token `; ASCII ones may have several spaces between. Nulls stay null."""
    return _cut(_apart(text)) if len(text) else text


def _apart(text: pa.StringArray) -> pa.StringArray:
    validity, offsets, data = text.buffers()
    translated = pa.py_buffer((data.to_pybytes() if data is not None else b"").translate(_KEPT))
    result = pa.StringArray.from_buffers(len(text), offsets, translated, validity, -1, text.offset)
    ascii_only = pc.string_is_ascii(text)
    if not (others := np.flatnonzero(~ascii_only.fill_null(True).to_numpy(zero_copy_only=False))).size:
        return result
    mended = pc.replace_substring_regex(pc.utf8_lower(text.take(pa.array(others))), _SEPARATORS, " ")
    return pc.replace_with_mask(result, pc.invert(ascii_only), mended)


def _cut(text: pa.StringArray) -> pa.StringArray:
    """With no token longer than `TOKEN_CHARS`."""
    may_be_longer = pc.greater(pc.binary_length(text), TOKEN_CHARS).fill_null(False)
    longer, shorter = [], []
    for place in np.flatnonzero(may_be_longer.to_numpy(zero_copy_only=False)).tolist():
        words = text[place].as_py().split(" ")
        if max(map(len, words)) > TOKEN_CHARS:
            longer.append(place)
            shorter.append(" ".join(word[:TOKEN_CHARS] for word in words))
    if not longer:
        return text
    mask = np.zeros(len(text), np.bool_)
    mask[longer] = True
    return pc.replace_with_mask(text, pa.array(mask), pa.array(shorter, pa.string()))
