"""Tables that fit: the widest columns give way first, by cells and not by characters, and what is cut says so."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final, Self

from graven.cli import terminal
from graven.cli.shortened import CUT

__all__ = ["Cell", "FittedTable", "room"]

_GAP: Final = 2
_NARROWEST: Final = 6
_READABLE: Final = 13
_READABLE_LAST: Final = 20
"""What a column likes to have: those that have most beyond it give way first."""


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

    `fixed` are the positions of columns that are never cut.
    """

    def __init__(self, headings: Sequence[str], *, width: int | None, fixed: frozenset[int] = frozenset()) -> None:
        self._headings = headings
        self._width = width
        self._fixed = fixed
        self._natural = [len(heading) for heading in headings]

    def heading(self) -> str:
        """The line of headings."""
        return terminal.paint(self._line([Cell(heading) for heading in self._headings], self._fitted()), dim=True)

    def lines(self, rows: Sequence[Sequence[Cell]]) -> list[str]:
        """A line for each row."""
        from rich.cells import cell_len

        for row in rows:
            for at, cell in enumerate(row[:-1]):
                self._natural[at] = max(self._natural[at], cell_len(cell))
            self._natural[-1] = max(self._natural[-1], cell_len(row[-1]))
        widths = self._fitted()
        return [self._line(row, widths) for row in rows]

    def adopt(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Make room for rows that are shown later, so that the heading fits them."""
        self.lines(rows)

    def _fitted(self) -> list[int]:
        widths = list(self._natural)
        if self._width is None:
            return widths
        over = sum(widths) + _GAP * (len(widths) - 1) - self._width
        last = len(widths) - 1
        while over > 0:
            able = [at for at in range(len(widths)) if at not in self._fixed and widths[at] > _NARROWEST]
            if not able:
                break
            at = max(able, key=lambda at: (widths[at] - (_READABLE_LAST if at == last else _READABLE), at))
            widths[at] -= 1
            over -= 1
        return widths

    def _line(self, row: Sequence[Cell], widths: list[int]) -> str:
        pieces = [cell.painted(_sized(cell, size)) for cell, size in zip(row[:-1], widths[:-1], strict=True)]
        pieces.append(row[-1].painted(_sized(row[-1], widths[-1]).rstrip()))
        return (" " * _GAP).join(pieces).rstrip()


def _sized(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + CUT
