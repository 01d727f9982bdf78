"""The byte scan that decides which events take the slow path of redaction, and which rules they need there.

It must say yes whenever a rule would take something or a marker has to be looked at; a needless yes costs
microseconds, a wrong no costs a secret. It looks at raw JSON, so an escape that may spell an ASCII letter,
digit or separator (`p\\u0061ssword`) is a yes for every rule. With the package `hyperscan` all hints run in
one pass; without it, needles are sought in a flattened copy of the body.

Rules are bits: bit `i` of an answer stands for rule `i`, so that a hit on a name spares the patterns.
"""

import re
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from graven.event.counting import digit_runs
from graven.event.redact.needles import Needles
from graven.event.redact.paths import step_hint, step_needle
from graven.event.redact.rules import Rule, flatten

__all__ = ["ALL_RULES", "Prefilter"]

ALL_RULES: Final = -1
"""Every bit: look with all rules."""

_ESCAPES: Final = r"\\u00(?:0[9a-d]|2[04-5a-f]|3[0-9abdf]|[4-7][0-9a-f])"
_MARKERS: Final = r"\$(?:redacted|sealed)"
_ESCAPE: Final = re.compile(_ESCAPES.encode(), re.IGNORECASE)
_MARKER: Final = re.compile(_MARKERS.encode())
# a run begins after another byte, or after an escape such as \u00e9, which may end in a digit itself
_CARD_DIGITS: Final = re.compile(rb"(?:(?<![0-9])|(?<=\\u[0-9a-f]{4}))[2-6][0-9]{13,15}(?![0-9])", re.IGNORECASE)
_GROUPS: Final = (b"0000-0000-0000-0000", b"0000-000000-0000")
_SHAPE: Final = bytes(
    0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte in b" -" else 0x61 for byte in range(256)
)  # digits to 0, card separators to -
# after the name: an element or member value of that name, or a member whose value could be redacted
_LAST: Final = r'\s*(?:[,\]}]|:\s*(?:[^{\snft]|\{\s*(?:[^"\s]|"[^$])))'
_MANY: Final = 10_000


class Prefilter:
    """Compiled hints of a rule set. Thread-safe."""

    def __init__(self, rules: Sequence[Rule], *, fast: bool = True) -> None:
        self._always = 0
        hints: dict[str, int] = {_ESCAPES: ALL_RULES, _MARKERS: 0}
        needles: dict[bytes, int] = {}
        self._cards = 0
        for number, rule in enumerate(rules):
            bit = 1 << number
            covered = _coverage(rule)
            if covered is None:
                self._always |= bit
                continue
            if "card_number" in rule.detectors:
                self._cards |= bit
            for hint in covered[0]:
                hints[hint] = hints.get(hint, 0) | bit
            for needle in covered[1]:
                needles[needle] = needles.get(needle, 0) | bit
        self._needles = Needles(needles)
        self._bits = list(hints.values())
        self._local = threading.local()
        self._database: Any = _compile(list(hints)) if fast else None

    @property
    def engine(self) -> str:
        """What does the scan: `hyperscan` or `needles`."""
        return "needles" if self._database is None else "hyperscan"

    def suspects(self, body: bytes, items: Sequence[bytes]) -> dict[int, int]:
        """Position of each item to look at → the rules to look with (0: markers only).

        `body` is the items joined by one byte.
        """
        if self._database is not None:
            found = self._scan(body, items)
        else:
            found = self._seek(body, items)
        if self._always:
            found = {at: found.get(at, 0) | self._always for at in range(len(items))}
        return found

    def _scan(self, body: bytes, items: Sequence[bytes]) -> dict[int, int]:
        hits: list[tuple[int, int]] = []
        bits = self._bits

        def seen(number: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            hits.append((end - 1, bits[number]))
            return len(hits) > _MANY or None

        try:
            self._database.scan(body, match_event_handler=seen, scratch=self._scratch())
        except Exception:  # stopping the scan is reported as an error
            if len(hits) <= _MANY:
                raise
            return dict.fromkeys(range(len(items)), ALL_RULES)
        if self._cards:
            hits += ((at, self._cards) for at in _card_places(body))
        return _by_item(hits, items) if hits else {}

    def _scratch(self) -> Any:
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:  # a scratch space serves one scan at a time
            import hyperscan

            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        return scratch

    def _seek(self, body: bytes, items: Sequence[bytes]) -> dict[int, int]:
        found: dict[int, int] = {}

        def note(test: Callable[[bytes], Any], bits: int, texts: Iterable[bytes]) -> None:
            for at, text in enumerate(texts):
                if test(text):
                    found[at] = found.get(at, 0) | bits

        if b"\\u00" in body:
            note(_ESCAPE.search, ALL_RULES, items)
        if b"$redacted" in body or b"$sealed" in body:
            note(_MARKER.search, 0, items)
        flat = flatten(body)
        present = self._needles.present(flat)
        if present:
            flats = [flatten(item) for item in items]
            for needle in present:
                note(_contains(needle), self._needles.bits[needle], flats)
        if self._cards:
            shape = body.translate(_SHAPE)
            places = [*_card_places(body), *(place for group in _GROUPS for place in _places(shape, group))]
            for at, bits in _by_item([(place, self._cards) for place in places], items).items():
                found[at] = found.get(at, 0) | bits
        return dict(sorted(found.items()))


def _coverage(rule: Rule) -> tuple[list[str], list[bytes]] | None:
    """(hints, needles) that together cover a rule, or None when nothing short of parsing does."""
    hints = list(rule.hints)
    needles = [flatten(needle.encode()) for needle in rule.needles]
    if rule.patterns or rule.detectors:
        hints = hints or [re.escape(needle) for needle in rule.needles]
        if not hints or not (needles or (rule.detectors == ("card_number",) and not rule.patterns)):
            return None
    for path in rule.paths:
        steps = path.split(".")
        best = max(steps, key=lambda step: len(step_needle(step)))
        if not step_needle(best):
            return None
        hints.append(step_hint(best) + (_LAST if best is steps[-1] else ""))
        needles.append(step_needle(best).encode())
    return hints, needles


def _contains(needle: bytes) -> Callable[[bytes], bool]:
    return lambda text: needle in text


def _places(shape: bytes, group: bytes) -> Iterator[int]:
    at = shape.find(group)
    while at >= 0:
        yield at
        at = shape.find(group, at + 1)


def _card_places(body: bytes) -> list[int]:
    """Offsets in digit runs that have the length and first digit of a card number."""
    return [at for at in digit_runs(body) if _CARD_DIGITS.search(body, max(0, at - 24), at + 32) is not None]


def _by_item(hits: list[tuple[int, int]], items: Sequence[bytes]) -> dict[int, int]:
    starts: list[int] = []
    offset = 0
    for item in items:
        starts.append(offset)
        offset += len(item) + 1
    found: dict[int, int] = {}
    for place, bits in sorted(hits):
        at = max(0, bisect_right(starts, place) - 1)
        found[at] = found.get(at, 0) | bits
    return found


def _compile(hints: Sequence[str]) -> Any:
    try:
        import hyperscan
    except ImportError:
        return None
    database = hyperscan.Database()
    flags = [hyperscan.HS_FLAG_CASELESS] * len(hints)
    database.compile(expressions=[hint.encode() for hint in hints], ids=list(range(len(hints))), flags=flags)
    return database
