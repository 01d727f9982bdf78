"""What one condition means: a field and a value as it was written become a leaf of the tree."""

import re
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.index.query.ast import All, Compare, Equals, Exists, Operator, Path, Query, Wildcard, Words, all_of
from graven.index.query.fields import TEXT, Field
from graven.index.query.names import Named, spell_name
from graven.index.query.numbers import number, severity
from graven.index.query.patterns import refuse_regex
from graven.index.query.problems import bad_query, reversed_range
from graven.index.query.spoken import meant_duration, meant_moment
from graven.index.query.times import Span, duration_ns, moment
from graven.index.query.tokens import is_token_char, tokens

__all__ = ["Moment", "Value", "compare", "condition", "words"]

_COMPARED: Final = re.compile(r"([<>]=?)(.+)", re.DOTALL)
_STARS: Final = re.compile(r"\*+")
_MOST_STARS: Final = 8
_WILDCARD_CHARS: Final = 512
"""Beyond these an engine of regular expressions needs seconds for a megabyte instead of milliseconds."""
_EXPECTED: Final = {
    "number": "a decimal number such as 5 or -1.5",
    "time": "a time such as 2026-11-27T10:15:00Z, a date, or 2h for two hours ago",
    "duration": "a number with a unit (ns us ms s m h d w), such as 250ms or 1.5h",
    "json": "a decimal number such as 5 or -1.5",
}


class Value(NamedTuple):
    """A value as it was written, `text` without its quotes; `start` and `end` are its place in the query."""

    text: str
    quoted: bool
    start: int
    end: int


class Moment(NamedTuple):
    """What `2h` and times without a zone refer to."""

    now_ns: int
    zone_offset_s: int


def condition(named: Named, value: Value, at: Moment, place: tuple[int, int]) -> Query:
    """`field:value`; `place` is that of the name."""
    field, path = named
    bare = not value.quoted
    if bare and field.kind in ("keyword", "text"):
        refuse_regex(field.name, value.text, value.start, dots=field.name != "uri")
    if bare and _STARS.fullmatch(value.text):
        return All() if field == TEXT else Exists(field, path)
    if bare and (match := _COMPARED.fullmatch(value.text)) is not None:
        return compare(named, _operator(match.group(1)), value._replace(text=match.group(2)), at)
    if field.kind == "text":
        return words(field, value)
    if field.kind == "map" and not path:
        raise bad_query(
            "a label has a key",
            *place,
            expected=["labels.KEY"],
            hint=f"write labels.KEY:{value.text[:80]}",
        )
    if bare and ".." in value.text and field.kind not in ("keyword", "map"):
        ranged = _ranged(named, value, at)
        if ranged is not None:
            return ranged
    if field.kind in ("keyword", "map", "json"):
        if bare and "*" in value.text:
            return _wildcard(field, value, path)
        return Equals(field, value.text, path)
    span = _span(field, value, at)
    if span.first == span.last:
        return Equals(field, span.first)
    return all_of([Compare(field, ">=", span.first), Compare(field, "<=", span.last)])


def _wildcard(field: Field, value: Value, path: Path) -> Query:
    parts = tuple(_STARS.split(value.text))
    if len(parts) > _MOST_STARS + 1 or len(value.text) > _WILDCARD_CHARS:
        raise bad_query(
            f"a wildcard has at most {_MOST_STARS} stars and {_WILDCARD_CHARS} characters",
            value.start,
            value.end,
            expected=["a shorter pattern"],
            hint="a star at the end finds whatever follows",
        )
    return Wildcard(field, parts, path)


def compare(named: Named, operator: Operator, value: Value, at: Moment) -> Query:
    """`field>value` and its like: what lies within the value as it is spelled (a day) is neither more nor less."""
    field, path = named
    if field.kind in ("keyword", "map", "text"):
        raise bad_query(
            f"{spell_name(field, path)} holds texts, and {operator} compares numbers",
            value.start,
            value.end,
            expected=["a value after :"],
            hint=f'for a text that begins with {operator}, put it in quotes: {field.name}:"{operator}…"',
        )
    span = _span(field, value, at)
    return Compare(field, operator, span.first if operator in (">=", "<") else span.last, path)


