"""Recorded values as text for a terminal: plain texts as they are, everything else as JSON, folded and cut."""

import json
import textwrap
from typing import Any

from graven.cli import terminal
from graven.cli.printable import printable

__all__ = ["CUT", "cut_to", "first_line", "labelled", "one_line"]

CUT = "…"
"""Stands where something was cut."""
_NARROWEST = 24


def one_line(value: Any) -> str:
    """The value as it was recorded, safe to print; line ends are spelled out."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def first_line(value: Any) -> str:
    """The first line of a text that is not blank, and a mark when there are more."""
    if not isinstance(value, str):
        return one_line(value)
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    return one_line(lines[0]) + (f" {CUT}" if len(lines) > 1 else "") if lines else ""


def cut_to(text: str, width: int, lines: int | None) -> list[str]:
    """The text in lines of at most `width`; beyond `lines` (None: all) it is cut and says how long it is."""
    width = max(width, _NARROWEST)
    begin = text if lines is None else text[: width * lines + 1]
    pieces = textwrap.wrap(
        begin, width, break_on_hyphens=False, replace_whitespace=False, expand_tabs=False, drop_whitespace=True
    ) or [""]
    if lines is None or (len(begin) == len(text) and len(pieces) <= lines):
        return pieces
    more = f"{CUT} ({len(text):,} characters)"
    last = pieces[lines - 1][: max(width - len(more), 0)]
    return [*pieces[: lines - 1], last + more]


def labelled(label: str, value: Any, margin: str, *, lines: int | None) -> list[str]:
    """A label and its value, folded beside it; with `lines` None nothing is cut and JSON has a line per member."""
    name = printable(label)
    head = f"{margin}{terminal.paint(name, 'cyan')}"
    if lines is None and isinstance(value, dict | list) and value:
        spelled = printable(json.dumps(value, ensure_ascii=False, indent=2))
        return [head, *(f"{margin}  {line}" for line in spelled.splitlines())]
    hanging = margin + " " * (len(name) + 2 if len(name) <= 8 else 4)
    first = margin + name + "  "
    pieces = cut_to(one_line(value), terminal.width() - len(first), lines)
    return [f"{head}  {pieces[0]}", *(hanging + piece for piece in pieces[1:])]
