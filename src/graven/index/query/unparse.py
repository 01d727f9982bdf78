"""The one text of a query: for cursors, `--explain` and saved views. Times are absolute in it.

`parse(unparse(q), limits=CANONICAL).query == q` for every tree that `parse` gives.
"""

import re
from typing import Final, assert_never

from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Query, Wildcard, Words
from graven.index.query.fields import TEXT, Field
from graven.index.query.names import quote, spell_name
from graven.index.query.numbers import spell_number
from graven.index.query.times import spell_duration, spell_time

__all__ = ["unparse"]

_PLAIN: Final = re.compile(r"(?!.*\.\.)(?!/.*/[a-z]*\Z)[\w./@:+=,;%#&?!$~^-]+")


def unparse(query: Query) -> str:
    """The text of a query; empty for the one that matches everything."""
    return "" if isinstance(query, All) else _text(query)


def _text(query: Query) -> str:  # one branch for each kind of node
    match query:
        case All():
            return "*"
        case And(parts):
            return " ".join(_within(part, Or) for part in parts)
        case Or(parts):
            return " OR ".join(_text(part) for part in parts)
        case Not(part):
            return f"-{_within(part, And, Or)}"
        case Words():
            return _words(query)
        case Equals(field, value, path):
            return f"{spell_name(field, path)}:{_value(field, value)}"
        case Wildcard(field, parts, path):
            return f"{spell_name(field, path)}:{'*'.join(parts)}"
        case Compare(field, operator, value, path):
            return f"{spell_name(field, path)}{operator}{_value(field, value)}"
        case Exists(field, path):
            return f"{spell_name(field, path)}:*"
        case _:
            assert_never(query)


def _within(query: Query, *wrapped: type[And] | type[Or]) -> str:
    text = _text(query)
    return f"({text})" if isinstance(query, wrapped) else text


def _words(query: Words) -> str:
    field = "" if query.field == TEXT else f"{query.field.name}:"
    if query.infix:
        return f"{field}*{query.tokens[0]}*"
    if query.prefix:
        return f"{field}{'_'.join(query.tokens)}*"
    text = " ".join(query.tokens)
    return f'{field}"{text}"' if len(query.tokens) > 1 else field + text


def _value(field: Field, value: str | float) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else quote(value)
    match field.kind:
        case "time":
            return spell_time(int(value))
        case "duration":
            return spell_duration(int(value))
        case _:
            return spell_number(value)
