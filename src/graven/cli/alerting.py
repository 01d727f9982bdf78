"""Alerts as people give and read them."""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from graven.cli.access.questions import Question, Search
from graven.cli.alert_delivery import (
    given_up_text,
    moment_of,
    newest_row,
    trouble_text,
    waiting_lines,
)
from graven.cli.shortened import one_line
from graven.cli.zone import ago
from graven.detect.address import host_of
from graven.detect.rule import MAX_WINDOW_S, Alert, decode_alert
from graven.detect.shipped import SHIPPED
from graven.errors import GravenError, UsageError
from graven.index.query.times import duration_ns, spell_duration

__all__ = [
    "alert_lines",
    "condition_text",
    "last_fired",
    "last_firings",
    "made_alert",
    "query_text",
    "seconds_of",
    "set_text",
    "span_text",
    "state_text",
    "told_text",
]

_SECOND: Final = 1_000_000_000
_CONDITIONS: Final = ("threshold", "silence", "rule")
_RULES: Final = {"result_changed": "a changed result"}
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def made_alert(
    name: str,
    *,
    query: str | None = None,
    count: int | None = None,
    within: str | None = None,
    by: str | None = None,
    silent_for: str | None = None,
    to: Sequence[str] = (),
    severity: str | None = None,
    cooldown: str | None = None,
    enabled: bool | None = None,
    current: Mapping[str, Any] | None = None,
) -> Alert:
    """The alert that options spell, or the `current` one with what they change.

    Of a current one, an empty `query` takes the query away, an empty `by` and `to` alike; a count ends a silence, and
    the other way round. Without a condition, the name of one that comes with Graven and was deleted brings that back.
    UsageError for options that do not go together, InvalidInput for a bad value.
    """
    conditions = (query, count, within, by, silent_for)
    if current is None and all(one is None for one in conditions):
        current = next((msgspec.to_builtins(one.alert) for one in SHIPPED if one.alert.name == name), None)
    if current is not None and current.get("rule") is not None and any(one is not None for one in conditions):
        raise UsageError(
            f"{name} has a condition of its own, which no count or query can spell",
            hint="--to, --severity, --cooldown, --on and --off can be changed; set another alert for another condition",
        )
    if silent_for is not None and (count is not None or within is not None or by is not None):
        raise UsageError("--silent-for is no count", hint="leave --count, --within and --by out, or set two alerts")
    members = {**(current or {}), "name": name}
    given = {"query": query, "to": [one for one in to if one] if to else None, "severity": severity, "enabled": enabled}
    members |= {member: value for member, value in given.items() if value is not None}
    if cooldown is not None:
        members["cooldown_s"] = _window_of("--cooldown", cooldown, least_s=0)
    if silent_for is not None:
        condition: dict[str, Any] = {"silence": {"window_s": _window_of("--silent-for", silent_for)}}
    elif count is not None or within is not None or by is not None:
        condition = {"threshold": _threshold(members.get("threshold") or {}, count, within, by)}
    else:
        condition = {kind: members[kind] for kind in _CONDITIONS if members.get(kind) is not None}
    if not condition or not {"count", "window_s"} <= condition.get("threshold", {"count": 1, "window_s": 1}).keys():
        raise UsageError(
            "when does it fire?", hint="--count 10 --within 1m (so many matches), or --silent-for 10m (none any more)"
        )
    members = {member: value for member, value in members.items() if member not in _CONDITIONS} | condition
    return decode_alert(json.dumps(members).encode())


def _threshold(current: Mapping[str, Any], count: int | None, within: str | None, by: str | None) -> dict[str, Any]:
    window_s = None if within is None else _window_of("--within", within)
    changes = {"count": count, "window_s": window_s, "by": by}
    changed = {**current, **{member: value for member, value in changes.items() if value is not None}}
    return {member: value for member, value in changed.items() if value != ""}


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
    """`10 within 1m by actor`, `silence of 10m`, or what a shipped rule looks for."""
    if (threshold := alert.get("threshold")) is not None:
        by = f" by {threshold['by']}" if threshold.get("by") else ""
        return f"{threshold['count']} within {spell_duration(threshold['window_s'] * _SECOND)}{by}"
    if (silence := alert.get("silence")) is not None:
        return f"silence of {spell_duration(silence['window_s'] * _SECOND)}"
    return _RULES.get(str(alert.get("rule")), str(alert.get("rule", "?")))


