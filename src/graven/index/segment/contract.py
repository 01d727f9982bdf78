"""What the rows of a query are found in, whether it lies in memory or in files."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graven.index.segment.codes import Codes, Mask

__all__ = ["BLOCK_ROWS", "Numbers", "Segment"]

Numbers = npt.NDArray[np.int64]

BLOCK_ROWS: Final = 32_768
"""Rows whose columns are read and looked at in one step: what cannot be interrupted does not take long."""


class Segment(Protocol):
    """Entries [first, first + count) of a log. Every method may be called from any thread."""

    @property
    def first(self) -> int: ...

    @property
    def count(self) -> int: ...

    def numbers(self, column: str) -> Numbers:
        """One of `columns.NUMBERS` for each row; `MISSING` where absent. `received` never decreases."""
        ...

    def codes(self, column: str) -> Codes:
        """The codes of a field of kind facet, or of `labels` (its values are whole JSON texts)."""
        ...

    def keyed(self, column: str, value: str) -> npt.NDArray[np.int64]:
        """Numbers of the rows, ascending, that have the value in a field of kind key."""
        ...

    @property
    def has_terms(self) -> bool:
        """Whether words are looked up, and not sought in the texts."""
        ...

    def worded(
        self, tokens: Sequence[str], *, prefix: bool, infix: bool, span: tuple[int, int] | None = None
    ) -> Mask | None:
        """Rows whose text has the tokens one after another; None: look into the column `text` instead.

        Of rows outside of `span`, [low, high), nobody wants to know: what is said of them means nothing.
        """
        ...

    def columns(self, names: Sequence[str], rows: npt.NDArray[Any] | None) -> pa.Table:
        """These columns, of the rows given in ascending order or of all."""
        ...
