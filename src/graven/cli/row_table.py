"""Events as a table that reads like sentences: when, who, did what, to what, how it went, and what was said."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graven.cli import terminal
from graven.cli.fitted import NARROW, Cell, FittedTable
from graven.cli.shortened import first_line, one_line
from graven.cli.zone import Zone, ago
from graven.index.query.times import time_ns

__all__ = ["RowTable", "outcome_colour", "sentence"]

_COLOURS: Final[Mapping[str, terminal.Colour]] = {
    "success": "green",
    "failure": "red",
    "error": "red",
    "denied": "yellow",
}

_INSTALLATION: Final = "graven"
"""The source of what the log `system` records."""
_CLOCK_CHARS: Final = len("10:15:03.123")


def outcome_colour(outcome: str) -> terminal.Colour | None:
    """Green for success, red for failure and error, yellow for denied."""
    return _COLOURS.get(outcome)


class RowTable:
    """Lines of rows as the search calls give them (docs/design: *row*)."""

    def __init__(
        self, *, zone: Zone, now_ns: int, width: int | None, claimed: bool = False, relative: bool = False
    ) -> None:
        self._zone = zone
        self.now_ns = now_ns
        self._claimed = claimed
        self._relative = relative
        clock = "CLAIMED" if claimed else "RECEIVED"
        self._is_narrow = width is not None and width < NARROW
        when = clock if relative or self._is_narrow else f"{clock} {zone.text}"
        self._table = FittedTable(
            ["INDEX", when, "WHO", "ACTION", "TARGET", "OUTCOME", "SAID"],
            width=width,
            fixed=frozenset({0, 1, 5}),
            optional=(4, 6),
        )

    def heading(self, rows: Sequence[Mapping[str, Any]] = ()) -> str:
        """The line of headings, as wide as `rows`, which are to come, need it."""
        self._table.adopt([self._cells(row, marked=None) for row in rows])
        return self._table.heading()

    def lines(self, rows: Sequence[Mapping[str, Any]], *, marked: int | None = None) -> list[str]:
        """A line for each row; with `marked` each begins with its index and that one with a mark."""
        return self._table.lines([self._cells(row, marked=marked) for row in rows])

    def _cells(self, row: Mapping[str, Any], *, marked: int | None) -> list[Cell]:
        index = int(row["index"])
        mark = "" if marked is None else "▶ " if index == marked else "  "
        outcome = one_line(row.get("outcome") or "")
        return [
            Cell(f"{mark}{index}", "cyan" if index == marked else None),
            Cell(self._when(row), dim=True),
            Cell(_who(row)),
            Cell(one_line(row.get("action") or "")),
            Cell(_target(row)),
            Cell(outcome, outcome_colour(outcome)),
            Cell(_said(row)),
        ]

    def _when(self, row: Mapping[str, Any]) -> str:
        moment = time_ns(str(row.get("time" if self._claimed else "received") or ""))
        if moment is None:
            return "-"
        if self._relative:
            return ago(moment, now_ns=self.now_ns)
        shown = self._zone.shown(moment, now_ns=self.now_ns)
        if not self._is_narrow:
            return shown
        return shown[5:16] if len(shown) > _CLOCK_CHARS else shown[:8]


def sentence(row: Mapping[str, Any]) -> str:
    """`alice order.refund order/42 failure: card declined`."""
    said = _said(row)
    words = " ".join(filter(None, [_who(row), one_line(row.get("action") or ""), _target(row)]))
    outcome = one_line(row.get("outcome") or "")
    return f"{words} {outcome}".strip() + (f": {said}" if said else "")


def _who(row: Mapping[str, Any]) -> str:
    actor = row.get("actor") or {}
    behalf = [one_line(one["id"]) for one in row.get("behalf") or () if one.get("id") is not None]
    # what the server says itself about a token has its name beside an id that nobody chose
    named = actor.get("name") if row.get("source") == _INSTALLATION else None
    who = one_line(named or actor.get("id") or "")
    return f"{who} for {', '.join(behalf)}" if behalf else who


def _target(row: Mapping[str, Any]) -> str:
    named = [_named(target) for target in row.get("targets") or ()]
    if named:
        return named[0] + (f" +{len(named) - 1}" if len(named) > 1 else "")
    qa, method = row.get("qa") or {}, row.get("method") or {}
    if qa.get("test") is not None:
        return one_line(qa["test"])
    return one_line(method.get("uri") or qa.get("run") or "")


def _named(target: Mapping[str, Any]) -> str:
    parts = [one_line(target[name]) for name in ("type", "id") if target.get(name) is not None]
    return "/".join(parts) or one_line(target.get("name") or "")


def _said(row: Mapping[str, Any]) -> str:
    error = row.get("error") or {}
    wrong = ": ".join(first_line(error[name]) for name in ("type", "message") if error.get(name))
    message = first_line(row.get("message") or "")
    if wrong and message and message not in wrong:
        return f"{message} ({wrong})"
    statement = first_line((row.get("method") or {}).get("statement") or "")
    return wrong or message or statement or _asked_for(row)


def _asked_for(row: Mapping[str, Any]) -> str:
    """Of a search that the log `system` records: its query, and how many it found."""
    asked = row.get("attributes") or {}
    query, count = asked.get("query"), asked.get("count")
    found = f"{count:,} found" if type(count) is int else ""
    return ", ".join(filter(None, [first_line(query) if isinstance(query, str) else "", found]))
