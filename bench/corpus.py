"""A realistic corpus: events of about 600 bytes of a shop, as its services and their QA would record them.

Actors, actions and customers follow Zipf's law; ids, traces and sessions are random, as in life; one in
forty fails with a message from a template and a stack. Deterministic for a seed, so that two runs and two
machines append the same bytes (but for the ids, which `Batch.fresh` makes new for every send).
"""

import json
import os
import random
from dataclasses import dataclass

__all__ = ["Batch", "batches", "events"]

ACTIONS = [
    ("catalog.search", "GET", "/catalog?q={word}&page={n}", 200),
    ("catalog.view", "GET", "/catalog/{sku}", 200),
    ("cart.add", "POST", "/carts/{cart}/lines", 201),
    ("cart.update", "PATCH", "/carts/{cart}/lines/{n}", 200),
    ("order.create", "POST", "/orders", 201),
    ("order.view", "GET", "/orders/{order}", 200),
    ("payment.authorize", "POST", "/payments", 201),
    ("stock.reserve", "POST", "/stock/{sku}/reservations", 201),
    ("order.ship", "POST", "/orders/{order}/shipments", 202),
    ("session.login", "POST", "/sessions", 201),
    ("session.logout", "DELETE", "/sessions/{session}", 204),
    ("coupon.redeem", "POST", "/coupons/{word}/redemptions", 200),
    ("order.cancel", "POST", "/orders/{order}/cancellation", 200),
    ("refund.create", "POST", "/refunds", 201),
    ("user.change_address", "PUT", "/users/{user}/address", 200),
    ("admin.change_price", "PUT", "/admin/prices/{sku}", 200),
]
WORDS = (
    "lamp chair table sofa carpet shelf mirror desk stool bench cupboard drawer curtain pillow blanket vase "
    "clock frame basket rack hook tray board ladder crate stand screen cabinet wardrobe mattress"
).split()
FAILURES = [
    ("CardDeclined", "card declined by issuer: {word} ({n})", "payments/gateway.py", "authorize"),
    ("OutOfStock", "only {n} of {sku} left, {m} wanted", "stock/reserve.py", "reserve"),
    ("ValidationError", "field {word} must be between {n} and {m}", "api/validate.py", "check"),
    ("Timeout", "upstream {word} did not answer within {m} ms", "http/client.py", "request"),
]
AGENTS = [
    "Firefox/145.0 (X11; Linux x86_64)",
    "Safari/19.0 (Macintosh)",
    "shop-android/7.31.2 okhttp/5.1.0",
    "python-httpx/0.28.1",
]


def _zipf(rng: random.Random, n: int, weights: dict[int, list[float]]) -> int:
    if n not in weights:
        total, acc = 0.0, []
        for rank in range(1, n + 1):
            total += 1 / rank
            acc.append(total)
        weights[n] = acc
    return rng.choices(range(n), cum_weights=weights[n])[0]


def _hex(rng: random.Random, digits: int) -> str:
    return f"{rng.getrandbits(digits * 4):0{digits}x}"


def events(count: int, seed: int = 1) -> list[dict[str, object]]:
    """`count` events as dictionaries in the order of event/1's members."""
    rng = random.Random(seed)
    weights: dict[int, list[float]] = {}
    out: list[dict[str, object]] = []
    for _ in range(count):
        action, verb, uri, status = ACTIONS[_zipf(rng, len(ACTIONS), weights)]
        user = _zipf(rng, 5000, weights)
        fill = {
            "word": rng.choice(WORDS),
            "n": rng.randrange(1, 60),
            "m": rng.randrange(60, 3000),
            "sku": f"SKU-{_zipf(rng, 2000, weights):05d}",
            "cart": _hex(rng, 12),
            "order": 100_000 + rng.randrange(900_000),
            "session": _hex(rng, 16),
            "user": f"u-{user:05d}",
        }
        path = uri.format(**fill)
        failed = rng.random() < 0.025
        event: dict[str, object] = {
            "id": _hex(rng, 32),
            "time": f"2026-11-22T{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}."
            f"{rng.randrange(10**9):09d}Z",
            "source": rng.choice(["shop-api", "shop-api", "shop-api", "payments", "stock"]),
            "action": action,
            "outcome": "failure" if failed else "success",
            "actor": {"type": "user", "id": fill["user"], "session": fill["session"]},
            "targets": [{"type": action.split(".")[0],
                         "id": str(fill["order"] if "order" in action else fill["sku"])}],
            "origin": {"ip": f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(256)}",
                       "user_agent": rng.choice(AGENTS)},
            "method": {"protocol": "http", "operation": verb, "uri": path},
            "input": {"sku": fill["sku"], "quantity": rng.randrange(1, 9),
                      "price_cents": rng.randrange(99, 99_999)},
            "output": {"status": 409 if failed else status, "order": fill["order"],
                       "total": round(rng.random() * 900, 2)},
            "duration_ns": rng.randrange(200_000, 90_000_000),
            "trace": {"trace_id": _hex(rng, 32), "span_id": _hex(rng, 16)},
            "labels": {"region": rng.choice(["eu-west-1", "eu-central-1", "us-east-1"])},
        }  # fmt: skip
        if failed:
            kind, message, file, function = rng.choice(FAILURES)
            event["severity"] = 17
            event["error"] = {
                "type": kind,
                "message": message.format(**fill),
                "stack": [{"file": file, "line": rng.randrange(20, 400), "function": function}],
            }
        out.append(event)
    return out


@dataclass(frozen=True)
class Batch:
    """One NDJSON body with a hole where each id stands."""

    pieces: tuple[bytes, ...]
    size_bytes: int
    count: int

    def fresh(self) -> bytes:
        """The body with new random ids, so that no two sends are duplicates."""
        ids = os.urandom(16 * self.count).hex().encode()
        parts = list(self.pieces)
        parts[1::2] = [ids[i : i + 32] for i in range(0, 32 * self.count, 32)]
        return b"".join(parts)


def batches(count: int, size: int = 1000, seed: int = 1) -> list[Batch]:
    """`count` NDJSON bodies of `size` events each."""
    out = []
    pool = events(count * size, seed)
    for start in range(0, count * size, size):
        pieces: list[bytes] = []
        pending = b""
        for event in pool[start : start + size]:
            line = json.dumps(event, separators=(",", ":")).encode()
            before, after = line[:7], line[7 + 32 :]
            if before != b'{"id":"':
                raise AssertionError("the corpus must put the id first")
            pieces += [pending + before, b"0" * 32]
            pending = after + b"\n"
        pieces.append(pending)
        out.append(Batch(tuple(pieces), sum(map(len, pieces)), size))
    return out
