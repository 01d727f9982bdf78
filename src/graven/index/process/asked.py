"""The parameters of a call, as texts, turned into what an answer needs. Everything that a client may get wrong is
refused here, with a message that names the parameter."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from graven.errors import InvalidInput
from graven.index.answers.order import Order
from graven.index.query.ast import And, Compare, Query, all_of
from graven.index.query.fields import BY_NAME, FACETS, Field
from graven.index.query.numbers import whole_numbers
from graven.index.query.parse import Clock, parse
from graven.index.query.problems import nearest
from graven.index.query.spoken import meant_moment
from graven.index.query.times import moment
from graven.tlog.encoding import decode_decimal

__all__ = [
    "MOST",
    "Asked",
    "asked",
    "bounds_of",
    "choice",
    "facet_fields",
    "number_of",
    "order_of",
    "span_asked",
    "without_times",
]

MOST: Final = 1_000
"""Events on a page, at most."""

_ZONE: Final = re.compile(r"([+-])([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


class Asked(NamedTuple):
    """A query with its clock; `question` is everything that its answer depends on, as texts."""

    query: Query
    clock: Clock
    now_ns: int
    question: tuple[str, ...]


def asked(log: str, parameters: Mapping[str, str], now_ns: int) -> Asked:
    """The query of `q`, `clock`, `since`, `until` and `zone`. InvalidInput (`bad_query`, `bad_parameter`)."""
    text, zone = parameters.get("q", ""), parameters.get("zone", "Z")
    clock = cast("Clock", choice(parameters, "clock", ("received", "claimed")))
    offset = _zone_offset(zone)
    parsed = parse(text, now_ns=now_ns, clock=clock, zone_offset_s=offset)
    field = BY_NAME["received" if parsed.clock == "received" else "time"]
    bounds: list[Query] = []
    for name, operator in (("since", ">="), ("until", "<")):
        if (given := parameters.get(name)) is not None:
            span = moment(given, now_ns=now_ns, zone_offset_s=offset)
            if span is None:
                raise _no_moment(name, given, meant_moment(given, now_ns=now_ns, zone_offset_s=offset))
            bounds.append(Compare(field, operator, span.first))  # type: ignore[arg-type]  # one of two operators
    question = (log, text, clock, zone, parameters.get("since", ""), parameters.get("until", ""))
    return Asked(all_of([*bounds, parsed.query]), parsed.clock, now_ns, question)


def span_asked(query: Query, clock: Clock) -> tuple[int | None, int | None]:
    """[start, stop) in Unix ns on that clock, as far as the query itself bounds it."""
    return bounds_of(query, "received" if clock == "received" else "time")


def bounds_of(query: Query, column: str) -> tuple[int | None, int | None]:
    """[start, stop) of a column of whole numbers, as far as the conditions that must all hold bound it."""
    start: int | None = None
    stop: int | None = None
    for part in query.parts if isinstance(query, And) else (query,):
        match part:
            case Compare(field=Field(column=of), operator=operator, value=value) if of == column:
                low, high = whole_numbers(operator, value)
                start = start if low is None else low if start is None else max(start, low)
                stop = stop if high is None else high if stop is None else min(stop, high)
            case _:
                pass
    return start, stop


def number_of(parameters: Mapping[str, str], name: str, default: int, *, most: int, least: int = 1) -> int:
    """A decimal number within bounds; InvalidInput that names them."""
    text = parameters.get(name)
    if text is None:
        return default
    try:
        value = decode_decimal(text)
    except InvalidInput as error:
        raise _bad(name, text, f"a number from {least} to {most}") from error
    if not least <= value <= most:
        raise _bad(name, text, f"a number from {least} to {most}")
    return value


def choice(parameters: Mapping[str, str], name: str, options: tuple[str, ...]) -> str:
    """One of the options, the first when nothing is given."""
    value = parameters.get(name, options[0])
    if value not in options:
        raise _bad(name, value, " or ".join(options))
    return value


def order_of(parameters: Mapping[str, str]) -> Order:
    return cast("Order", choice(parameters, "order", ("newest", "oldest")))


def facet_fields(names: str, parameter: str) -> list[Field]:
    """Fields by their names, separated by commas, that can be counted by value."""
    found = []
    for name in names.split(",") if names else ():
        field = BY_NAME.get(name)
        if field is None or field not in FACETS:
            known = [facet.name for facet in FACETS]
            near = nearest(name, known)
            hint = f'did you mean "{near}"?' if near else f"those that can be counted: {', '.join(known)}"
            raise InvalidInput(
                f"{parameter}: {name[:80]!r} cannot be counted by value", hint=hint, code="bad_parameter"
            )
        if field not in found:  # two spellings of one are counted once
            found.append(field)
    return found


def _zone_offset(zone: str) -> int:
    if zone == "Z":
        return 0
    match = _ZONE.fullmatch(zone.replace(" ", "+", 1))  # a plus in a query string that nobody escaped
    if match is None:
        raise _bad("zone", zone, "Z, or an offset such as +02:00")
    sign, hours, minutes = match.groups()
    return (int(hours) * 3_600 + int(minutes) * 60) * (-1 if sign == "-" else 1)


def _bad(name: str, value: str, expected: str) -> InvalidInput:
    return InvalidInput(
        f"{name}={value[:80]!r}: {expected} is expected", code="bad_parameter", details={"parameter": name}
    )


def _no_moment(name: str, value: str, meant: str) -> InvalidInput:
    """Details have `meant`, the spelling that was probably meant, where there is one."""
    error = _bad(name, value, "a time such as 2026-11-27T10:15:00Z, a date, or 2h for two hours ago")
    error.hint = f"did you mean {name}={meant}?" if meant else ""
    error.details |= {"meant": meant} if meant else {}
    return error


def without_times(query: Query, clock: str) -> Query:
    """The query without its bounds on that clock."""
    column = "received" if clock == "received" else "time"
    parts = query.parts if isinstance(query, And) else (query,)
    return all_of(part for part in parts if not (isinstance(part, Compare) and part.field.column == column))
