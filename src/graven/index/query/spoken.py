"""Moments and durations as people say them (`yesterday`, `2 hours ago`, `now-1h`, `27.11.2026`), told as this language
spells them. A guess for a hint: nothing is understood by it.
"""

import re
from fractions import Fraction
from typing import Final

from graven.index.query.times import duration_ns, moment, spell_duration, spell_time

__all__ = ["meant_duration", "meant_moment"]

_SECOND: Final = 1_000_000_000
_DAY: Final = 86_400 * _SECOND
_LONGEST: Final = 64
_UNITS: Final = {
    "ns": ("nanosecond", "nanoseconds"),
    "us": ("microsecond", "microseconds", "usec"),
    "ms": ("millisecond", "milliseconds", "msec", "milli", "millis"),
    "s": ("sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
    "w": ("wk", "wks", "week", "weeks"),
    "30d": ("mo", "mon", "month", "months"),
    "365d": ("y", "yr", "yrs", "year", "years"),
}
_UNIT_OF: Final = {word: unit for unit, words in _UNITS.items() for word in (unit, *words)}
_NUMBERS: Final = {"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "half an": "0.5", "": "1"}
_AROUND: Final = re.compile(
    r"^(?:now\s*-|-|in the|the|in(?= (?:last|past|previous) )|since|for)?\s*(?:last|past|previous|this)?\s*"
    r"|\s*(?:ago|back|before)$"
)
"""What is said around a length of time that has passed; `in 2 hours` is still to come."""
_AMOUNT: Final = re.compile(r"(\d+(?:\.\d+)?|half an|an?|one|two|three|)\s*([a-z]+)\s*(?:and|,)?\s*")
_DAYS: Final = ("thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday")
"""In the order of the days since 1970-01-01, a Thursday."""
_CLOCK: Final = r"(?:[t\s]+(\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(z|utc|gmt|[+-]\d\d:?\d\d)?)?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})[-/.]?(\d\d)?(?:[-/.]?(\d\d))?{_CLOCK}")
_YEAR_LAST: Final = re.compile(rf"(\d\d?)([./-])(\d\d?)\2(\d{{4}}){_CLOCK}")
_TIME_OF_DAY: Final = re.compile(r"(?:today\s+)?(?:at\s+)?(\d\d?):(\d\d)(?::(\d\d))?")
_EPOCHS: Final = {10: _SECOND, 13: 1_000_000, 16: 1_000, 19: 1}
"""Digits of a Unix time of our days, and what its unit is in nanoseconds."""


def meant_duration(text: str) -> str:
    """`2 seconds` is `2s`, `1h30m` is `90m`; empty when it says none."""
    text = " ".join(text.lower().split())
    if len(text) > _LONGEST or not text:
        return ""
    total, at = Fraction(0), 0
    while at < len(text):
        match = _AMOUNT.match(text, at)
        unit = _UNIT_OF.get(match.group(2)) if match is not None else None
        if match is None or unit is None:
            return ""
        each = duration_ns(unit if unit[0].isdigit() else f"1{unit}") or 0
        total += Fraction(_NUMBERS.get(match.group(1), match.group(1))) * each
        at = match.end()
    spelled = spell_duration(int(total))
    return spelled if total.denominator == 1 and duration_ns(spelled) is not None else ""


def meant_moment(text: str, *, now_ns: int, zone_offset_s: int = 0) -> str:
    """The spelling of the moment that was probably meant; empty when none is near."""
    said = " ".join(text.strip("'\"@ ").lower().split())
    if not said or len(said) > _LONGEST:
        return ""
    today = now_ns + zone_offset_s * _SECOND
    for read in (_by_name, _by_length, _by_number, _by_time_of_day, _by_date):
        spelled = read(said, today)
        if spelled and moment(spelled, now_ns=now_ns, zone_offset_s=zone_offset_s) is not None:
            return spelled
    return ""


def _date(local_ns: int) -> str:
    return spell_time(local_ns)[:10]


def _by_name(said: str, today: int) -> str:
    match said:
        case "yesterday" | "last night":
            return "1d"
        case "today" | "tonight" | "this morning" | "midnight" | "since midnight":
            return _date(today)
        case "just now" | "now()" | "right now":
            return "now"
    name = said.removeprefix("last ").removeprefix("since ").removeprefix("on ")
    wanted = [at for at, day in enumerate(_DAYS) if len(name) >= 3 and day.startswith(name)]
    if len(wanted) != 1:
        return ""
    back = (today // _DAY - wanted[0]) % 7 or (7 if said.startswith("last ") else 0)
    return _date(today - back * _DAY)


def _by_length(said: str, today: int) -> str:
    return meant_duration(_AROUND.sub("", said).strip())


def _by_number(said: str, today: int) -> str:
    if not (said.isascii() and said.isdecimal()):
        return ""
    if unit := _EPOCHS.get(len(said)):
        return spell_time(int(said) * unit)[:19] + "Z"
    return f"{int(said)}m" if len(said) < 4 else ""


def _by_time_of_day(said: str, today: int) -> str:
    match = _TIME_OF_DAY.fullmatch(said)
    if match is None:
        return ""
    hour, minute, second = match.groups()
    return f"{_date(today)}T{int(hour):02}:{minute}" + (f":{second}" if second else "")


def _by_date(said: str, today: int) -> str:
    match = _YEAR_FIRST.fullmatch(said)
    if match is not None:
        year, month, day, clock, zone = match.groups()
        return _spelled(year, month or "01", day or "01", clock, zone)
    match = _YEAR_LAST.fullmatch(said)
    if match is None:
        return ""
    first, sign, second, year, clock, zone = match.groups()
    american = sign == "/" and int(second) > 12
    if sign == "/" and not american and int(first) <= 12:
        return ""  # 11/10/2026 is one day here and another there
    day, month = (second, first) if american else (first, second)
    return _spelled(year, month, day, clock, zone)


def _spelled(year: str, month: str, day: str, clock: str | None, zone: str | None) -> str:
    spelled = f"{year}-{int(month):02}-{int(day):02}"
    if clock is None:
        return spelled
    spelled += f"T{clock.zfill(5) if len(clock) < 5 else clock}"
    if zone is None:
        return spelled
    return spelled + ("Z" if zone[0] not in "+-" else f"{zone[:3]}:{zone[-2:]}")
