"""How matches are printed: a table for people, entries as JSON, chosen fields, or a template; one page at a time."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from graven.cli import terminal
from graven.cli.access.questions import View
from graven.cli.fitted import NARROW, Cell, FittedTable, room
from graven.cli.picked import Picker, field_names, pick_fields, view_of_line
from graven.cli.row_table import RowTable
from graven.cli.shown_bytes import shown_json
from graven.cli.template import Template
from graven.cli.zone import Zone
from graven.errors import UsageError

__all__ = ["Printer", "printer_of"]

_PLAIN: Final = frozenset({"index"})
"""Columns that are never cut."""


class Printer(Protocol):
    """`view` is what it needs of each match."""

    view: View

    def show(self, lines: Sequence[bytes]) -> None:
        """Print the next matches, and leave nothing in a buffer: a tail goes through pipes."""


def printer_of(
    *,
    fields: str | None,
    template: str | None,
    as_json: bool,
    relative: bool,
    claimed: bool,
    zone: Zone,
    load: Callable[[str], bytes | None],
) -> Printer:
    """The one that the options ask for. UsageError for what does not go together."""
    if template is not None and (as_json or fields is not None):
        raise UsageError("--template makes its own lines", hint="leave --json and --fields out")
    if template is not None:
        return _TemplatePrinter(Template(template, zone), load)
    if fields is not None:
        picker = pick_fields(field_names(fields), zone)
        return _FieldsJson(picker, load) if as_json else _FieldsTable(picker, load)
    if as_json:
        return _Json()
    return _People(zone, claimed=claimed, relative=relative)


def _print(lines: Sequence[str]) -> None:
    if lines:
        print("\n".join(lines), flush=True)


class _People:
    view: View = "row"

    def __init__(self, zone: Zone, *, claimed: bool, relative: bool) -> None:
        self._table = RowTable(zone=zone, now_ns=time.time_ns(), width=room(), claimed=claimed, relative=relative)
        self._begun = False

    def show(self, lines: Sequence[bytes]) -> None:
        self._table.now_ns = time.time_ns()
        rows = [json.loads(line) for line in lines]
        if rows and not self._begun:
            print(self._table.heading(rows))
            self._begun = True
        _print(self._table.lines(rows))


class _Json:
    view: View = "entry"

    def show(self, lines: Sequence[bytes]) -> None:
        _print([shown_json(line.decode("utf-8", "backslashreplace"), sys.stdout) for line in lines])


class _FieldsTable:
    view: View = "entry"

    def __init__(self, picker: Picker, load: Callable[[str], bytes | None]) -> None:
        width = room()
        self._picker = picker._replace(to_the_second=width is not None and width < NARROW)
        self._load = load
        fixed = frozenset(at for at, column in enumerate(picker.columns) if column.field.name in _PLAIN)
        self._table = FittedTable([name.upper() for name in picker.names], width=width, fixed=fixed)
        self._begun = False

    def show(self, lines: Sequence[bytes]) -> None:
        rows = [[Cell(text) for text in self._picker.texts(view_of_line(line, self._load))] for line in lines]
        if rows and not self._begun:
            self._table.adopt(rows)
            print(self._table.heading())
            self._begun = True
        _print(self._table.lines(rows))


class _FieldsJson:
    view: View = "entry"

    def __init__(self, picker: Picker, load: Callable[[str], bytes | None]) -> None:
        self._picker, self._load = picker, load

    def show(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            terminal.emit_json(self._picker.values(view_of_line(line, self._load)))


class _TemplatePrinter:
    view: View = "entry"

    def __init__(self, template: Template, load: Callable[[str], bytes | None]) -> None:
        self._template, self._load = template, load

    def show(self, lines: Sequence[bytes]) -> None:
        _print([self._template.line(view_of_line(line, self._load)) for line in lines])
