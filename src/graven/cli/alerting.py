"""Alerts as people give and read them, and a dry run of one over the past."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from graven.cli.access.questions import Question, Search
from graven.cli.printable import printable
from graven.cli.zone import ago
from graven.detect.rule import Alert, decode_alert
from graven.errors import GravenError, InvalidInput, UsageError
from graven.index.query.times import duration_ns, spell_duration, time_ns

__all__ = ["DryRun", "alert_lines", "condition_text", "dry_run", "last_fired", "made_alert", "state_text"]

_SECOND: Final = 1_000_000_000
_MOST_BUCKETS: Final = 1_000


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
        members["silence"] = {"window_s": _seconds("--silent-for", silent_for)}
    else:
        threshold = {"count": count, "window_s": _seconds("--within", within or ""), "by": by}
        members["threshold"] = {key: value for key, value in threshold.items() if value is not None}
    if severity is not None:
        members["severity"] = severity
    if cooldown is not None:
        members["cooldown_s"] = _seconds("--cooldown", cooldown)
    return decode_alert(json.dumps(members).encode())


def _seconds(option: str, text: str) -> int:
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


def last_fired(search: Search, log: str, name: str) -> Mapping[str, Any] | None:
    """The row of `system` that says when an alert fired last; None when it never did, or may not be read."""
    try:
        return search.newest("system", Question(f"action:alert.fire target:alert/{log}/{name}")).row
    except GravenError:  # no right to read `system`, or the index is away: the alert is worth showing
        return None


def alert_lines(found: Mapping[str, Any], fired: Mapping[str, Any] | None, *, now_ns: int) -> list[str]:
    """One alert for people."""
    alert = found["alert"]
    moment = None if fired is None else time_ns(str(fired.get("time") or fired.get("received")))
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
    }
    lines = [printable(str(alert["name"]))]
    lines += [f"  {label:<13} {printable(str(value))}" for label, value in facts.items() if value is not None]
    return lines + [
        f"  {'secret':<13} {printable(str(secret))}  for {printable(address)}"
        for address, secret in (found.get("secrets") or {}).items()
    ]


class DryRun(NamedTuple):
    """What was found, for programs and for people."""

    facts: dict[str, Any]
    lines: list[str]


def dry_run(search: Search, log: str, alert: Mapping[str, Any], *, over: str) -> DryRun:
    """How often the alert would have fired over that much of the past. UsageError for one without a query."""
    if alert.get("rule") is not None:
        raise UsageError(
            f"the rule {alert['rule']} keeps a memory of its own", hint="its events: graven search --log system"
        )
    span_s = _seconds("--over", over)
    question = Question(str(alert.get("query") or ""), since=over, until="now")
    threshold = alert.get("threshold")
    window_s = int((threshold or alert["silence"])["window_s"])
    buckets = max(2, min(_MOST_BUCKETS, -(-span_s // max(1, window_s)) + 2))
    found = search.histogram(log, question, buckets=buckets)
    counts = [int(one["count"]) for one in found["buckets"]]
    width_ns = int(found["width_ns"])
    facts: dict[str, Any] = {"over_s": span_s, "matches": found["total"], "step_s": width_ns / _SECOND}
    lines = [f"{found['total']:,} matches within {over}"]
    if threshold is None:
        longest = _longest_gap(counts, span_s, width_ns)
        facts |= {"longest_silence_s": longest, "would_fire": longest >= window_s}
        lines.append(f"the longest silence was about {spell_duration(longest * _SECOND)}")
        lines.append(_verdict(longest >= window_s, condition_text(alert)))
        return DryRun(facts, lines)
    wanted, by = int(threshold["count"]), threshold.get("by")
    if by is None:
        busy = sum(count >= wanted for count in counts)
        facts |= {"most_in_a_step": max(counts, default=0), "steps_at_or_above": busy, "would_fire": busy > 0}
        lines.append(
            f"at most {max(counts, default=0):,} in one step of {spell_duration(width_ns)}; "
            f"{busy:,} steps reach {wanted:,}"
        )
        lines.append(_verdict(busy > 0, condition_text(alert)))
        return DryRun(facts, lines)
    try:
        facet = next(iter(search.facets(log, question, (by,), limit=5)["facets"].values()))
    except InvalidInput as error:  # an alert may group by any field, facets are of some
        lines.append(f"how they fall on values of {by} cannot be told here: {error.message}")
        return DryRun(facts, lines)
    facts["busiest"] = facet["values"]
    lines += [f"  {printable(one['value'])}: {one['count']:,}" for one in facet["values"]]
    could = any(int(one["count"]) >= wanted for one in facet["values"])
    facts["could_fire"] = could
    lines.append(f"{'at least one value has' if could else 'no value has'} {wanted:,} matches in all that time")
    return DryRun(facts, lines)


def _longest_gap(counts: list[int], span_s: int, width_ns: int) -> int:
    if not any(counts):
        return span_s
    longest = gap = 0
    for count in counts:
        gap = 0 if count else gap + 1
        longest = max(longest, gap)
    return min(span_s, longest * width_ns // _SECOND)


def _verdict(fires: bool, condition: str) -> str:
    return f"it would have fired ({condition})" if fires else f"it would not have fired ({condition})"
