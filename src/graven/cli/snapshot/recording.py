"""A snapshot in the log: a `state.snapshot` for each thing, and `state.snapshot.finish` with count and digest of all.

The ids follow from the snapshot and the thing, so a request that is repeated records nothing twice. A snapshot
without its finish was interrupted. The digest is SHA-256 over the line `[type,id,state]` of each thing, as JSON,
in the order they were read: two snapshots with one digest saw the same. What the default rules redact does not count
in it: a digest over a secret, with all the rest of the row on record, would let the secret be guessed.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from graven.cli.access.ports import Access
from graven.cli.progress import Progress
from graven.errors import UsageError
from graven.event import uuid7
from graven.event.redact import Redactor
from graven.sdk.composer import rfc3339
from graven.sdk.redaction import sdk_rules

__all__ = ["Snapshot", "Thing"]

BATCH_EVENTS = 500
BATCH_BYTES = 1024 * 1024


class Thing(NamedTuple):
    """A row or a file: what it is called, and its state as JSON-able data."""

    type: str
    id: str
    state: Mapping[str, Any]
    attachments: Sequence[Mapping[str, Any]] = ()


class Snapshot:
    """One snapshot on its way to the log. `subject` is the target of its finish: the table, the folder."""

    def __init__(
        self, access: Access, log: str, *, subject: Mapping[str, Any], actor: Mapping[str, Any], source: str
    ) -> None:
        self.id = uuid7.make(time.time_ns(), os.urandom)
        self.time = rfc3339(time.time_ns())
        self.count = 0
        self._access = access
        self._log = log
        self._subject = subject
        self._common = {"actor": actor, "source": source, "time": self.time, "outcome": "success"}
        self._digest = hashlib.sha256()
        self._redactor = Redactor(sdk_rules(), "snapshot", os.urandom(32))
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._first: int | None = None
        self._last: int | None = None

    def record(self, things: Iterator[Thing], bar: Progress, *, total: int | None = None) -> None:
        """Record every thing, a bounded batch at a time."""
        before = None
        for thing in things:
            if (thing.type, thing.id) == before:
                raise UsageError(
                    f"two rows are both called {thing.id[:100]!r}", hint="--key names columns that tell each row apart"
                )
            before = thing.type, thing.id
            public = _unsigned(self._redactor.redact_value(thing.state))
            self._digest.update(msgspec.json.encode([thing.type, thing.id, public], order="sorted") + b"\n")
            self.count += 1
            target = {"type": thing.type, "id": thing.id, "change": {"after": thing.state}}
            event = {"action": "state.snapshot", "targets": [target], "attributes": {"snapshot": self.id}}
            if thing.attachments:
                event["attachments"] = list(thing.attachments)
            self._add(f"{thing.type}\0{thing.id}", event)
            bar.update(self.count, total)
        self._send()

    def finish(self, **about: Any) -> dict[str, Any]:
        """Record the summary; gives it, with the indexes of the entries, for whoever asked for the snapshot."""
        digest = f"sha256:{self._digest.hexdigest()}"
        output = {"count": self.count, "digest": digest}
        attributes = {"snapshot": self.id, **about}
        event = {
            "action": "state.snapshot.finish",
            "targets": [self._subject],
            "output": output,
            "attributes": attributes,
        }
        self._add("", event)
        self._send()
        return {**output, **attributes, "time": self.time, "first": self._first, "last": self._last}

    def _add(self, name: str, event: dict[str, Any]) -> None:
        named = hashlib.sha256(f"{self.id}\0{name}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        encoded = msgspec.json.encode({"id": f"snapshot-{named}", **event, **self._common})
        if self._waiting and self._waiting_bytes + len(encoded) > BATCH_BYTES:
            self._send()
        self._waiting.append(encoded)
        self._waiting_bytes += len(encoded)
        if len(self._waiting) >= BATCH_EVENTS:
            self._send()

    def _send(self) -> None:
        if not self._waiting:
            return
        body = b"\n".join(self._waiting) + b"\n"
        answer = self._access.append(self._log, body, "application/x-ndjson", key="", wait=False)
        if answer.first is not None:
            self._first = answer.first if self._first is None else self._first
            self._last = answer.first + answer.count - 1
        self._waiting.clear()
        self._waiting_bytes = 0


def _unsigned(value: Any) -> Any:
    """Without what tells one redacted value from another: it is made with a key that no other snapshot has."""
    if isinstance(value, dict):
        if "$redacted" in value:
            return {"$redacted": value["$redacted"]["rule"]}
        return {name: _unsigned(item) for name, item in value.items()}
    return [_unsigned(item) for item in value] if isinstance(value, list) else value
