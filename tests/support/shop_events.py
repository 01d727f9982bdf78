"""A log of a shop for the pages of events: 240 orders, over four hours as they claim, and a few other things."""

from typing import Any

__all__ = ["CORRECTED", "LARGE_BYTES", "ORDERS", "shop_events"]

ORDERS = 240
CORRECTED = "7"
"""The order that dana changed."""
LARGE_BYTES = 3_000_000
"""Of the output of `report.make`."""

_PEOPLE = ("alice", "bob", "carol")


def _order(n: int) -> dict[str, Any]:
    declined = n % 10 == 9
    failure = {"outcome": "failure", "error": {"type": "CardDeclined", "message": f"card declined for order {n}"}}
    return {
        "action": "order.create",
        "actor": {"id": _PEOPLE[n % 3], "type": "user"},
        "source": "shop-api",
        "id": f"order-{n}",
        "time": f"2026-11-20T{8 + n // 60:02}:{n % 60:02}:00Z",
        "targets": [{"type": "order", "id": str(n)}],
        "input": {"sku": f"LAMP-{n % 5}", "quantity": n},
        "trace": {"trace_id": f"{n // 4:032x}", "span_id": f"{n + 1:016x}"},
        **(failure if declined else {"outcome": "success", "output": {"total": n * 10}}),
    }


def shop_events() -> list[dict[str, Any]]:
    """Oldest first, 243 of them."""
    change = {"before": {"total": 70, "status": "open"}, "after": {"total": 63, "status": "open"}}
    correction = {
        "action": "order.correct",
        "actor": {"id": "dana", "type": "user"},
        "source": "shop-api",
        "outcome": "success",
        "reason": "discount was missing",
        "time": "2026-11-20T12:01:00Z",
        "targets": [{"type": "order", "id": CORRECTED, "change": change}],
    }
    denial = {
        "action": "refund.create",
        "actor": {"id": "mallory", "type": "user"},
        "source": "shop-api",
        "outcome": "denied",
        "time": "2026-11-20T12:02:00Z",
        "targets": [{"type": "order", "id": CORRECTED}],
    }
    report = {
        "action": "report.make",
        "actor": {"id": "cron", "type": "service"},
        "source": "reports",
        "outcome": "success",
        "time": "2026-11-20T12:03:00Z",
        "output": {"text": "x" * LARGE_BYTES},
    }
    return [*(_order(n) for n in range(ORDERS)), correction, denial, report]
