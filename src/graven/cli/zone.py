"""The zone that times are read and shown in: one offset for a whole answer, this machine's unless one is named."""

import time
from typing import Final, NamedTuple

from graven.errors import UsageError
from graven.index.query.times import spell_time, time_ns, zone_offset_s

__all__ = ["Zone", "ago", "zone_of"]

_SECOND: Final = 1_000_000_000


class Zone(NamedTuple):
    """`text` is `Z` or an offset such as `+02:00`, as the calls take it."""

    offset_s: int
    text: str

    def shown(self, moment_ns: int, *, now_ns: int) -> str:
        """`10:15:03.123` for a moment of today, `2026-11-26 10:15:03` for another."""
        local = spell_time(moment_ns + self.offset_s * _SECOND)
        today = spell_time(now_ns + self.offset_s * _SECOND)[:10]
        return local[11:23] if local[:10] == today else local[:19].replace("T", " ")

    def whole(self, text: str) -> str:
        """An RFC 3339 time in this zone, as exact as it was; as it is when it is none."""
        moment = time_ns(text)
        if moment is None:
            return text
        _, dot, digits = text.upper().partition(".")
        kept = len(digits.rstrip("Z").split("+")[0].split("-")[0]) if dot else 0
        local = spell_time(moment + self.offset_s * _SECOND)
        return local[: 20 + kept if kept else 19] + self.text


def zone_of(text: str | None, *, now_s: float) -> Zone:
    """`local` (and None), `Z`, `UTC`, or an offset. UsageError for anything else."""
    if text is None or text.lower() == "local":
        offset = time.localtime(now_s).tm_gmtoff // 60 * 60
        sign, size = ("-", -offset) if offset < 0 else ("+", offset)
        return Zone(offset, f"{sign}{size // 3_600:02}:{size // 60 % 60:02}" if offset else "Z")
    spelled = "Z" if text.upper() in {"Z", "UTC", "+00:00", "-00:00"} else text
    found = zone_offset_s(spelled)
    if found is None:
        raise UsageError(f"--zone {text}: no zone", hint="--zone local, --zone Z, or an offset such as --zone +02:00")
    return Zone(found, spelled)


def ago(moment_ns: int, *, now_ns: int) -> str:
    """`now`, `42 s ago`, `3 h ago`, `12 d ago`; `in 5 s` for what is still to come."""
    seconds = (now_ns - moment_ns) / _SECOND
    size = abs(seconds)
    if size < 1:
        return "now"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if size >= 2 * length or length == 1:
            text = f"{int(size // length)} {unit}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    raise AssertionError(size)
