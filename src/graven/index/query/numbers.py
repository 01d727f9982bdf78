"""Numbers as the query language spells them, each with one value: `5.0` is 5."""

import math
import re
from decimal import Decimal
from typing import Final

from graven.index.query.times import Span

__all__ = ["EXACT", "SEVERITIES", "number", "severity", "spell_number", "whole_numbers"]

EXACT: Final = 2**127 - 1
"""Whole numbers from -EXACT to EXACT are compared exactly, others as the nearest float: the engine has none wider."""

_NUMBER: Final = re.compile(r"(-?)0*([0-9]+)(?:\.([0-9]+))?")
_SEVERITY: Final = re.compile(r"(trace|debug|info|warn|error|fatal)([1-4]?)", re.IGNORECASE)

SEVERITIES: Final = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""The first of the four numbers of each OpenTelemetry severity."""


def number(text: str) -> int | float | None:
    """A decimal number, or None: an int where it is a whole number up to `EXACT`, else the nearest float."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, digits, fraction = match.groups(default="")
    if not fraction.strip("0") and len(digits) <= len(str(EXACT)) and int(digits) <= EXACT:
        return int(sign + digits)
    real = float(text)
    if real in (float("inf"), float("-inf")):
        return None
    return int(real) if real.is_integer() and abs(real) <= EXACT else real


def spell_number(value: float) -> str:
    """The shortest spelling without an exponent that `number` takes back to `value`."""
    if isinstance(value, int) or value.is_integer():  # the digits of a large repr are not the exact ones
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def severity(text: str) -> Span | None:
    """`error` is 17 to 20, `error2` is 18, as OpenTelemetry names them."""
    match = _SEVERITY.fullmatch(text)
    if match is None:
        return None
    first = SEVERITIES[match.group(1).lower()]
    if match.group(2):
        return Span(first + int(match.group(2)) - 1, first + int(match.group(2)) - 1)
    return Span(first, first + 3)


def whole_numbers(operator: str, value: float) -> tuple[int | None, int | None]:
    """[start, stop) of the whole numbers that stand in that relation (`= < <= > >=`) to `value`; None is no bound."""
    match operator:
        case ">=":
            return math.ceil(value), None
        case ">":
            return math.floor(value) + 1, None
        case "<":
            return None, math.ceil(value)
        case "<=":
            return None, math.floor(value) + 1
        case _:
            return math.ceil(value), math.floor(value) + 1
