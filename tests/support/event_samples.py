"""Sample events, producers and redactors for the tests of graven.event."""

import json
from pathlib import Path
from typing import Any

from graven.event.batch import PreparedBatch
from graven.event.envelope import Entry, decode_entry, entry_head
from graven.event.intake import JSON, NDJSON, Producer, prepare_events
from graven.event.redact import Redactor

NOW_NS = 1_795_387_062_704_654_157
PRODUCER = Producer("tokenid12345", "127.0.0.1")
REDACTOR = Redactor(None, "k1", b"test key of 16 b")
SLOW_REDACTOR = Redactor(None, "k1", b"test key of 16 b", fast_scan=False)
K8S_SAMPLES = Path(__file__).parents[2] / "examples" / "k8s-audit"
CARD = "4111111111111111"
"""The test number that every payment provider documents."""


def event(**members: Any) -> dict[str, Any]:
    return {"action": "order.create", "actor": {"id": "alice"}, **members}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def ndjson(*events: Any) -> bytes:
    return b"".join(compact(item) + b"\n" for item in events)


def prepare(body: bytes, media_type: str = JSON, redactor: Redactor = REDACTOR) -> PreparedBatch:
    return prepare_events(body, media_type, PRODUCER, redactor, now_ns=NOW_NS, random=lambda size: b"\x5a" * size)


def prepare_lines(*lines: bytes, redactor: Redactor = REDACTOR) -> PreparedBatch:
    return prepare(b"\n".join(lines), NDJSON, redactor)


def entries(batch: PreparedBatch) -> list[Entry]:
    return [decode_entry(entry_head(NOW_NS) + tail) for tail in batch.tails]


def data_of(body: bytes, redactor: Redactor = REDACTOR) -> Any:
    """The decoded data of the one entry that `body` makes."""
    (entry,) = entries(prepare(body, redactor=redactor))
    assert entry.data is not None
    return json.loads(entry.data)
