"""Alerts as people give and read them."""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graven.cli.access.questions import Question, Search
from graven.cli.printable import printable
from graven.cli.zone import ago
from graven.detect.rule import MAX_WINDOW_S, Alert, decode_alert
from graven.errors import GravenError, UsageError
from graven.index.query.times import duration_ns, spell_duration, time_ns

__all__ = ["alert_lines", "condition_text", "last_of", "made_alert", "seconds_of", "span_text", "state_text"]

_SECOND: Final = 1_000_000_000
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def made_alert(
    name: str,
    *,
    query: str | None,
    count: int | None,
    within: str | None,
    by: str | None,
    silent_for: str | None,
    to: Sequence[str] = (),
    severity: str | None = None,
    cooldown: str | None = None,
    enabled: bool = True,
) -> Alert:
    """The alert that options spell. UsageError for options that do not go together, InvalidInput for a bad value."""
    if silent_for is not None and (count is not None or within is not None or by is not None):
        raise UsageError("--silent-for is no count", hint="leave --count, --within and --by out, or set two alerts")
    if silent_for is None and (count is None or within is None):
        raise UsageError(
            "when does it fire?", hint="--count 10 --within 1m (so many matches), or --silent-for 10m (none any more)"
        )
    members: dict[str, Any] = {"name": name, "query": query or "", "to": list(to), "enabled": enabled}
    if silent_for is not None:
        members["silence"] = {"window_s": _window_of("--silent-for", silent_for)}
    else:
        threshold = {"count": count, "window_s": _window_of("--within", within or ""), "by": by}
        members["threshold"] = {key: value for key, value in threshold.items() if value is not None}
    if severity is not None:
        members["severity"] = severity
    if cooldown is not None:
        members["cooldown_s"] = _window_of("--cooldown", cooldown, least_s=0)
    return decode_alert(json.dumps(members).encode())


def _window_of(option: str, text: str, *, least_s: int = 1) -> int:
    """What `detect.rule` takes; UsageError that names the option otherwise."""
    seconds = seconds_of(option, text)
    if not least_s <= seconds <= MAX_WINDOW_S:
        raise UsageError(
            f"{option} {text}: {'a second to' if least_s else 'at most'} 31 days are taken",
            hint=f"{option} 90s, 5m, 1h, 1d",
        )
    return seconds


def span_text(seconds: int) -> str:
    """A span in its two largest units: `23h 58m`, `10m`, `0s`."""
    for (unit, size), (smaller, part) in itertools.pairwise((*_UNITS, ("", 1))):
        if seconds >= size:
            below = seconds % size // part
            return f"{seconds // size}{unit} {below}{smaller}" if below else f"{seconds // size}{unit}"
    return "0s"


def seconds_of(option: str, text: str) -> int:
    """Whole seconds of an option such as `10m`; UsageError for anything else."""
    ns = duration_ns(text)
    if ns is None or ns < 0 or ns % _SECOND:
        raise UsageError(f"{option} {text}: whole seconds are expected, with a unit", hint=f"{option} 90s, 5m, 1h, 1d")
    return ns // _SECOND


def condition_text(alert: Mapping[str, Any]) -> str:
    """`10 within 1m by actor`, `silence of 10m`, or the name of a shipped rule."""
    if (threshold := alert.get("threshold")) is not None:
        by = f" by {threshold['by']}" if threshold.get("by") else ""
        return f"{threshold['count']} within {spell_duration(threshold['window_s'] * _SECOND)}{by}"
    if (silence := alert.get("silence")) is not None:
        return f"silence of {spell_duration(silence['window_s'] * _SECOND)}"
    return str(alert.get("rule", "?"))


def state_text(found: Mapping[str, Any]) -> str:
    """`watched`, `off`, or what keeps it from listening."""
    if not found["alert"].get("enabled", True):
        return "off"
    return f"problem: {found['problem']}" if found.get("problem") else "watched"


def last_of(search: Search, action: str, log: str, name: str) -> Mapping[str, Any] | None:
    """The row of `system` that says when an alert last fired (`alert.fire`), or what became of telling somebody
    (`alert.deliver`); None when it never did, or may not be read."""
    try:
        return search.newest("system", Question(f"action:{action} target:alert/{log}/{name}")).row
    except GravenError:  # no right to read `system`, or the index is away: the alert is worth showing
        return None


def _moment(row: Mapping[str, Any] | None) -> int | None:
    return None if row is None else time_ns(str(row.get("time") or row.get("received")))


def _failure(delivery: Mapping[str, Any] | None, now_ns: int) -> str | None:
    """What became of the last delivery, when it failed."""
    moment = _moment(delivery)
    if delivery is None or moment is None or delivery.get("outcome") != "failure":
        return None
    why = str(delivery.get("message") or "").partition(" not delivered to ")[2]
    return f"FAILED {ago(moment, now_ns=now_ns)}: {why or 'not delivered'}"


def alert_lines(
    found: Mapping[str, Any],
    fired: Mapping[str, Any] | None,
    delivery: Mapping[str, Any] | None = None,
    *,
    now_ns: int,
) -> list[str]:
    """One alert for people, with the rows of `system` of its last firing and its last delivery."""
    alert = found["alert"]
    moment = _moment(fired)
    facts = {
        "query": alert.get("query") or "(everything)",
        "fires at": condition_text(alert),
        "severity": alert.get("severity", "warning"),
        "tells": ", ".join(alert.get("to") or ()) or "nobody",
        "cooldown": spell_duration(int(alert.get("cooldown_s", 300)) * _SECOND),
        "state": state_text(found),
        "listens from": None if found.get("armed") is None else f"entry {found['armed']}",
        "last fired": None
        if moment is None
        else f"{ago(moment, now_ns=now_ns)}: entry {(fired or {})['index']} of system",
        "delivery": _failure(delivery, now_ns),
    }
    lines = [printable(str(alert["name"]))]
    lines += [f"  {label:<13} {printable(str(value))}" for label, value in facts.items() if value is not None]
    return lines + [
        f"  {'secret':<13} {printable(str(secret))}  for {printable(address)}"
        for address, secret in (found.get("secrets") or {}).items()
    ]
