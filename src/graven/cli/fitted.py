"""Tables that fit: the widest columns give way first, by cells and not by characters, and what is cut says so."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final, Self

from graven.cli import terminal
from graven.cli.shortened import CUT

__all__ = ["NARROW", "Cell", "FittedTable", "room"]

NARROW: Final = 80
"""Below, times are said shortly: nobody compares milliseconds between columns that are cut."""
_GAP: Final = 2
_NARROWEST: Final = 6
_READABLE: Final = 13
_READABLE_LAST: Final = 20
"""What a column likes to have: those that have most beyond it give way first."""
_LEAST: Final = 9
"""What it needs to be of use: where there is less, a column that may be missing is left out."""


def room() -> int | None:
    """Columns that a line may take; None in a pipe, where nothing is cut unless COLUMNS says how wide it is."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return None
    return max(20, shutil.get_terminal_size((80, 24)).columns)


class Cell(str):
    """A text with the colour that it is shown in."""

    __slots__ = ("colour", "dim")

    colour: terminal.Colour | None
    dim: bool

    def __new__(cls, text: str, colour: terminal.Colour | None = None, *, dim: bool = False) -> Self:
        """See the class."""
        made = super().__new__(cls, text)
        made.colour, made.dim = colour, dim
        return made

    def painted(self, text: str) -> str:
        """`text`, which is this cell cut or padded, as it is shown."""
        return terminal.paint(text, self.colour, dim=self.dim) if self.colour or self.dim else text


class FittedTable:
    """Lines of rows that may come in parts: a column never gets narrower than it was, as long as there is room.

    `fixed` are the positions of columns that are never cut. Where the others would get too narrow to be read, those of
    `optional` are left out: first the empty ones, then in their order. Once the heading stands, so do the columns.
    """

    def __init__(
        self,
        headings: Sequence[str],
        *,
        width: int | None,
        fixed: frozenset[int] = frozenset(),
        optional: Sequence[int] = (),
    ) -> None:
        self._headings = headings
        self._width = width
        self._fixed = fixed
        self._optional = optional
        self._natural = [len(heading) for heading in headings]
        self._filled: set[int] = set()
        self._columns: list[int] | None = None

    def heading(self) -> str:
        """The line of headings."""
        self._columns = columns = self._chosen()
        return terminal.paint(
            self._line([Cell(one) for one in self._headings], columns, self._fitted(columns)), dim=True
        )

    def lines(self, rows: Sequence[Sequence[Cell]]) -> list[str]:
        """A line for each row."""
        from rich.cells import cell_len

        for row in rows:
            for at, cell in enumerate(row):
                self._natural[at] = max(self._natural[at], cell_len(cell))
                if cell:
                    self._filled.add(at)
        columns = self._chosen()
        widths = self._fitted(columns)
        return [self._line(row, columns, widths) for row in rows]

    def adopt(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Make room for rows that are shown later, so that the heading fits them."""
        self.lines(rows)

    def _chosen(self) -> list[int]:
        """The positions of the columns that there is room for."""
        if self._columns is not None:
            return self._columns
        columns = list(range(len(self._headings)))
        for at in sorted(self._optional, key=lambda at: at in self._filled):
            needed = self._needed(columns, _LEAST if at in self._filled else None)
            if self._width is not None and needed > self._width:
                columns.remove(at)
        return columns

    def _needed(self, columns: Sequence[int], most: int | None) -> int:
        """The width of the columns, each of those that may be cut at `most`."""
        widths = [
            self._natural[at] if most is None or at in self._fixed else min(self._natural[at], most) for at in columns
        ]
        return sum(widths) + _GAP * (len(widths) - 1)

    def _fitted(self, columns: Sequence[int]) -> list[int]:
        widths = [self._natural[at] for at in columns]
        if self._width is None:
            return widths
        over = sum(widths) + _GAP * (len(widths) - 1) - self._width
        last = len(widths) - 1
        while over > 0:
            free = [at for at, of in enumerate(columns) if of not in self._fixed and widths[at] > _NARROWEST]
            able = [at for at in free if widths[at] > _LEAST] or free
            if not able:
                break
            at = max(able, key=lambda at: (widths[at] - (_READABLE_LAST if at == last else _READABLE), at))
            widths[at] -= 1
            over -= 1
        return widths

    def _line(self, row: Sequence[Cell], columns: Sequence[int], widths: Sequence[int]) -> str:
        sized = [_sized(row[at], size) for at, size in zip(columns, widths, strict=True)]
        sized[-1] = sized[-1].rstrip()
        pieces = [row[at].painted(text) for at, text in zip(columns, sized, strict=True)]
        return (" " * _GAP).join(pieces).rstrip()


def _sized(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + CUT