def _operator(text: str) -> Operator:
    match text:
        case "<" | "<=" | ">" | ">=":
            return text
        case _:
            raise AssertionError(text)


def _ranged(named: Named, value: Value, at: Moment) -> Query | None:
    """`a..b`, both included; None where the value of a JSON path only looks like one."""
    low, _, high = value.text.partition("..")
    if named.field.kind == "json" and not all(not end or number(end) is not None for end in (low, high)):
        return None
    if not low and not high:
        raise bad_query("a range has a beginning or an end", value.start, value.end, expected=["a..b", "a..", "..b"])
    parts = []
    if low:
        parts.append(compare(named, ">=", value._replace(text=low, end=value.start + len(low)), at))
    if high:
        parts.append(compare(named, "<=", value._replace(text=high, start=value.end - len(high)), at))
    match parts:
        case [Compare(value=first), Compare(value=last)] if first > last:
            raise reversed_range(value.start, value.end, f"{spell_name(*named)}:{high}..{low}")
    return all_of(parts)


def _span(field: Field, value: Value, at: Moment) -> Span:
    span = _read(field, value.text, at)
    if span is not None:
        return span
    raise _wrong(field, value, _meant(field, value, at))


def _meant(field: Field, value: Value, at: Moment) -> str:
    if field.kind == "time":
        near = meant_moment(value.text, now_ns=at.now_ns, zone_offset_s=at.zone_offset_s)
    elif field.kind == "duration" and number(value.text) is not None:
        return "give it a unit: 5s"
    else:
        near = meant_duration(value.text) if field.kind == "duration" else ""
    return f"did you mean {near}?" if near else ""


def _read(field: Field, text: str, at: Moment) -> Span | None:
    if field.kind == "time":
        return moment(text, now_ns=at.now_ns, zone_offset_s=at.zone_offset_s)
    if field.kind == "duration":
        exact: int | float | None = duration_ns(text)
    elif field.name == "severity" and (span := severity(text)) is not None:
        return span
    else:
        exact = number(text)
    return None if exact is None else Span(exact, exact)


def _wrong(field: Field, value: Value, hint: str) -> InvalidInput:
    expected = _EXPECTED[field.kind]
    if field.name == "severity":
        expected += ", or trace, debug, info, warn, error, fatal"
    shown = value.text[:80]
    return bad_query(
        f"{shown!r} is no value for {field.name}: expected {expected}",
        value.start,
        value.end,
        expected=[expected],
        hint=hint,
    )


def words(field: Field, value: Value) -> Query:
    """Words without a field, and those of a field of kind text."""
    text = value.text
    if not value.quoted and "*" in text:
        if _STARS.fullmatch(text):
            return All()
        return _part_of_word(field, value)
    return Words(field, _tokens(value, text))


def _tokens(value: Value, text: str) -> tuple[str, ...]:
    found = tuple(tokens(text))
    if not found:
        shown = value.text[:80]
        raise bad_query(
            f"nothing to search for in {shown!r}", value.start, value.end, expected=["a word with a letter or a digit"]
        )
    return found


def _part_of_word(field: Field, value: Value) -> Query:
    """`declin*` and `*clin*`. A star beside what separates words anyway adds nothing: `card-*` is `card`."""
    text = _STARS.sub("*", value.text)
    core = text.strip("*")
    starts_open = text[0] == "*" and is_token_char(core[0])
    ends_open = text[-1] == "*" and is_token_char(core[-1])
    found = _tokens(value, core)
    if "*" in core or (starts_open and not (ends_open and len(found) == 1)):
        raise bad_query(
            "a star ends a word (declin*), or stands at both ends of one (*clin*)",
            value.start,
            value.end,
            expected=["word*", "*word*"],
            hint="put it in quotes to search for the words around the star",
        )
    return Words(field, found, prefix=ends_open and not starts_open, infix=starts_open)
