"""One condition of a query as SQL over the columns of a segment, for what codes, keys and terms cannot answer.

A condition is never null: an absent value does not match. Values travel as parameters, never inside the text.
"""

import math
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

_INTEGERS: Final = "('BIGINT','UBIGINT','HUGEINT','UHUGEINT')"
_LEAST: Final = -(2**127)
_MOST: Final = 2**127 - 1
"""The range of the engine's widest integers, HUGEINT."""
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
        test, parameters = _label_test(leaf, "v") if field.kind == "map" else _json_test(leaf, "v")
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


def _label_test(leaf: Leaf, value: str) -> tuple[str, Parameters]:
    """What is no string (a redacted label) stands as its JSON text."""
    test, parameters = _text_test(leaf, f"({value}->>'$')")
    return f"json_type({value}) <> 'NULL' AND {test}", parameters


def _json_test(leaf: Leaf, value: str) -> tuple[str, Parameters]:
    kind, text = f"json_type({value})", f"({value}->>'$')"
    # an integer beyond 64 bits has the type of a float there, but its own digits
    integer = f"({kind} IN {_INTEGERS} OR {kind} = 'DOUBLE' AND regexp_full_match({text}, '-?[0-9]+'))"
    match leaf:
        case Equals(value=wanted):
            spelled = str(wanted)
            same = f"{kind} NOT IN ('OBJECT','ARRAY','NULL','DOUBLE') AND {text} = ?"
            as_number = number(spelled)
            if as_number is None:
                return same, (spelled,)
            same = f"({same} OR {integer} AND {text} = ?)"
            tests: list[str] = [same]
            parameters: list[str | int | float] = [spelled, spelled]
            if as_number == int(as_number):
                tests.append(f"{integer} AND {text} = ?")
                parameters.append(str(int(as_number)))
            if float(as_number) == as_number:
                tests.append(f"{kind} = 'DOUBLE' AND NOT {integer} AND TRY_CAST({text} AS DOUBLE) = ?")
                parameters.append(float(as_number))
            return " OR ".join(tests), tuple(parameters)
        case Compare(operator=operator, value=bound):
            whole, least = _among_integers(operator, bound)
            real, nearest = _among_floats(operator, bound)
            as_real = f"TRY_CAST({text} AS DOUBLE) {real} ?"
            return (
                f"CASE WHEN {integer} THEN coalesce(TRY_CAST({text} AS HUGEINT) {whole} ?, {as_real})"
                f" WHEN {kind} = 'DOUBLE' THEN {as_real} ELSE false END"
            ), (least, nearest, nearest)
        case Wildcard(parts=parts):
            return f"({kind} = 'VARCHAR' OR {integer}) AND regexp_matches({text}, ?)", (pattern_of(parts),)
        case _:
            return f"{kind} <> 'NULL'", ()


def _among_integers(operator: str, bound: float) -> tuple[str, int]:
    """The comparison of an integer with the bound, as one with an integer: exact where a float would round."""
    whole = math.floor(bound) if operator in {"<=", ">"} else math.ceil(bound)
    if whole > _MOST:  # no integer lies between, and the last one of the range lies below the bound
        return {"<": "<=", ">=": ">"}.get(operator, operator), _MOST
    if whole < _LEAST:
        return {">": ">=", "<=": "<"}.get(operator, operator), _LEAST
    return operator, whole


def _among_floats(operator: str, bound: float) -> tuple[str, float]:
    """The comparison of a float with the bound, as one with the float nearest to it."""
    near = float(bound)
    if near > bound:  # none lies between: above the bound is from it on
        return {"<=": "<", ">": ">="}.get(operator, operator), near
    if near < bound:
        return {"<": "<=", ">=": ">"}.get(operator, operator), near
    return operator, near
