"""Ten million events that are not one block repeated: ids, sessions, traces and orders are new in every batch."""

import http.client
import json
import multiprocessing
import os
import re
import threading
import time
from typing import Any

from bench.corpus import events

__all__ = ["load"]

_HOLES = re.compile(
    rb"(?<=\")[0-9a-f]{32}(?=\")|(?<=\")[0-9a-f]{16}(?=\")|(?<=\"order\":)\d{6}|(?<=\"id\":\")\d{6}(?=\")"
)
_BATCH = 1_000
_TEMPLATES = 200_000


class Template:
    """An NDJSON body, cut at what is made new for each send."""

    def __init__(self, made: list[dict[str, object]]) -> None:
        body = b"\n".join(json.dumps(event, separators=(",", ":")).encode() for event in made) + b"\n"
        self._pieces: list[bytes] = []
        self._sizes: list[tuple[int, int]] = []
        last = 0
        for match in _HOLES.finditer(body):
            self._pieces += [body[last : match.start()], b""]
            self._sizes.append((len(self._pieces) - 1, match.end() - match.start()))
            last = match.end()
        self._pieces.append(body[last:])

    def fresh(self) -> bytes:
        parts = list(self._pieces)
        random = os.urandom(16 * len(self._sizes)).hex().encode()
        for number, (place, size) in enumerate(self._sizes):
            hexadecimal = random[32 * number : 32 * number + size]
            parts[place] = b"%06d" % (100_000 + int(hexadecimal, 16) % 900_000) if size == 6 else hexadecimal
        return b"".join(parts)


def _send(host: str, port: int, token: str, templates: list[Template], left: list[int], failed: list[str]) -> None:
    connection = http.client.HTTPConnection(host, port, timeout=300)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    turn = 0
    while left[0] > 0 and not failed:
        left[0] -= _BATCH
        body = templates[turn % len(templates)].fresh()
        turn += 1
        while True:
            connection.request("POST", "/v1/logs/default/events", body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status == 200:
                break
            if response.status != 429:
                failed.append(f"append answered {response.status}: {answer[:300]!r}")
                return
            time.sleep(0.05)


def _client(host: str, port: int, token: str, count: int, seed: int, queue: Any) -> None:
    made = events(min(count, _TEMPLATES), seed)
    templates = [Template(made[start : start + _BATCH]) for start in range(0, len(made), _BATCH)]
    left, failed = [count], []
    threads = [
        threading.Thread(target=_send, args=(host, port, token, templates[n::2], left, failed)) for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put(failed[0] if failed else None)


def load(host: str, port: int, token: str, count: int) -> None:
    """Append about that many events, from two processes with two connections each."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    processes = [context.Process(target=_client, args=(host, port, token, count // 2, seed, queue)) for seed in (1, 2)]
    for process in processes:
        process.start()
    problems = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    if any(problems):
        raise SystemExit(str(problems))
