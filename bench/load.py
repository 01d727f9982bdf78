"""The client of the batch benchmarks: a process with a few connections, each sending batch after batch.

It makes new ids for every batch, so its own work (about half a microsecond an event) is in the number.
"""

import http.client
import json
import multiprocessing
import threading
import time
from dataclasses import dataclass
from typing import Any

from bench.corpus import Batch, batches

__all__ = ["LoadResult", "run_load"]


@dataclass(frozen=True)
class LoadResult:
    events: int
    bytes: int
    seconds: float
    last_index: int
    busy: int

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def _connection(
    host: str,
    port: int,
    token: str,
    pool: list[Batch],
    span: tuple[float, float],
    rate: float,
    limit: list[int],
    out: list[Any],
) -> None:
    start, stop_at = span
    connection = http.client.HTTPConnection(host, port, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    events = size = busy = 0
    last = -1
    turn = 0
    while time.perf_counter() < stop_at and limit[0] > 0:
        batch = pool[turn % len(pool)]
        turn += 1
        limit[0] -= batch.count
        body = batch.fresh()
        while True:
            connection.request("POST", "/v1/logs/default/events", body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                break
            if response.status != 429:
                raise SystemExit(f"append answered {response.status}: {answer[:300]!r}")
            busy += 1
            time.sleep(0.05)
        parsed = json.loads(answer)
        events += parsed["count"]
        last = max(last, parsed["first"] + parsed["count"] - 1)
        size += len(body)
        time.sleep(max(0.0, start + events / rate - time.perf_counter()))
    out.append((events, size, last, busy))


def _client(
    host: str, port: int, token: str, seconds: float, limit: int, rate: float, connections: int, queue: Any
) -> None:
    pool = batches(64)
    out: list[Any] = []
    shared = [limit]
    start = time.perf_counter()
    span = start, start + seconds
    threads = [
        threading.Thread(
            target=_connection, args=(host, port, token, pool[i::connections], span, rate / connections, shared, out)
        )
        for i in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    queue.put(
        (
            sum(o[0] for o in out),
            sum(o[1] for o in out),
            elapsed,
            max(o[2] for o in out),
            sum(o[3] for o in out),
        )
    )


def run_load(
    host: str,
    port: int,
    token: str,
    *,
    seconds: float = 1e9,
    limit: int = 1 << 62,
    rate: float = 1e9,
    connections: int = 4,
) -> LoadResult:
    """Append for `seconds` or until `limit` events, whichever comes first; not more than `rate` events a second."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    process = context.Process(target=_client, args=(host, port, token, seconds, limit, rate, connections, queue))
    process.start()
    result = queue.get()
    process.join()
    return LoadResult(*result)
