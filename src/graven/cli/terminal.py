"""What the terminal can show: colours (NO_COLOR and pipes honoured), width, ticks.

Text goes to stdout only as a command's answer; notes and progress go to stderr.
"""

import json
import os
import shutil
import sys
import textwrap
from typing import Any, Literal, TextIO

import click

from graven.cli.printable import printable
from graven.cli.shown_bytes import shown_json

__all__ = ["colours", "emit_json", "mark", "note", "paint", "plural", "table", "width", "wrap"]

Colour = Literal["red", "green", "yellow", "blue", "cyan", "magenta", "bright_black", "white"]


def colours(stream: TextIO | None = None) -> bool:
    """True when escape codes are welcome: a terminal, and neither NO_COLOR nor TERM=dumb."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty()


def paint(
    text: str, colour: Colour | None = None, *, bold: bool = False, dim: bool = False, stream: TextIO | None = None
) -> str:
    """The text in a colour, or as it is when colours are not welcome."""
    if not colours(stream):
        return text
    return click.style(text, fg=colour, bold=bold or None, dim=dim or None)


def width() -> int:
    """Columns of the terminal, between 60 and 100; 80 in a pipe."""
    return min(100, max(60, shutil.get_terminal_size((80, 24)).columns))


def mark(ok: bool) -> str:
    """A tick or a cross."""
    return paint("✓", "green", bold=True) if ok else paint("✗", "red", bold=True)


def emit_json(value: Any) -> None:
    """One JSON value on one line of stdout: what `--json` promises."""
    print(shown_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str), sys.stdout))


def note(text: str) -> None:
    """A remark for the person, on stderr, so that a pipe gets the answer only."""
    print(paint(text, dim=True, stream=sys.stderr), file=sys.stderr)


def plural(count: int, noun: str) -> str:
    """`1 entry`, `2 entries`, `1,204 events`, `3 matches`."""
    if count == 1:
        return f"1 {noun}"
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + ("es" if noun.endswith("ch") else "s")
    return f"{count:,} {many}"


def wrap(text: str, *, indent: str = "", hanging: str | None = None) -> str:
    """Text wrapped to the terminal; long words (hashes, paths) are never broken."""
    return textwrap.fill(
        text,
        width(),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(headings: list[str], rows: list[list[str]]) -> str:
    """Left-aligned columns, two spaces apart, headings dimmed; the last column is not padded. A cell is one line, and
    does nothing to the terminal."""
    rows = [[printable(cell).replace("\n", "\\n").replace("\t", "\\t") for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]

    def line(cells: list[str]) -> str:
        padded = [cell.ljust(size) for cell, size in zip(cells[:-1], widths[:-1], strict=True)]
        return "  ".join([*padded, cells[-1]]).rstrip()

    return "\n".join([paint(line(headings), dim=True), *(line(row) for row in rows)])
