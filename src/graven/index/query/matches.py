"""What a query means, one event at a time: slow, plain, and the judge of everything that is fast.

Absent and null values match nothing but Not. Of several values of a field one suffices, and each condition picks its
own: `target.type:order target.name:x` may be two targets.
"""

import operator
from collections.abc import Callable
from typing import Any, Final, assert_never

from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Query, Wildcard, Words
from graven.index.query.fields import Field
from graven.index.query.numbers import EXACT, number
from graven.index.query.tokens import compact_json, tokens
from graven.index.query.view import View, json_values, keywords, numbers, text_of

__all__ = ["fits", "matches"]

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(query: Query, view: View) -> bool:
    """Whether the event of `view` is one that `query` asks for."""
    match query:
        case All():
            return True
        case And(parts):
            return all(matches(part, view) for part in parts)
        case Or(parts):
            return any(matches(part, view) for part in parts)
        case Not(part):
            return not matches(part, view)
        case Words():
            return _says(query, text_of(query.field, view))
        case Equals(field, value, path):
            return _equals(field, value, path, view)
        case Wildcard(field, parts, path):
            return any(fits(text, parts) for text in _texts(field, path, view))
        case Compare(field, sign, value, path):
            return any(_OPERATORS[sign](_comparable(found), value) for found in _numbers(field, path, view))
        case Exists(field, path):
            return _exists(field, path, view)
        case _:
            assert_never(query)


def _says(words: Words, text: str | None) -> bool:
    said = tokens(text or "")
    *firsts, last = words.tokens
    for at in range(len(said) - len(firsts)):
        token = said[at + len(firsts)]
        fits = last in token if words.infix else token.startswith(last) if words.prefix else token == last
        if fits and said[at : at + len(firsts)] == firsts:
            return True
    return False


def _equals(field: Field, value: str | float, path: tuple[Any, ...], view: View) -> bool:
    if field.kind == "json":
        return any(_json_equals(found, str(value)) for found in json_values(field, path, view))
    if isinstance(value, str):
        return value in _texts(field, path, view)
    return value in numbers(field, view)


def _json_equals(found: Any, text: str) -> bool:
    if isinstance(found, str):
        return found == text
    if isinstance(found, bool):
        return text == ("true" if found else "false")
    if isinstance(found, int):
        return str(found) == text or found == number(text)
    return isinstance(found, float) and found == number(text)


def _texts(field: Field, path: tuple[Any, ...], view: View) -> list[str]:
    """The values that a wildcard looks at."""
    if field.kind == "keyword":
        return keywords(field, view)
    found = json_values(field, path, view)
    if field.kind == "map":
        return [value if isinstance(value, str) else compact_json(value) for value in found]
    whole = [value for value in found if isinstance(value, str | int) and not isinstance(value, bool)]
    return [str(value) for value in whole]


def fits(text: str, parts: tuple[str, ...]) -> bool:
    """Whether `text` is the parts with anything between them."""
    first, *middle, last = parts
    if not text.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(text) - len(last) >= at and text.endswith(last)


def _numbers(field: Field, path: tuple[Any, ...], view: View) -> list[int | float]:
    if field.kind != "json":
        return numbers(field, view)
    found = json_values(field, path, view)
    return [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]


def _comparable(value: float) -> int | float:
    """The value as it is compared: a whole number beyond `EXACT` as the nearest float."""
    if not isinstance(value, int) or abs(value) <= EXACT:
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _exists(field: Field, path: tuple[Any, ...], view: View) -> bool:
    match field.kind:
        case "keyword":
            return keywords(field, view) != []
        case "number" | "time" | "duration":
            return numbers(field, view) != []
        case "text":
            return text_of(field, view) is not None
        case "map" | "json":
            return json_values(field, path, view) != []
        case _:
            assert_never(field.kind)
