"""Durations and moments as people write them. All numbers are nanoseconds; moments are Unix time within 64 bits.

A moment stands for as much time as it spells: a date for its day, `10:15` for that minute, nine digits for one
nanosecond. So `received:2026-11-27` is that day, and `received>2026-11-27` begins with the next.
"""

import calendar
import re
from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

__all__ = [
    "MAX_NS",
    "MIN_NS",
    "Span",
    "clamp",
    "duration_ns",
    "moment",
    "spell_duration",
    "spell_time",
    "time_ns",
    "zone_offset_s",
]

MIN_NS: Final = -(2**63)
MAX_NS: Final = 2**63 - 1
_SECOND: Final = 1_000_000_000
_DAY_S: Final = 86_400
_UNITS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,  # the Greek letter, which some keyboards give
    "ms": 1_000_000,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3_600 * _SECOND,
    "d": _DAY_S * _SECOND,
    "w": 7 * _DAY_S * _SECOND,
}
_DURATION: Final = re.compile(r"(-?)([0-9]{1,30}(?:\.[0-9]{1,30})?)(ns|us|µs|μs|ms|s|m|h|d|w)")
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_ZONE: Final = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_YEARS_400_DAYS: Final = 146_097


class Span(NamedTuple):
    """The first and the last value that a spelling stands for, both included."""

    first: int | float
    last: int | float


def clamp(value: int) -> int:
    """The nearest value that 64 bits hold: the years 1677 to 2262 for a moment.

    The lowest number of 64 bits is left free: it stands for an absent one in the columns.
    """
    return max(MIN_NS + 1, min(MAX_NS, value))


def duration_ns(text: str) -> int | None:
    """`250ms`, `2s`, `1.5h`, `-3d`; None when it is none, is finer than a nanosecond or needs more than 64 bits."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    sign, number, unit = match.groups()
    value = Fraction(number) * _UNITS[unit]
    if value.denominator != 1 or value > MAX_NS:
        return None
    return -value.numerator if sign else value.numerator


def spell_duration(ns: int) -> str:
    """The shortest spelling with a whole number: `1500ms`; the inverse of `duration_ns`."""
    for unit in ("w", "d", "h", "m", "s", "ms", "us"):
        if ns and ns % _UNITS[unit] == 0:
            return f"{ns // _UNITS[unit]}{unit}"
    return f"{ns}ns"


def zone_offset_s(text: str) -> int | None:
    """Seconds east of UTC of `Z` or `+02:00`, None when it is none."""
    if text in ("Z", "z"):
        return 0
    match = _ZONE.fullmatch(text)
    if match is None:
        return None
    sign, hours, minutes = match.groups()
    if int(hours) > 23 or int(minutes) > 59:
        return None
    offset = int(hours) * 3_600 + int(minutes) * 60
    return -offset if sign == "-" else offset


def time_ns(text: str) -> int | None:
    """Unix nanoseconds of an RFC 3339 time with a zone, within 64 bits; None when it is none.

    A leap second counts as the second before.
    """
    match = _MOMENT.fullmatch(text)
    if match is None or match.group(6) is None or match.group(8) is None or text[10] == " ":
        return None
    span = _span(match, 0)
    return None if span is None else clamp(int(span.first))


def moment(text: str, *, now_ns: int, zone_offset_s: int = 0) -> Span | None:
    """The span of a time, a date, `now`, or a duration before now (`2h`); None when it is none.

    `zone_offset_s` holds for what names no zone.
    """
    if text == "now":
        return Span(clamp(now_ns), clamp(now_ns))
    before = duration_ns(text)
    if before is not None:
        return Span(clamp(now_ns - before), clamp(now_ns - before)) if before >= 0 else None
    match = _MOMENT.fullmatch(text)
    span = None if match is None else _span(match, zone_offset_s)
    return None if span is None else Span(clamp(int(span.first)), clamp(int(span.last)))


def _span(match: re.Match[str], offset_s: int) -> Span | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    days = _days(int(year), int(month), int(day))
    if zone is not None:
        zone_s = zone_offset_s(zone)
        if zone_s is None:
            return None
        offset_s = zone_s
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if days is None or hours > 23 or minutes > 59 or seconds > 60:
        return None
    whole = days * _DAY_S + hours * 3_600 + minutes * 60 + min(seconds, 59) - offset_s
    first = whole * _SECOND + int((fraction or "0").ljust(9, "0"))
    if hour is None:
        width = _DAY_S * _SECOND
    elif second is None:
        width = 60 * _SECOND
    else:
        width = 10 ** (9 - len(fraction or ""))
    return Span(first, first + width - 1)


def _days(year: int, month: int, day: int) -> int | None:
    """Days since 1970-01-01 in the Gregorian calendar, which has a year 0 though `datetime` has none."""
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    if day > calendar.monthrange(2000 if year == 0 else year, month)[1]:
        return None
    if year == 0:
        return date(400, month, day).toordinal() - _YEARS_400_DAYS - _EPOCH_DAY
    return date(year, month, day).toordinal() - _EPOCH_DAY


def spell_time(unix_ns: int) -> str:
    """RFC 3339 in UTC with nine digits, for any moment of 64 bits."""
    seconds, fraction = divmod(unix_ns, _SECOND)
    days, second = divmod(seconds, _DAY_S)
    day = date.fromordinal(days + _EPOCH_DAY)
    hour, second = divmod(second, 3_600)
    minute, second = divmod(second, 60)
    return f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z"
