"""A hot segment: rows that were just derived, in memory, searched by scanning."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.query.fields import BY_NAME
from graven.index.segment.codes import Codes, Mask, encode, mask_of
from graven.index.segment.contract import Numbers

__all__ = ["HotSegment", "text_mask"]

_MOST_PLACES: Final = 20_000
_MOST_IN_PATTERN: Final = 16


class HotSegment:
    """A table of `Deriver.derive`, whose first row is the log index `first`. Codes are made when first asked for."""

    def __init__(self, first: int, table: pa.Table, *, spilled: bool = False) -> None:
        self.first = first
        self.spilled = spilled
        """Whether the table lies in a file: what is copied of it into memory would defeat that."""
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

    @property
    def has_terms(self) -> bool:
        return False

    def keyed(self, column: str, value: str) -> npt.NDArray[np.int64]:
        """See `contract.Segment`."""
        found = self.table[column]
        if next(field for field in BY_NAME.values() if field.column == column).many:
            lists = found.combine_chunks()
            lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
            hits = mask_of(pc.equal(lists.flatten(), value))
            return np.unique(pc.list_parent_indices(lists).to_numpy()[hits]).astype(np.int64)
        return np.flatnonzero(mask_of(pc.equal(found, value)))

    def worded(
        self, tokens: Sequence[str], *, prefix: bool, infix: bool, span: tuple[int, int] | None = None
    ) -> Mask | None:
        """See `contract.Segment`."""
        low, high = (0, self.count) if span is None else span
        text = self.table["text"]
        mask = np.zeros(self.count, np.bool_)
        found = None if self.spilled else self._found(_needle(tokens, prefix=prefix, infix=infix), low, high)
        if found is None:
            mask[low:high] = text_mask(text.slice(low, high - low), tokens, prefix=prefix, infix=infix)
        elif len(tokens) == 1:
            mask[found] = True
        elif found.size:
            hits = text_mask(text.take(pa.array(found)), tokens, prefix=prefix, infix=infix)
            mask[found[hits]] = True
        return mask

    @cached_property
    def _said(self) -> tuple[bytes, npt.NDArray[np.int64]]:
        """All texts as one, and where each begins."""
        column = self.table["text"].combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        starts = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
        return bytes(memoryview(column.buffers()[2] or b"")), starts.astype(np.int64)

    def _found(self, needle: bytes, low: int, high: int) -> npt.NDArray[np.int64] | None:
        """Rows of [low, high) whose text holds the bytes: four times as fast as Arrow for the rare ones; None for the
        others."""
        said, starts = self._said
        places = []
        end = int(starts[high])
        at = said.find(needle, int(starts[low]), end)
        while at >= 0:
            places.append(at)
            if len(places) > _MOST_PLACES:
                return None
            at = said.find(needle, at + 1, end)
        return np.unique(np.searchsorted(starts, np.array(places, np.int64), side="right") - 1)

    def columns(self, names: Sequence[str], rows: npt.NDArray[Any] | None) -> pa.Table:
        """See `contract.Segment`."""
        chosen = self.table.select(list(names))
        return chosen if rows is None else chosen.take(pa.array(rows))


def _needle(tokens: Sequence[str], *, prefix: bool, infix: bool) -> bytes:
    """What stands in every text that has the tokens; of several, the longest whole one."""
    if infix:
        return tokens[0].encode()
    if len(tokens) == 1:
        return f" {tokens[0]}{'' if prefix else ' '}".encode()
    return f" {max(tokens[:-1] if prefix else tokens, key=len)} ".encode()


def text_mask(text: Any, tokens: Sequence[str], *, prefix: bool, infix: bool) -> Mask:
    """Where texts with their tokens apart (` a  b `) have these one after another."""
    if infix:
        found = pc.match_substring(text, tokens[0])
    elif len(tokens) == 1:
        found = pc.match_substring(text, f" {tokens[0]}{'' if prefix else ' '}")
    elif len(tokens) > _MOST_IN_PATTERN:
        return _phrase_mask(text, tokens, prefix=prefix)
    else:
        found = pc.match_substring_regex(text, " " + " +".join(tokens) + ("" if prefix else " "))
    return mask_of(found)


def _phrase_mask(text: Any, tokens: Sequence[str], *, prefix: bool) -> Mask:
    """A long phrase, without a regular expression: one that repeats a word takes time by the square."""
    mask = mask_of(pc.match_substring(text, f" {max(tokens[:-1], key=len)} "))
    needle = f" {' '.join(tokens)}{'' if prefix else ' '}"
    for row in np.flatnonzero(mask).tolist():
        mask[row] = needle in f" {' '.join(text[row].as_py().split())} "
    return mask
