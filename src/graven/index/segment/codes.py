"""A keyword field as codes: for each row which of the segment's distinct values it has.

A filter is one comparison of a flat array, a facet one `bincount`, a wildcard a look at the distinct values only.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Codes", "Mask", "Rows", "encode", "mask_of", "pattern_of"]

Mask = npt.NDArray[np.bool_]
"""One truth value for each row of a segment."""

Rows = Mask | bool
"""A truth value for each row of a segment, or one for all."""

_WIDTHS: Final = (np.uint8, np.uint16, np.uint32)


def mask_of(found: pa.Array | pa.ChunkedArray) -> Mask:
    """Truth values as a flat array; null is false."""
    filled = pc.fill_null(found, False)
    whole = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.asarray(whole.to_numpy(zero_copy_only=False), np.bool_)


class Codes(NamedTuple):
    """`codes[row]` is a position in `values`, or `len(values)` for a row without the field."""

    values: pa.StringArray
    codes: npt.NDArray[Any]

    @property
    def absent(self) -> int:
        return len(self.values)

    def chosen(self, wanted: pa.BooleanArray) -> Rows:
        """Rows whose value is among the wanted ones (a truth value for each of `values`)."""
        places = np.flatnonzero(mask_of(wanted))
        if places.size == 0:
            return False
        if places.size == 1:
            return np.asarray(self.codes == self.codes.dtype.type(places[0]))
        table = np.zeros(len(self.values) + 1, np.bool_)
        table[places] = True
        return np.asarray(table[self.codes])

    def equal(self, value: str) -> Rows:
        return self.chosen(pc.equal(self.values, value))

    def matching(self, parts: Sequence[str]) -> Rows:
        """Rows whose value is the parts in order with anything between; see `ast.Wildcard`."""
        return self.chosen(pc.match_substring_regex(self.values, pattern_of(parts)))

    def present(self) -> Mask:
        return np.asarray(self.codes != self.codes.dtype.type(self.absent))

    def counts(self, within: slice | Mask | None = None, rows: Mask | None = None) -> npt.NDArray[np.int64]:
        """How many rows have each value; the last number is that of rows without the field.

        Of the rows `within` only, and of these only of the `rows` that are true.
        """
        codes = self.codes if within is None else self.codes[within]
        codes = codes if rows is None else codes[rows]
        return np.bincount(codes, minlength=len(self.values) + 1)


def encode(column: pa.ChunkedArray) -> Codes:
    """The codes of a column of strings; values in order of appearance."""
    encoded = pa.chunked_array(column).dictionary_encode().combine_chunks() if len(column) else None
    if encoded is None:
        return Codes(pa.array([], pa.string()), np.empty(0, np.uint8))
    values = encoded.dictionary
    width = next(width for width in _WIDTHS if len(values) <= np.iinfo(width).max)
    codes = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(width)
    return Codes(values, codes)


_SPECIAL: Final = frozenset(r"\.+*?()|[]{}^$")


def pattern_of(parts: Sequence[str]) -> str:
    """The regular expression (RE2 and Rust) that matches a whole text of these parts with anything between."""
    return "(?s)^" + ".*".join("".join("\\" + c if c in _SPECIAL else c for c in part) for part in parts) + "$"
