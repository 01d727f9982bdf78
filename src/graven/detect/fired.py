"""An alert that fired: a value that follows from the log alone, and the entry of `system` that records it.

The id is made of what fired and on which entries, and the entry's bytes hold no clock but the log's. So when a crash
makes a watch fire again, the entry is the same to the byte, and the log's own idempotency keeps one.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from graven.detect.rule import SEVERITIES, Alert, digest_of
from graven.event.envelope import format_time
from graven.index.query.times import spell_duration

__all__ = [
    "MOST_INDEXES",
    "Fired",
    "Found",
    "More",
    "bounded",
    "fire_event",
    "message_of",
    "message_without_values",
    "more_of",
]

MOST_INDEXES: Final = 100
"""So many entries are named; beyond that the first and the last fifty."""


class More(msgspec.Struct, frozen=True):
    """What a finding stands for that is one for many (`flood`): so many firings, of so many values of `by` (0 without
    one), or of more than that when `is_least`."""

    firings: int
    values: int
    is_least: bool = False


class Found(msgspec.Struct, frozen=True):
    """What a watch sees. Times are received times of the log, Unix ns.

    `at_ns`: when it fired; `since_ns`: the first entry that counts, or the last match before a silence. `count`:
    entries that count; `indexes` names them (`bounded`). `group` is the value of `by`. `rested`: matches since the
    last firing that are not among them, because the alert rested or they lay too far back. With `more`, `indexes` are
    the first and the last entry of what it stands for, and others may lie between them that have no part in it.
    """

    at_ns: int
    since_ns: int
    count: int
    indexes: tuple[int, ...]
    group: str | None = None
    rested: int = 0
    what: str = ""
    more: More | None = None


class Fired(msgspec.Struct, frozen=True):
    """A finding of the alert `alert` on the log `log`."""

    id: str
    log: str
    alert: Alert
    found: Found

    @classmethod
    def of(cls, log: str, alert: Alert, found: Found) -> "Fired":
        """With the id that follows from it."""
        said = (digest_of(alert), log, found.group, found.at_ns, found.indexes, *(("more",) if found.more else ()))
        return cls(f"alert-{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}", log, alert, found)


def bounded(indexes: Sequence[int]) -> tuple[int, ...]:
    """All of them, or the first and the last fifty."""
    half = MOST_INDEXES // 2
    return tuple(indexes) if len(indexes) <= MOST_INDEXES else (*indexes[:half], *indexes[-half:])


def message_of(fired: Fired) -> str:
    """One sentence for people who may read `system`: it holds the value of `by`, or the name of a test."""
    threshold, found = fired.alert.threshold, fired.found
    if found.what:
        return f"{_name(fired)}: {found.what}"
    if threshold is None or found.group is None:
        return message_without_values(fired)
    return f"{_name(fired)}: {_matches(found.count)} of {threshold.by} {found.group}{_within(fired)}"


def message_without_values(fired: Fired) -> str:
    """One sentence for people who may not read anything: nothing in it comes from an entry."""
    alert, found = fired.alert, fired.found
    if found.more is not None:
        return f"{_name(fired)}: {_more(found.more, alert)}{_range(found.indexes)}"
    if alert.silence is not None:
        return f"{_name(fired)}: no match for {_span(alert.silence.window_s)}"
    if alert.threshold is None:
        return f"{_name(fired)}: a test got another result after its run was closed"
    of = f" of one {alert.threshold.by}" if found.group is not None else ""
    return f"{_name(fired)}: {_matches(found.count)}{of}{_within(fired)}"


def _name(fired: Fired) -> str:
    return f"{fired.log}/{fired.alert.name}"


def _matches(count: int) -> str:
    return "1 match" if count == 1 else f"{count} matches"


def _more(more: More, alert: Alert) -> str:
    times = "1 more firing" if more.firings == 1 else f"{more.firings:,} more firings"
    by = None if alert.threshold is None else alert.threshold.by
    least = "at least " if more.is_least else ""
    of = "" if by is None else f" for {least}{more.values:,} value{'' if more.values == 1 else 's'} of {by}"
    return f"{times} within the same minute{of}, for all of which this one stands"


def _range(indexes: Sequence[int]) -> str:
    """In the words of the query language, so that it can be searched for."""
    return f": index:{indexes[0]}..{indexes[-1]}" if indexes else ""


def _span(seconds: int) -> str:
    return spell_duration(seconds * 1_000_000_000)


def _within(fired: Fired) -> str:
    threshold = fired.alert.threshold
    return f" within {_span(threshold.window_s)}" if threshold is not None and fired.found.count > 1 else ""


def fire_event(fired: Fired) -> dict[str, Any]:
    """The event/1 `alert.fire`. Its attributes name the log, the definition, and the entries that it rests on."""
    found = fired.found
    return {
        "id": fired.id,
        "time": format_time(found.at_ns),
        "action": "alert.fire",
        "source": "graven",
        "severity": SEVERITIES[fired.alert.severity],
        "actor": {"type": "system", "id": "graven"},
        "targets": [{"type": "alert", "id": f"{fired.log}/{fired.alert.name}"}, {"type": "log", "id": fired.log}],
        "message": message_of(fired),
        "attributes": {
            "alert": fired.alert.name,
            "log": fired.log,
            "definition": digest_of(fired.alert),
            "since": format_time(found.since_ns),
            "count": found.count,
            "indexes": list(found.indexes),
            **({} if found.group is None else {"group": found.group}),
            **({} if not found.rested else {"rested": found.rested}),
            **({} if found.more is None else {"more": more_of(found.more)}),
        },
    }


def more_of(more: More) -> dict[str, Any]:
    """As records and messages have it; `is_least` only where it is."""
    return {"firings": more.firings, "values": more.values, **({"is_least": True} if more.is_least else {})}
