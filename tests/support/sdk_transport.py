"""Transports that follow a script, and a redactor-free composer's worth of shortcuts for sdk tests."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from graven.sdk.answers import Accepted, Answer
from graven.sdk.client import Client
from graven.sdk.frozen import FrozenBatch


class ScriptedTransport:
    """Answers each batch as `script(batch, attempt)` says; an accepted batch is kept in `accepted`."""

    def __init__(self, script: Callable[[FrozenBatch, int], Answer] = lambda batch, attempt: Accepted(0)) -> None:
        self.script = script
        self.attempts: list[FrozenBatch] = []
        self.accepted: list[FrozenBatch] = []
        self.closed = threading.Event()

    def send(self, batch: FrozenBatch) -> Answer:
        self.attempts.append(batch)
        answer = self.script(batch, len(self.attempts))
        if isinstance(answer, Accepted):
            self.accepted.append(batch)
        return answer

    def close(self) -> None:
        self.closed.set()

    @property
    def events(self) -> list[dict]:
        """All acknowledged events, in order, decoded."""
        return [json.loads(event) for batch in self.accepted for event in batch.events()]


def scripted_client(transport: ScriptedTransport, spool_dir: Path, **settings: object) -> Client:
    """A client without a network; quick retries."""
    quick = {"backoff_base_s": 0.001, "backoff_cap_s": 0.002, "batch_age_s": 0.005, "source": "test"}
    return Client("http://server.invalid", spool_dir=spool_dir, transport=lambda: transport, **{**quick, **settings})
