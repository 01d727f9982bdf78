"""SIGKILL of the real server at random moments under load: nothing acknowledged is lost or doubled.

Every round: start, let four clients append frozen batches, kill at a random moment, keep what was not
acknowledged, and send exactly those bytes again under the same Idempotency-Key after the next start. The clients
take all ways in: single events, which are prepared together, batches, and bodies that a parser process takes.
"""

import json
import os
import random
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.support.server_process import ServerProcess, running_server

from graven.log.start import open_log
from graven.verify.engine import verify
from graven.verify.source import open_source

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLIENTS = 4
EVENTS_PER_BATCH = (1, 1, 40, 40)
PADDING = (0, 0, 0, 4000)
"""Characters of a message, by client: the last one's bodies are too large to be parsed in the server itself."""


@dataclass
class Producer:
    """One client: numbered batches, of which the last may be unacknowledged."""

    number: int
    next_batch: int = 0
    unacknowledged: list[int] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def ids(self, batch: int) -> list[str]:
        return [f"c{self.number}-b{batch}-e{i}" for i in range(EVENTS_PER_BATCH[self.number])]

    def body(self, batch: int) -> bytes:
        return b"\n".join(
            json.dumps(
                {
                    "id": name,
                    "action": "load.step",
                    "actor": {"id": f"client-{self.number}"},
                    "message": "m" * PADDING[self.number],
                }
            ).encode()
            for name in self.ids(batch)
        )

    def send(self, client: httpx.Client, batch: int) -> None:
        kind = "application/json" if EVENTS_PER_BATCH[self.number] == 1 else "application/x-ndjson"
        answer = client.post(
            "/v1/logs/default/events",
            content=self.body(batch),
            headers={"Content-Type": kind, "Idempotency-Key": f"c{self.number}-b{batch}"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["count"] + len(answer.json()["duplicates"]) == len(self.ids(batch))

    def run(self, server: ServerProcess, enough: threading.Semaphore) -> None:
        """Append until the server is gone; releases `enough` once for each acknowledged batch."""
        headers = {"Authorization": f"Bearer {server.token}"}
        try:
            with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
                while True:
                    if not self.unacknowledged:
                        self.unacknowledged.append(self.next_batch)
                        self.next_batch += 1
                    self.send(client, self.unacknowledged[0])
                    self.acknowledged += self.ids(self.unacknowledged.pop(0))
                    enough.release()
        except httpx.TransportError:
            return


def _round(data: Path, producers: list[Producer], rng: random.Random, *, resume_only: bool) -> None:
    with running_server(data) as server:
        if resume_only:
            headers = {"Authorization": f"Bearer {server.token}"}
            with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
                for producer in producers:
                    while producer.unacknowledged:
                        producer.send(client, producer.unacknowledged[0])
                        producer.acknowledged += producer.ids(producer.unacknowledged.pop(0))
            return
        enough = threading.Semaphore(0)
        threads = [threading.Thread(target=p.run, args=(server, enough)) for p in producers]
        for thread in threads:
            thread.start()
        for _ in range(rng.randrange(1, 120)):
            enough.acquire(timeout=60)
        os.kill(server.process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()


def _ids(data: Path) -> Counter[str]:
    log = open_log(data, "default")
    try:
        return Counter(json.loads(entry)["id"] for entry in log.entries(0, log.size))
    finally:
        log.close()


@pytest.mark.parametrize("rounds", [12, pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(0)])])
def test_every_acknowledged_event_is_there_exactly_once_after_many_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    data = tmp_path / "data"
    rng = random.Random(20261122)
    producers = [Producer(n) for n in range(CLIENTS)]
    for _ in range(rounds):
        _round(data, producers, rng, resume_only=False)
    _round(data, producers, rng, resume_only=True)

    stored = _ids(data)
    acknowledged = [name for producer in producers for name in producer.acknowledged]
    assert len(acknowledged) > rounds * CLIENTS
    assert all(producer.acknowledged for producer in producers)
    assert set(acknowledged) == set(stored)
    assert max(stored.values()) == 1

    report = verify(open_source(str(data / "logs/default"), None), None)
    assert not report.findings
