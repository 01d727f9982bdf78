"""One condition of a query as SQL over the columns of a segment, for what codes, keys and terms cannot answer.

A condition is never null: an absent value does not match. Values travel as parameters, never inside the text.
"""

import re
from typing import Final, NamedTuple

from graven.index.derive.columns import JSON_COLUMNS, MISSING, NUMBERS
from graven.index.query.ast import Compare, Equals, Exists, Wildcard
from graven.index.query.fields import Field
from graven.index.query.numbers import number
from graven.index.segment.codes import pattern_of

__all__ = ["Condition", "Leaf", "condition_of"]

Leaf = Compare | Equals | Exists | Wildcard
Parameters = tuple[str | int | float, ...]

_NUMBERS: Final = "('BIGINT','UBIGINT','HUGEINT','UHUGEINT','DOUBLE')"
_INTEGERS: Final = "('BIGINT','UBIGINT','HUGEINT','UHUGEINT')"
_UNSPELLABLE: Final = re.compile("[\x00-\x1f\"\\\\'*]")


class Condition(NamedTuple):
    """`sql` over a table with `columns`; `parameters` fill its `?` in order."""

    columns: tuple[str, ...]
    sql: str
    parameters: Parameters


def condition_of(leaf: Leaf) -> Condition | None:
    """The condition; None when its path cannot be spelled for the engine."""
    field = leaf.field
    column = f'"{field.column}"'
    if field.column in JSON_COLUMNS:
        path = _json_path(leaf.path)
        if path is None:
            return None
        found = f"json_extract({column}, '{path}')"
        values = found if None in leaf.path else f"[{found}]"
        test, parameters = _json_test(leaf, "v")
        sql = f"list_bool_or(list_transform({values}, lambda v: {test}))"
    elif field.kind in {"number", "time", "duration"}:
        sql, parameters = _number_test(leaf, field)
    elif field.many:
        test, parameters = _text_test(leaf, "v")
        sql = f"list_bool_or(list_transform({column}, lambda v: {test}))"
    else:
        sql, parameters = _text_test(leaf, column)
    return Condition((field.column,), f"coalesce({sql}, false)", parameters)


def _text_test(leaf: Leaf, value: str) -> tuple[str, Parameters]:
    match leaf:
        case Equals(value=wanted):
            return f"{value} = ?", (str(wanted),)
        case Wildcard(parts=parts):
            return f"regexp_matches({value}, ?)", (pattern_of(parts),)
        case _:
            return f"{value} IS NOT NULL", ()


def _number_test(leaf: Leaf, field: Field) -> tuple[str, Parameters]:
    column = f'"{field.column}"'
    there = f"{column} <> {MISSING}" if field.column in NUMBERS else f"{column} IS NOT NULL"
    match leaf:
        case Equals(value=value):
            return f"{there} AND {column} = ?", (value,)
        case Compare(operator=operator, value=value):
            return f"{there} AND {column} {operator} ?", (value,)
        case _:
            return there, ()


def _json_path(path: tuple[str | int | None, ...]) -> str | None:
    """A path of the engine; None when a name in it has a character that its paths cannot spell."""
    spelled = "$"
    for step in path:
        if step is None:
            spelled += "[*]"
        elif isinstance(step, int):
            spelled += f"[{step}]"
        elif _UNSPELLABLE.search(step) or not step:
            return None
        else:
            spelled += f'."{step}"'
    return spelled


def _json_test(leaf: Leaf, value: str) -> tuple[str, Parameters]:
    kind, text = f"json_type({value})", f"({value}->>'$')"
    match leaf:
        case Equals(value=wanted):
            spelled = str(wanted)
            same = f"{kind} NOT IN ('OBJECT','ARRAY','NULL','DOUBLE') AND {text} = ?"
            as_number = number(spelled)
            if as_number is None:
                return same, (spelled,)
            if isinstance(as_number, float):
                return f"{same} OR {kind} IN {_NUMBERS} AND TRY_CAST({text} AS DOUBLE) = ?", (spelled, as_number)
            whole = f"{kind} IN {_INTEGERS} AND {text} = ?"
            real = f"{kind} = 'DOUBLE' AND TRY_CAST({text} AS DOUBLE) = ?"
            return f"{same} OR {whole} OR {real}", (spelled, str(as_number), float(as_number))
        case Compare(operator=operator, value=bound):
            return f"{kind} IN {_NUMBERS} AND TRY_CAST({text} AS DOUBLE) {operator} ?", (float(bound),)
        case Wildcard(parts=parts):
            textual = f"({kind} = 'VARCHAR' OR {kind} IN {_INTEGERS})"
            return f"{textual} AND regexp_matches({text}, ?)", (pattern_of(parts),)
        case _:
            return f"{kind} <> 'NULL'", ()
