"""How telling somebody of an alert goes, for people: what waits, what failed, and what was given up."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graven.cli.access.questions import Question, Search
from graven.cli.terminal import plural
from graven.cli.zone import ago
from graven.detect.address import shown
from graven.errors import GravenError
from graven.index.query.names import quote
from graven.index.query.times import time_ns
from graven.program import program

__all__ = ["all_given_up", "given_up", "given_up_text", "moment_of", "newest_row", "trouble_text", "waiting_lines"]

_NEWEST: Final = 1_000
Waiting = Mapping[str, Any]
"""One of `waiting` of `GET /v1/logs/{log}/alerts/{name}`: an address, and how many deliveries wait for it."""


def trouble_text(found: Mapping[str, Any], *, now_ns: int) -> str | None:
    """`not delivered: attempt 3, next in 8 min`, of the address that was tried most; None while nothing fails."""
    failing = [one for one in found.get("waiting") or () if one.get("attempts")]
    if not failing:
        return None
    worst = max(failing, key=lambda one: int(one["attempts"]))
    return f"not delivered: attempt {worst['attempts']}, {_next_text(worst, now_ns)}"


def waiting_lines(found: Mapping[str, Any], *, now_ns: int) -> list[str]:
    """A line for each address that deliveries wait for: `attempt 3 of 12 failed (ConnectError), next in 8 min: …`."""
    return [_waiting_line(one, now_ns) for one in found.get("waiting") or ()]


def _waiting_line(one: Waiting, now_ns: int) -> str:
    count = int(one.get("count", 1))
    if not one.get("attempts"):
        return f"{plural(count, 'delivery')} to {one['address']}"
    most = f" of {one['most_attempts']}" if one.get("most_attempts") else ""
    others = f"; {count:,} wait" if count > 1 else ""
    said = f"attempt {one['attempts']}{most} failed ({one.get('detail') or 'no reason'})"
    return f"{said}, {_next_text(one, now_ns)}{others}: {one['address']}"


def _next_text(one: Waiting, now_ns: int) -> str:
    due_ns = time_ns(str(one.get("next")))
    return "next now" if due_ns is None or due_ns <= now_ns else f"next {ago(due_ns, now_ns=now_ns)}"


def newest_row(search: Search, query: str) -> Mapping[str, Any] | None:
    """The newest row of `system` that matches; None when there is none, or it may not be read."""
    try:
        return search.newest("system", Question(query)).row
    except GravenError:  # no right to read `system`, or the index is away: the alert is worth showing
        return None


def given_up(search: Search, log: str, alert: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of `system` of deliveries that were given up, each the last of an address that the alert tells."""
    of_alert = f"action:alert.deliver target:alert/{log}/{alert['name']}"
    # operators are given addresses as they are, others what records show of them, which is not ASCII
    addresses = [shown(one) if one.isascii() else one for one in alert.get("to") or ()]
    last = (newest_row(search, f"{of_alert} target:{quote(f'address/{one}')}") for one in addresses)
    return [row for row in last if row is not None and row.get("outcome") == "failure"]


def all_given_up(search: Search, log: str, alerts: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """As `given_up`, the newest of each alert by its name, in one read of the last deliveries of a log; none where
    `system` may not be read."""
    told = {(str(one["name"]), shown(to) if to.isascii() else to) for one in alerts for to in one.get("to") or ()}
    if not told:
        return {}
    try:
        page = search.page("system", Question(f"action:alert.deliver target:alert/{log}/*"), limit=_NEWEST)
    except GravenError:
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for row in map(json.loads, page.events):
        ids = {target.get("type"): str(target.get("id")) for target in row.get("targets", ())}
        name = ids.get("alert", "").removeprefix(f"{log}/")
        if (name, ids.get("address", "")) in told:
            told.remove((name, ids["address"]))
            if row.get("outcome") == "failure":
                found.setdefault(name, row)
    return found


def given_up_text(row: Mapping[str, Any], *, now_ns: int) -> str:
    """What became of a delivery that was given up, and how to see it whole."""
    moment = moment_of(row)
    when = "" if moment is None else f" {ago(moment, now_ns=now_ns)}"
    why = str(row.get("message") or "").partition(" not delivered to ")[2] or "not delivered"
    return f"GIVEN UP{when}: {why} ({program()} show {row['index']} --log system)"


def moment_of(row: Mapping[str, Any] | None) -> int | None:
    """When it happened, Unix ns."""
    return None if row is None else time_ns(str(row.get("time") or row.get("received")))
