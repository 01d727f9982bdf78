"""What the mappers of test reports share: what they give, ids that repeat, bounded text, statuses, times.

A mapper is pure: a stream (or bytes) in; `Mapped` events, `Refused` parts and facts `About` the file out, in order. It
raises `InvalidInput` where the file as a whole cannot be read on, with `details["line"]` when that is known.
An id follows from run, source, action, place and content, so importing a report again records nothing twice.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

__all__ = [
    "MAX_NAME_CHARS",
    "MAX_TEXT_CHARS",
    "OUTCOMES",
    "About",
    "Attach",
    "Mapped",
    "Refused",
    "Report",
    "SuiteCounts",
    "Text",
    "instant",
    "nanoseconds",
    "short_name",
    "text_of",
]

MAX_TEXT_CHARS: Final = 1_000_000
"""Characters kept of one text (an output, a trace, a message); the file itself is kept whole as a blob."""

MAX_NAME_CHARS: Final = 1024
"""Characters of the name of a test or suite; a longer one ends with a digest of the whole."""

MAX_SUITES: Final = 10_000
"""Suites counted at a time, for formats that do not say where one ends."""

OUTCOMES: Final = {
    "passed": "success",
    "xfailed": "success",
    "xpassed": "success",
    "failed": "failure",
    "error": "error",
    "skipped": "unknown",
}
"""Outcome by `qa.status`; a strict xpass is a failure, which only the mapper knows."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S: Final = 253_402_300_799  # the last second of the year 9999
_encode: Final = msgspec.json.Encoder().encode


Attach = Callable[[str, str, str], "dict[str, Any] | None"]
"""(file name or path, title, media type) → the attachment of the event, or None when the file is not kept."""


class Mapped(NamedTuple):
    """An event, the line (from 1) at which its source begins, and the event's JSON."""

    line: int
    event: dict[str, Any]
    content: bytes


class Refused(NamedTuple):
    """A part that is no event: its line (from 1; 0 when it is not known) and the reason."""

    line: int
    reason: str


class About(NamedTuple):
    """What a file says of itself (tool, environment), for the event of its import."""

    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What every event of a report says: the run, the source and who reported. `prefix` begins the ids."""

    run: str
    source: str
    prefix: str
    actor_id: str
    environment: str | None = None

    def event(self, action: str, outcome: str, qa: dict[str, Any]) -> dict[str, Any]:
        """The members that all events have; the id comes with `identified`."""
        event: dict[str, Any] = {
            "id": "",
            "source": self.source,
            "action": action,
            "outcome": outcome,
            "actor": {"type": "ci", "id": self.actor_id},
            "qa": {"run": self.run, **qa},
        }
        if self.environment is not None:
            event["qa"]["environment"] = self.environment
        return event

    def identified(self, event: dict[str, Any], *place: str) -> dict[str, Any]:
        """The same, with an id that follows from its place in the report and its content."""
        self._spelt(event, place)
        return event

    def mapped(self, line: int, event: dict[str, Any], *place: str) -> Mapped:
        """The event with such an id, encoded once."""
        return Mapped(line, event, self._spelt(event, place))

    def _spelt(self, event: dict[str, Any], place: tuple[str, ...]) -> bytes:
        event["id"] = ""
        text = "\x00".join((self.run, self.source, event["action"], *place, ""))
        spelt = _encode(event)
        made = event["id"] = f"{self.prefix}-{hashlib.sha256(text.encode() + spelt).hexdigest()[:40]}"
        return b'{"id":"%b%b' % (made.encode(), spelt[7:])  # `event` made it the first member

    def suite(self, name: str, counts: "Counter[str]", *place: str) -> dict[str, Any]:
        """A `test.suite.finish` with its counts, still without an id of its own."""
        bad = counts["failed"] + counts["error"]
        event = self.event(
            "test.suite.finish",
            "failure" if bad else "success",
            {"suite": name, "status": "failed" if bad else "passed"},
        )
        event["targets"] = [{"type": "suite", "id": name}]
        if counts:
            event["attributes"] = {"counts": dict(sorted(counts.items()))}
        return event


class SuiteCounts:
    """Statuses by suite, for formats that name the suite with each test; `finish` gives the suites' events."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._suites: dict[str, Counter[str]] = {}
        self._flushed = 0

    def add(self, suite: str, status: str) -> "list[Mapped]":
        """Count; gives suites that are let go, when there are more than anybody has."""
        full = self.finish() if suite not in self._suites and len(self._suites) >= MAX_SUITES else []
        self._suites.setdefault(suite, Counter())[status] += 1
        return full

    def finish(self) -> "list[Mapped]":
        """The events of all suites that were counted since."""
        part, self._flushed = str(self._flushed), self._flushed + 1
        suites, self._suites = self._suites, {}
        return [self._report.mapped(0, self._report.suite(name, counts), name, part) for name, counts in suites.items()]


class Text:
    """A text that arrives in pieces, of which `MAX_TEXT_CHARS` are kept."""

    __slots__ = ("_hashed", "_kept", "_parts", "size")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._kept = 0
        self._hashed: Any = None
        self.size = 0

    def add(self, piece: str) -> None:
        """Append `piece`."""
        self.size += len(piece)
        if self._hashed is not None:
            self._hashed.update(piece.encode())
            return
        self._parts.append(piece)
        self._kept += len(piece)
        if self._kept > MAX_TEXT_CHARS:
            whole = "".join(self._parts)
            self._hashed = hashlib.sha256(whole.encode())
            self._parts = [whole[:MAX_TEXT_CHARS]]

    def value(self) -> str:
        """What is kept; a cut text says so at its end, with its full size and digest."""
        text = "".join(self._parts)
        if self._hashed is None:
            return text
        return f"{text}\n[cut: {self.size} characters, sha256 {self._hashed.hexdigest()}]"


def text_of(value: Any) -> str:
    """A JSON value as bounded text: a string as it is, lists of strings by lines, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "\n".join(value)
    text = Text()
    text.add(value if isinstance(value, str) else _encode(value).decode())
    return text.value()


def short_name(text: str) -> str:
    """`text`, or its beginning with a digest of the whole when it is longer than `MAX_NAME_CHARS`."""
    if len(text) <= MAX_NAME_CHARS:
        return text
    return f"{text[:MAX_NAME_CHARS]}… {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def instant(milliseconds: Any) -> str | None:
    """RFC 3339 of milliseconds since 1970, or None when the value is no such time."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    if not 0 < milliseconds <= _LATEST_S * 1000:
        return None
    moment = _EPOCH + timedelta(microseconds=round(milliseconds * 1000))
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def nanoseconds(value: Any, unit_ns: int) -> int | None:
    """A duration in units of `unit_ns` as whole nanoseconds, or None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**33 * 1e9 / unit_ns:
        return None
    return round(value * unit_ns)
