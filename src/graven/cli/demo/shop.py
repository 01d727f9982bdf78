"""The shop of the demonstration: its customers, and what must be recorded of its failing test."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from graven.cli import terminal
from graven.qa.timeline import TimelineItem

__all__ = ["FAILING", "RUN", "missing_in", "use_shop", "wrongly_charged"]

RUN = "demo-1"
FAILING = "ten_pieces"
"""A part of the name of the test that fails."""

Json = dict[str, Any]


def missing_in(timeline: Sequence[TimelineItem]) -> list[str]:
    """What the timeline of the failing test lacks of what happened: empty when all of it is there, in order."""
    wanted: dict[str, tuple[str, str, Callable[[Json], object]]] = {
        "the failing test": ("test.case.finish", "pytest/", lambda event: event["qa"]["status"] == "failed"),
        "its request": ("http.request", "pytest/", lambda event: "12900" in event["output"]["body"]),
        "the request that the shop answered": ("http.request", "shop", lambda event: event["output"]["status"] == 201),
        "the shop's SQL": ("sql.statement", "shop", lambda event: event["output"]["rows"] == [[None]]),
        "the shop's order": ("order.place", "shop", lambda event: event["targets"][0]["change"]["after"]),
        "the test's SQL": ("sql.statement", "pytest/", lambda event: event["output"]["rows"] == [["open", 12900]]),
    }
    items = list(timeline)
    missing = []
    for name, (action, source, is_right) in wanted.items():
        place = next((place for place, item in enumerate(items) if _is(item, action, source, is_right)), None)
        if place is None:
            missing.append(name)
        else:
            del items[: place + 1]  # the next one must come after it
    return missing


def _is(item: TimelineItem, action: str, source: str, is_right: Callable[[Json], object]) -> bool:
    try:
        return item.event["action"] == action and item.source.startswith(source) and bool(is_right(item.event))
    except (KeyError, TypeError, IndexError):
        return False


def wrongly_charged(database: Path) -> int | None:
    """The number of the order that the failing test placed: ten mugs at the full price. None when there is none."""
    if not database.is_file():
        return None
    with contextlib.closing(sqlite3.connect(database)) as opened:
        found = opened.execute("select number from orders where product = 'mug' and total_cents = 12900").fetchone()
    return None if found is None else int(found[0])


def use_shop(address: str, wrong: int | None) -> list[str]:
    """Customers use the shop, and somebody corrects the order `wrong`, else the first one. A line per request."""
    lines: list[str] = []
    with httpx.Client(base_url=address, trust_env=False, timeout=10.0) as client:

        def call(user: str, method: str, path: str, body: Json | None = None) -> Json:
            response = client.request(method, path, json=body, headers={"X-User": user})
            sign = terminal.paint(str(response.status_code), "green" if response.is_success else "yellow")
            detail = f" {json.dumps(body)}" if body else ""
            lines.append(f"{sign}  {user:<8} {method} {path}{detail}")
            answer: Json = response.json()
            return answer

        first = call("alice", "POST", "/orders", {"product": "mug", "quantity": 10})
        call("bob", "POST", "/orders", {"product": "poster", "quantity": 2})
        call("alice", "GET", f"/orders/{first['number']}")
        call("carol", "POST", "/orders", {"product": "yacht", "quantity": 1})
        corrected = wrong if wrong is not None else first["number"]
        call("mallory", "POST", f"/orders/{corrected}/correct", {"total_cents": 1})
        call("mallory", "POST", f"/orders/{first['number']}/cancel")
        reason = "ten pieces, but no discount"
        call("dana", "POST", f"/orders/{corrected}/correct", {"total_cents": 11610, "reason": reason})
        call("alice", "POST", f"/orders/{first['number']}/cancel")
    return lines
