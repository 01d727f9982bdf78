"""The table of `graven alert list`: what is wrong is read whole, whatever the width."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graven.cli.alerting import condition_text, query_text, state_text, told_text
from graven.cli.fitted import Cell, FittedTable
from graven.cli.shortened import CUT, one_line
from graven.cli.zone import ago

__all__ = ["alert_table"]

_HEADINGS: Final = ("ALERT", "STATE", "SEVERITY", "FIRES AT", "TELLS", "LAST FIRED", "QUERY")
_NAME, _STATE, _SEVERITY, _CONDITION, _TELLS, _FIRED, _QUERY = range(len(_HEADINGS))
_OPTIONAL: Final = (_SEVERITY, _QUERY, _TELLS, _CONDITION)
"""In the order in which they give way: `graven alert show` has them all."""
_WELL: Final = ("watched", "off")
_LONGEST: Final = {_NAME: 24, _STATE: 42, _CONDITION: 28}
"""Of cells that are not cut further; 42 is the longest that is said of a delivery that failed."""


def alert_table(
    alerts: Sequence[Mapping[str, Any]],
    fired: Mapping[str, int | None] | None,
    given_up: Mapping[str, Mapping[str, Any]],
    *,
    width: int | None,
    now_ns: int,
) -> list[str]:
    """The heading and a line for each alert. By name, `fired` has when it last fired, Unix ns (None: not to be
    known), `given_up` the row of a delivery that was; `width` None cuts nothing."""
    rows = [_row(one, fired, given_up, now_ns) for one in alerts]
    if width is not None:
        rows = [[_bounded(cell, _LONGEST.get(at)) for at, cell in enumerate(row)] for row in rows]
    fixed = {_NAME, _STATE, _FIRED}
    if all(row[_STATE] in _WELL for row in rows):  # where something is wrong, that takes the room
        fixed.add(_CONDITION)
    table = FittedTable(_HEADINGS, width=width, fixed=frozenset(fixed), optional=_OPTIONAL)
    table.adopt(rows)
    return [table.heading(), *table.lines(rows)]


def _row(
    one: Mapping[str, Any],
    fired: Mapping[str, int | None] | None,
    given_up: Mapping[str, Mapping[str, Any]],
    now_ns: int,
) -> list[Cell]:
    alert = one["alert"]
    state = state_text(one, now_ns=now_ns, given_up=given_up.get(str(alert["name"])))
    moment = None if fired is None else fired.get(str(alert["name"]))
    return [
        Cell(one_line(str(alert["name"]))),
        Cell(one_line(state), None if state in _WELL else "red"),
        Cell(one_line(str(alert.get("severity", "warning")))),
        Cell(one_line(condition_text(alert))),
        Cell(one_line(told_text(alert))),
        Cell("?" if fired is None else "-" if moment is None else ago(moment, now_ns=now_ns)),
        Cell(one_line(query_text(alert))),
    ]


def _bounded(cell: Cell, most: int | None) -> Cell:
    return cell if most is None or len(cell) <= most else Cell(cell[: most - 1] + CUT, cell.colour)
