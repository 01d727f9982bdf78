"""A hot segment: rows that were just derived, in memory, searched by scanning."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.query.fields import BY_NAME
from graven.index.segment.codes import Codes, Mask, encode
from graven.index.segment.contract import Numbers

__all__ = ["HotSegment", "text_mask"]


class HotSegment:
    """A table of `Deriver.derive`, whose first row is the log index `first`. Codes are made when first asked for."""

    def __init__(self, first: int, table: pa.Table) -> None:
        self.first = first
        self.table = table.combine_chunks()
        self._numbers: dict[str, Numbers] = {}
        self._codes: dict[str, Codes] = {}

    @property
    def count(self) -> int:
        return len(self.table)

    @cached_property
    def size_bytes(self) -> int:
        return int(self.table.nbytes)

    def numbers(self, column: str) -> Numbers:
        """See `contract.Segment`."""
        known = self._numbers.get(column)
        if known is None:
            known = self._numbers[column] = self.table[column].to_numpy()
        return known

    def codes(self, column: str) -> Codes:
        """See `contract.Segment`."""
        known = self._codes.get(column)
        if known is None:
            known = self._codes[column] = encode(self.table[column])
        return known

    def keyed(self, column: str, value: str) -> Mask:
        """See `contract.Segment`."""
        found = self.table[column]
        if next(field for field in BY_NAME.values() if field.column == column).many:
            lists = found.combine_chunks()
            lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
            hits = pc.equal(lists.flatten(), value).fill_null(False).to_numpy(zero_copy_only=False)
            mask = np.zeros(self.count, np.bool_)
            mask[pc.list_parent_indices(lists).to_numpy()[hits]] = True
            return mask
        return np.asarray(pc.equal(found, value).fill_null(False).to_numpy())

    def worded(self, tokens: Sequence[str], *, prefix: bool, infix: bool) -> Mask | None:
        """See `contract.Segment`."""
        return text_mask(self.table["text"], tokens, prefix=prefix, infix=infix)

    def columns(self, names: Sequence[str], rows: npt.NDArray[Any] | None) -> pa.Table:
        """See `contract.Segment`."""
        chosen = self.table.select(list(names))
        return chosen if rows is None else chosen.take(pa.array(rows))


def text_mask(text: pa.ChunkedArray, tokens: Sequence[str], *, prefix: bool, infix: bool) -> Mask:
    """Where texts with their tokens apart (` a  b `) have these one after another."""
    if infix:
        found = pc.match_substring(text, tokens[0])
    elif len(tokens) == 1:
        found = pc.match_substring(text, f" {tokens[0]}{'' if prefix else ' '}")
    else:
        found = pc.match_substring_regex(text, " " + " +".join(tokens) + ("" if prefix else " "))
    return np.asarray(found.fill_null(False).to_numpy())