def query_text(alert: Mapping[str, Any]) -> str:
    """The query, or what stands for it where there is none."""
    return str(alert.get("query") or ("(its own)" if alert.get("rule") else "(everything)"))


def set_text(name: str, log: str, alert: Mapping[str, Any]) -> str:
    """What was set, in one line without its mark: also that it counts everything, and that it is off."""
    everything = "" if alert.get("query") or alert.get("rule") else "; it matches everything"
    off = "" if alert.get("enabled", True) else "; it is OFF"
    return f"alert {name} of {log}: {condition_text(alert)}{everything}{off}"


def told_text(alert: Mapping[str, Any]) -> str:
    """Who is told, without what of an address may be its secret; `nobody`."""
    return (
        ", ".join(host_of(one) if "://" in one else one.removeprefix("mailto:") for one in alert.get("to") or ())
        or "nobody"
    )


def state_text(found: Mapping[str, Any], *, now_ns: int, given_up: Mapping[str, Any] | None = None) -> str:
    """`watched`, `off`, what keeps it from listening, or that nobody could be told; `given_up` is the row of a delivery
    that was."""
    if not found["alert"].get("enabled", True):
        return "off"
    if found.get("problem"):
        return f"problem: {found['problem']}"
    if (trouble := trouble_text(found, now_ns=now_ns)) is not None:
        return trouble
    moment = moment_of(given_up)
    return "watched" if moment is None else f"not delivered, given up {ago(moment, now_ns=now_ns)}"


def last_fired(search: Search, log: str, name: str) -> Mapping[str, Any] | None:
    """The row of `system` that says when an alert last fired; None when it never did, or may not be read."""
    return newest_row(search, f"action:alert.fire target:alert/{log}/{name}")


def last_firings(search: Search, log: str, names: Sequence[str]) -> dict[str, int | None] | None:
    """When each alert of a log last fired, Unix ns, by as few reads as can be; None where `system` may not be read."""
    try:
        page = search.page("system", Question(f"action:alert.fire target:log/{log}"), limit=1_000)
    except GravenError:
        return None
    found: dict[str, int | None] = {}
    for row in map(json.loads, page.events):
        for target in row.get("targets", ()):
            if target.get("type") == "alert":
                found.setdefault(str(target.get("id")).removeprefix(f"{log}/"), moment_of(row))
    if page.next is not None:
        found |= {name: moment_of(last_fired(search, log, name)) for name in names if name not in found}
    return found


def _cooldown_text(alert: Mapping[str, Any]) -> str | None:
    """None where it means nothing: only a count rests."""
    seconds = int(alert.get("cooldown_s", 300))
    return None if alert.get("threshold") is None else span_text(seconds) if seconds else "none"


def alert_lines(
    found: Mapping[str, Any],
    fired: Mapping[str, Any] | None,
    given_up: Sequence[Mapping[str, Any]] = (),
    *,
    now_ns: int,
) -> list[str]:
    """One alert for people, with the rows of `system` of its last firing, and of deliveries that were given up."""
    alert = found["alert"]
    moment = moment_of(fired)
    facts: list[tuple[str, object]] = [
        ("query", query_text(alert)),
        ("fires at", condition_text(alert)),
        ("severity", alert.get("severity", "warning")),
        ("tells", ", ".join(alert.get("to") or ()) or "nobody"),
        ("cooldown", _cooldown_text(alert)),
        ("state", state_text(found, now_ns=now_ns, given_up=given_up[0] if given_up else None)),
        ("listens from", None if found.get("armed") is None else f"entry {found['armed']}"),
        (
            "last fired",
            None if moment is None else f"{ago(moment, now_ns=now_ns)}: entry {(fired or {})['index']} of system",
        ),
        *(("waiting", line) for line in waiting_lines(found, now_ns=now_ns)),
        *(("delivery", given_up_text(row, now_ns=now_ns)) for row in given_up),
    ]
    lines = [one_line(str(alert["name"]))]
    lines += [f"  {label:<13} {one_line(str(value))}" for label, value in facts if value is not None]
    return lines + [
        f"  {'secret':<13} {one_line(str(secret))}  for {one_line(address)}"
        for address, secret in (found.get("secrets") or {}).items()
    ]
