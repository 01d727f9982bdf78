"""Fields of an event by the names that queries use: `--fields a,b`; `template` puts them into text."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from graven.cli.shortened import one_line
from graven.cli.zone import Zone
from graven.errors import GravenError, InvalidInput, UsageError
from graven.event.envelope import format_time
from graven.index.derive.view import view_of
from graven.index.export.columns import Column, parse_columns
from graven.index.export.values import values_of

__all__ = ["Picker", "field_names", "pick_fields", "view_of_line"]

_UNITS: Final = (
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("µs", 1_000),
)
_TO_THE_SECOND: Final = len("2026-11-27T10:15:03")


def view_of_line(line: bytes, load: Callable[[str], bytes | None]) -> dict[str, Any]:
    """The view of a match of the call with `view=entry`: an entry with its index in front."""
    index = msgspec.json.decode(line, type=_Indexed).index

    def loaded(digest: str) -> bytes | None:
        try:
            return load(digest)
        except GravenError:  # the rest of the event is worth showing
            return None

    return view_of(index, line, loaded)


class _Indexed(msgspec.Struct):
    index: int


class Picker(NamedTuple):
    """The fields that were asked for."""

    columns: tuple[Column, ...]
    zone: Zone
    to_the_second: bool = False
    """Texts of times end there, where a column has to be narrow."""

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def texts(self, view: dict[str, Any]) -> list[str]:
        """Each field as one line of text, several values separated by commas; empty where it is absent."""
        return [self._text(column, view) for column in self.columns]

    def values(self, view: dict[str, Any]) -> dict[str, Any]:
        """Each field as JSON: its value, a list of several, null where it is absent."""
        found: dict[str, Any] = {}
        for column in self.columns:
            values = [format_time(one) if column.field.name == "received" else one for one in _values(column, view)]
            found[column.name] = values[0] if len(values) == 1 else values or None
        return found

    def _text(self, column: Column, view: dict[str, Any]) -> str:
        values = _values(column, view)
        if column.field.kind == "time":
            spelled = [format_time(one) if isinstance(one, int) else str(one) for one in values]
            shown = [self.zone.whole(one) for one in spelled]
            return ", ".join(one_line(one[:_TO_THE_SECOND] if self.to_the_second else one) for one in shown)
        if column.field.kind == "duration":
            return ", ".join(_duration(one) for one in values)
        return ", ".join(one_line(one) for one in values)


def _values(column: Column, view: dict[str, Any]) -> list[Any]:
    return values_of(view, column.field, column.path)


def _duration(ns: int) -> str:
    for unit, size in _UNITS:
        if abs(ns) >= size:
            return f"{ns / size:.4g}{unit}"
    return f"{ns}ns"


def field_names(text: str) -> list[str]:
    """The names in the text of `--fields`. UsageError when there are none."""
    names = [name for name in map(str.strip, text.split(",")) if name]
    if not names:
        raise UsageError("--fields names no field", hint="--fields index,actor,action, or leave --fields out")
    return names


def pick_fields(names: Sequence[str], zone: Zone) -> Picker:
    """UsageError with the nearest name for an unknown one."""
    return Picker(tuple(_column(name.strip()) for name in names), zone)


def _column(name: str) -> Column:
    try:
        return parse_columns([name])[0]
    except InvalidInput as error:
        raise UsageError(
            error.message, hint=f"{error.hint}\nall of them: docs/reference/query.md", code=error.code
        ) from error
