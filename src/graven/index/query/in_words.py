"""A query said in plain words, for `--explain`: what each condition was understood to ask."""

from typing import Final, assert_never

from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Path, Query, Wildcard, Words
from graven.index.query.fields import TEXT, Field
from graven.index.query.names import spell_name
from graven.index.query.numbers import spell_number
from graven.index.query.times import spell_duration, spell_time

__all__ = ["in_words"]

_SHOWN: Final = 80
_RELATIONS: Final = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}
_MOMENTS: Final = {"<": "before", "<=": "at or before", ">": "after", ">=": "at or after"}


def in_words(query: Query) -> str:  # one branch for each kind of node
    """One line, without a capital or a full stop: `duration is above 2s`. Times are in UTC, and what is of several
    parts within another is in parentheses."""
    match query:
        case All():
            return "every event"
        case And(parts):
            return f"all of: {'; '.join(map(_within, parts))}"
        case Or(parts):
            return f"one of: {'; '.join(map(_within, parts))}"
        case Not(part):
            return f"not: {_within(part)}"
        case Words():
            return _said(query)
        case Equals(field, value, path):
            return f"{_name(field, path)} is {_value(field, value)}"
        case Wildcard(field, parts, path):
            return f"{_name(field, path)} {_form(parts)}"
        case Compare(field, operator, value, path):
            relation = (_MOMENTS if field.kind == "time" else _RELATIONS)[operator]
            return f"{_name(field, path)} is {relation} {_value(field, value)}"
        case Exists(field, path):
            return f"{_name(field, path)} is there"
        case _:
            assert_never(query)


def _within(query: Query) -> str:
    return f"({in_words(query)})" if isinstance(query, And | Or) else in_words(query)


def _name(field: Field, path: Path) -> str:
    """The field; `[]` of a path is any element, which few know."""
    name = spell_name(field, path)
    return f"{name} (of any element)" if None in path else name


def _said(words: Words) -> str:
    *firsts, last = words.tokens
    where = "" if words.field == TEXT else f" in {words.field.name}"
    if words.infix:
        return f"a word{where} has {_quoted(last)} in it"
    if words.prefix:
        before = f"the words {_quoted(' '.join(firsts))} and then " if firsts else ""
        return f"{before}a word{where} that begins with {_quoted(last)}"
    if firsts:
        return f"the words {_quoted(' '.join(words.tokens))}{where}, one after another"
    return f"the word {_quoted(last)}{where}"


def _form(parts: tuple[str, ...]) -> str:
    match parts:
        case (start, "") if start:
            return f"begins with {_quoted(start)}"
        case ("", end) if end:
            return f"ends with {_quoted(end)}"
        case ("", middle, "") if middle:
            return f"has {_quoted(middle)} in it"
        case _:
            return f"is of the form {_quoted('*'.join(parts))}, with any text for each *"


def _quoted(text: str) -> str:
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'


def _value(field: Field, value: str | float) -> str:
    if isinstance(value, str):
        return _quoted(value)
    match field.kind:
        case "time":
            return _moment(int(value))
        case "duration":
            return spell_duration(int(value))
        case _:
            return spell_number(value)


def _moment(ns: int) -> str:
    """To the digit that says something: `2026-11-27T10:15:00Z`."""
    text = spell_time(ns)
    return text[:-1].rstrip("0").rstrip(".") + "Z" if text.endswith("0Z") else text
