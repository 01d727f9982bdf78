"""The byte scan that decides which events take the slow path of redaction.

It must say yes whenever a rule would take something or a marker has to be looked at; a needless yes costs
microseconds, a wrong no costs a secret. It looks at raw JSON, so an escape that may spell an ASCII letter,
digit or separator (`p\\u0061ssword`) is a yes by itself. With the package `hyperscan` all hints run in one
pass; without it, needles are sought in the whole body and hints only in events that hold one.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final

from graven.event.redact.paths import step_hint, step_needle
from graven.event.redact.rules import Rule, flatten

__all__ = ["Prefilter"]

_ESCAPES: Final = r"\\u00(?:0[9a-d]|2[04-5a-f]|3[0-9abdf]|[4-7][0-9a-f])"
_MARKERS: Final = r"\$(?:redacted|sealed)"
_DIGITS: Final = b"0" * 14
_ONLY_DIGITS: Final = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x61 for byte in range(256))
# after the name: an element or member value of that name, or a member whose value could be redacted
_LAST: Final = r'\s*(?:[,\]}]|:\s*(?:[^{\snft]|\{\s*(?:[^"\s]|"[^$])))'
_MANY: Final = 10_000


class _TooMany(Exception):  # noqa: N818  # a signal, never seen outside
    pass


def _rule_hints(rule: Rule) -> tuple[list[str], list[str]] | None:
    """(hints, needles) that together cover a rule, or None when nothing short of parsing does."""
    hints = list(rule.hints)
    needles = [flatten(needle.encode()).decode() for needle in rule.needles]
    if rule.patterns or rule.detectors:
        if not hints:
            hints = [re.escape(needle) for needle in rule.needles]
        if not hints or not (needles or rule.detectors == ("card_number",)):
            return None
    for path in rule.paths:
        steps = path.split(".")
        best = max(steps, key=lambda step: len(step_needle(step)))
        if not step_needle(best):
            return None
        hints.append(step_hint(best) + (_LAST if best is steps[-1] else ""))
        needles.append(step_needle(best))
    return hints, needles


class Prefilter:
    """Compiled hints of a rule set. Thread-safe."""

    def __init__(self, rules: Sequence[Rule], *, fast: bool = True) -> None:
        covered = [_rule_hints(rule) for rule in rules]
        self._all = None in covered
        hints = [hint for cover in covered if cover for hint in cover[0]]
        self._hints = [_ESCAPES, _MARKERS, *dict.fromkeys(hints)]
        self._needles = _shortest({needle.encode() for cover in covered if cover for needle in cover[1]})
        self._digits = any("card_number" in rule.detectors for rule in rules)
        self._regex = re.compile("|".join(self._hints).encode(), re.IGNORECASE)
        self._local = threading.local()
        self._database: Any = _compile(self._hints) if fast and not self._all else None

    @property
    def engine(self) -> str:
        """What does the scan: `hyperscan`, `needles`, or `none` when every event takes the slow path."""
        if self._all:
            return "none"
        return "needles" if self._database is None else "hyperscan"

    def suspects(self, body: bytes, items: Sequence[bytes]) -> list[int]:
        """Positions of the items to look at, ascending. `body` is the items joined by one byte."""
        if self._all:
            return list(range(len(items)))
        if self._database is not None:
            return self._scan(body, items)
        return self._seek(body, items)

    def _scan(self, body: bytes, items: Sequence[bytes]) -> list[int]:
        ends: list[int] = []

        def found(_id: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            ends.append(end)
            return len(ends) > _MANY or None

        try:
            self._database.scan(body, match_event_handler=found, scratch=self._scratch())
        except Exception:
            if len(ends) <= _MANY:
                raise
        if not ends:
            return []
        if len(ends) > _MANY:
            return list(range(len(items)))
        starts = _starts(items)
        return sorted({max(0, bisect_right(starts, end - 1) - 1) for end in ends})

    def _scratch(self) -> Any:
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:  # a scratch space serves one scan at a time
            import hyperscan

            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch

    def _seek(self, body: bytes, items: Sequence[bytes]) -> list[int]:
        flat = flatten(body)
        needles = [needle for needle in self._needles if needle in flat]
        escapes = b"\\u00" in body
        markers = b"$" in body
        digits = self._digits and _DIGITS in body.translate(_ONLY_DIGITS, b" -")
        if not (needles or escapes or markers or digits):
            return []
        search = self._regex.search
        return [at for at, item in enumerate(items) if search(item) is not None]


def _starts(items: Sequence[bytes]) -> list[int]:
    starts: list[int] = []
    at = 0
    for item in items:
        starts.append(at)
        at += len(item) + 1
    return starts


def _shortest(needles: set[bytes]) -> list[bytes]:
    """Needles without those that contain another one."""
    return [needle for needle in sorted(needles) if not any(other in needle for other in needles - {needle})]


def _compile(hints: Sequence[str]) -> Any:
    try:
        import hyperscan
    except ImportError:
        return None
    database = hyperscan.Database()
    flags = [hyperscan.HS_FLAG_CASELESS] * len(hints)
    database.compile(expressions=[hint.encode() for hint in hints], ids=list(range(len(hints))), flags=flags)
    return database
