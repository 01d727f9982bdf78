"""Parameters and rows of SQL statements have places where redaction looks for names: find the columns.

`INSERT INTO users (name, password) VALUES (?, ?)` says what its second parameter is, and so does
`WHERE password = %s`. The statement is looked at by words, not parsed; where that gives no name (a procedure's
arguments, `INSERT INTO users VALUES (?, ?)`), a value is judged by its shape only. Columns of rows come from
the driver (`output.columns`), or from the select list.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graven.event.redact import Finding, Redactor

__all__ = ["columns_of_parameters", "selected_columns", "statement_findings"]

_MOST_CHARS: Final = 65_536
_WORD: Final = re.compile(
    r"""(?P<skip>'(?:[^'\\]|''|\\.)*+'|--[^\n]*|/\*.*?\*/|::\w+)
      |(?P<mark>\?\d*|\$(?P<number>\d+)|%s|%\((?P<pyformat>\w+)\)s|[:@](?P<named>[A-Za-z_]\w*))
      |(?P<name>"[^"]+"|`[^`]+`|\[\w+\]|[^\W\d]\w*)
      |(?P<other><>|!=|<=|>=|[(),=<>.])""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS: Final = frozenset({"=", "<>", "!=", "<", ">", "<=", ">=", "like", "ilike", "in", "is", "not", "any"})


def statement_findings(redactor: Redactor, event: Mapping[str, Any]) -> Iterator[Finding]:
    """The parameters and the cells of rows that a rule takes by the name of their column."""
    method = event.get("method")
    statement = method.get("statement") if isinstance(method, dict) else None
    if not isinstance(statement, str) or " " not in statement[:_MOST_CHARS]:
        return
    given = event.get("input")
    if isinstance(given, dict) and given.get("parameters"):
        columns = columns_of_parameters(statement)
        many = "parameters_count" in given
        sets = given["parameters"]
        for number, values in enumerate(sets if many and isinstance(sets, list) else [sets]):
            place = ("input", "parameters", number) if many else ("input", "parameters")
            yield from _taken(redactor, place, values, columns)
    output = event.get("output")
    if isinstance(output, dict) and isinstance(output.get("rows"), list) and output["rows"]:
        told = output.get("columns")
        names = told if isinstance(told, list) else selected_columns(statement)
        by_place: dict[int | str, str] = {at: name for at, name in enumerate(names) if isinstance(name, str)}
        for number, row in enumerate(output["rows"]):
            yield from _taken(redactor, ("output", "rows", number), row, by_place)


def _taken(
    redactor: Redactor, place: tuple[str | int, ...], values: Any, columns: Mapping[int | str, str]
) -> Iterator[Finding]:
    if isinstance(values, dict):
        pairs: list[tuple[str | int, Any]] = list(values.items())
    elif isinstance(values, list):
        pairs = list(enumerate(values))
    else:
        return
    for key, value in pairs:
        column = columns.get(key)
        if column is not None and value not in (None, "") and redactor.candidates(column):
            yield from (Finding((*place, key), found.rule, value) for found in redactor.find({column: value})[:1])


def columns_of_parameters(statement: str) -> dict[int | str, str]:
    """Position (from 0) or name of a parameter → the column that it is for, where the statement says so."""
    found: dict[int | str, str] = {}
    listed: list[str] = []  # the columns of an INSERT
    words: list[str] = []
    into = values = False
    depth = at = position = 0
    for word in _WORD.finditer(statement[:_MOST_CHARS]):
        if word["skip"] is not None:
            words.append("?")
            continue
        if word["mark"] is not None:
            key: int | str = (
                word["named"] or word["pyformat"] or (int(word["number"]) - 1 if word["number"] else position)
            )
            position += isinstance(key, int)
            column = listed[at] if values and depth and at < len(listed) else _compared(words)
            if column:
                found.setdefault(key, column)
            words.append("?")
            continue
        text = word.group().strip('"`[]').lower()
        words.append(text)
        if text == "(":
            depth += 1
            at = 0 if depth == 1 else at
        elif text == ")":
            depth -= 1
            into = into and depth > 0
        elif text == "," and depth == 1:
            at += 1
        elif text == "into":
            into, listed = True, []
        elif text in {"values", "set"} and not depth:
            values, into = text == "values", False
        elif into and depth == 1 and word["name"] is not None:
            listed.append(text)
    return found


def _compared(words: list[str]) -> str:
    """The name before the comparison that these words end with."""
    at = len(words) - 1
    if at >= 0 and words[at] == ",":  # IN (?, ?)
        while at >= 0 and words[at] in {",", "?"}:
            at -= 1
    while at >= 0 and words[at] == "(":
        at -= 1
    compared = False
    while at >= 0 and words[at] in _COMPARISONS:
        compared, at = True, at - 1
    return words[at] if compared and at >= 0 and words[at].isidentifier() else ""


def selected_columns(statement: str) -> list[str | None]:
    """The names that a select list gives its columns; None for a column of no telling name, nothing after a `*`."""
    columns: list[str | None] = []
    depth, last, begun = 0, None, False
    for word in _WORD.finditer(statement[:_MOST_CHARS]):
        text = word.group().strip('"`[]').lower()
        if not begun:
            begun = text == "select" or text == "returning"
            continue
        if text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        elif depth == 0 and text in {",", "from"}:
            columns.append(last)
            last = None
            if text == "from":
                return columns
        elif depth == 0 and word["name"] is not None:
            last = text
    return [*columns, last] if begun else []
