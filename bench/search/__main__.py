"""`python -m bench.search [--events N] [--dir DIR] [--keep]`: prints Markdown tables.

A log of N events is recorded over HTTP, indexed from nothing, searched over HTTP; then the same rows, as far as they
are sealed, go into one DuckDB file and one SQLite FTS5 file, and the same questions are asked there. A "day" is the
last tenth of the sealed ones: events come in faster than in life. "http" is a whole call: the query, 50 rows read from
the log, the read recorded durably, the answer. "index" is the part that the two files do as well: from the query to
log indexes.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from bench.appends import stored_bytes
from bench.machine import describe, directory, resident_mib, row
from bench.search.load import load
from bench.search.peers import Duck, Lite
from bench.search.sealing import on_one_core
from bench.service import Service, serving

WORDS = "lamp chair table sofa carpet shelf mirror desk stool bench cupboard drawer curtain pillow".split()
PHRASES = ["card declined by issuer", "did not answer within", "must be between", "left", "wanted"]


class Asker:
    """Questions to the server, with how long each took."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def get(self, path: str, **parameters: Any) -> Any:
        query = urllib.parse.urlencode(parameters)
        request = urllib.request.Request(
            f"{self._service.url}{path}?{query}", headers={"Authorization": f"Bearer {self._service.token}"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def events(self, query: str, **parameters: Any) -> Any:
        return self.get("/v1/logs/default/events", q=query, **parameters)


def index_fully(data: Path, count: int) -> None:
    """Index from nothing, and say how fast."""
    shutil.rmtree(data / "index", ignore_errors=True)
    with serving(data) as service:
        asker = Asker(service)
        start = last_time = time.perf_counter()
        last, longest = 0, 0.0
        while last < count:
            time.sleep(0.05)
            try:
                (state,) = [log for log in asker.get("/v1/index")["logs"] if log["name"] == "default"]
            except OSError:
                continue
            now = time.perf_counter()
            if state["indexed"] > last:
                longest = max(longest, now - last_time) if last else longest
                last, last_time = state["indexed"], now
        indexed = time.perf_counter() - start
        while state["hot_rows"] >= 262_144:
            time.sleep(0.1)
            (state,) = [log for log in asker.get("/v1/index")["logs"] if log["name"] == "default"]
        sealed = time.perf_counter() - start
        memory = resident_mib(service.pid)
        segments = state["sealed_segments"] * 262_144
        row(
            "indexing from nothing",
            f"{count / indexed:,.0f} events/s",
            "",
            f"longest pause between two advances {longest:.2f} s (goal <= 1 s); server with index {memory:.0f} MiB",
        )
        row(
            "sealed",
            f"{segments / sealed:,.0f} events/s",
            ">= 40,000",
            f"{sealed:.0f} s on two cores, derived and sealed, text included",
        )


def percentile(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def questions(asker: Asker, count: int, sealed: int, rounds: int) -> dict[str, list[tuple[Any, str, dict[str, Any]]]]:
    """For each class: the value for peers, and the query with parameters for us."""
    rng = random.Random(7)
    sample = [asker.get(f"/v1/logs/default/events/{rng.randrange(count)}/view")["event"] for _ in range(rounds)]
    # the plain files hold what is sealed, so the day has to lie in that
    edge, end = (
        asker.get(f"/v1/logs/default/events/{index}/around", before=0, after=0)["event"]["received"]
        for index in (int(sealed * 0.9), sealed - 1)
    )
    low, high = _ns(edge), _ns(end)
    day = {"since": edge, "until": end}
    found: dict[str, list[tuple[Any, str, dict[str, Any]]]] = {
        name: [] for name in (
            "id", "actor", "action", "outcome", "target", "run", "trace", "absent", "newest", "page", "both", "day",
            "token", "phrase", "prefix", "substring", "histogram", "facets", "facets_day",
        )
    }  # fmt: skip
    for n, event in enumerate(sample):
        actor, action, target = event["actor"]["id"], event["action"], event["targets"][0]["id"]
        trace, word = event["trace"]["trace_id"], WORDS[n % len(WORDS)]
        phrase = PHRASES[n % len(PHRASES)]
        found["id"].append((event["id"], f"id:{event['id']}", {}))
        found["actor"].append((actor, f"actor:{actor}", {}))
        found["action"].append((action, f"action:{action}", {}))
        found["outcome"].append((event["outcome"], f"outcome:{event['outcome']}", {}))
        found["target"].append((target, f"target:{target}", {}))
        found["run"].append((f"r-{n}", f"run:r-{n}", {}))
        found["trace"].append((trace, f"trace:{trace}", {}))
        found["absent"].append((f"nobody-{n}", f"actor:nobody-{n}", {}))
        found["newest"].append((None, "", {}))
        found["page"].append(((actor, count // 2), f"actor:{actor} index<{count // 2}", {}))
        found["both"].append(((actor, action), f"actor:{actor} action:{action}", {}))
        found["day"].append(((action, low, high), f"action:{action}", day))
        found["token"].append((word, word, {}))
        found["phrase"].append((phrase, f'"{phrase}"', {}))
        found["prefix"].append((word[:4], f"{word[:4]}*", {}))
        part = word[1:4] if n % 2 else f"{word[1:4]}{n}zz"  # half of them are there, half are nowhere
        found["substring"].append((part, f"*{part}*", {}))
        found["histogram"].append((None, "", {"by": "outcome"}))
        found["facets"].append((None, "", {"fields": "action,outcome,actor"}))
        found["facets_day"].append(((low, high), "", {"fields": "action,outcome,actor", **day}))
    return found


def _ns(text: str) -> int:
    from graven.event.envelope import parse_time

    return parse_time(text)


CALLS = {"histogram": "/v1/logs/default/histogram", "facets": "/v1/logs/default/facets",
         "facets_day": "/v1/logs/default/facets"}  # fmt: skip
PEERS = (Duck.name, Lite.name)
GOALS = {"histogram": "<= 150", "facets": "<= 150", "facets_day": "<= 20", "substring": "<= 1500"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=40, help="questions of each class")
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()), help="file system to measure on")
    parser.add_argument("--data", type=Path, help="a data directory that an earlier run with --keep left")
    parser.add_argument("--keep", action="store_true", help="leave the data directory")
    parser.add_argument("--indexed", action="store_true", help="with --data: the index is there already")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    base = options.data.parent if options.data else Path(tempfile.mkdtemp(prefix="graven-search-", dir=options.dir))
    data = options.data or base / "data"
    print(f"Machine: {describe()}; {options.events:,} events; files under {base}\n")
    print("| what | measured | goal | notes |\n|---|---|---|---|")
    try:
        measure(data, base, options)
    finally:
        if not options.keep and not options.data:
            shutil.rmtree(base, ignore_errors=True)


def measure(data: Path, base: Path, options: argparse.Namespace) -> None:
    if not data.exists():
        os.environ["GRAVEN_INDEX_ENABLED"] = "false"
        with serving(data) as service:
            start = time.perf_counter()
            load(service.host, service.port, service.token, options.events)
            row("recorded", f"{options.events / (time.perf_counter() - start):,.0f} events/s", "", "without the index")
    os.environ["GRAVEN_INDEX_ENABLED"] = "true"
    os.environ["GRAVEN_INDEX_QUERY_TIMEOUT_S"] = "60"
    if not options.indexed:
        index_fully(data, options.events)
        if options.events > 3 * 262_144:
            on_one_core(data)
    with serving(data) as service:
        asker = Asker(service)
        while True:
            (state,) = [log for log in asker.get("/v1/index")["logs"] if log["name"] == "default"]
            if state["indexed"] >= options.events and state["state"] == "following":
                break
            time.sleep(0.2)
        count = state["indexed"]
        raw = raw_bytes(asker, count)
        index = sum(p.stat().st_size for p in (data / "index" / "default").rglob("*") if p.is_file())
        each = index / (state["sealed_segments"] * 262_144)
        stored = stored_bytes(data) / count
        row(
            "index / raw JSON", f"{each / raw:.3f}", "<= 0.5", f"{each:.0f} of {raw:.0f} B an event; log {stored:.0f} B"
        )
        asked = questions(asker, count, state["sealed_segments"] * 262_144, options.rounds)
        ours = {kind: timed(asker, kind, asked[kind]) for kind in asked}
    theirs = {} if options.no_peers else ask_peers(data, base, asked)
    heads = ("class", "index p50 ms", "DuckDB file p50", "SQLite FTS5 file p50", "of the better")
    print(f"\n| {' | '.join(heads)} | http p50 ms | http p99 ms | goal (http) |\n|{'---|' * 8}")
    for kind, (whole, inside) in ours.items():
        others = {name: results[kind] for name, results in theirs.items() if results.get(kind) is not None}
        cells = [f"{statistics.median(others[name]):.2f}" if name in others else "-" for name in PEERS]
        best = min((statistics.median(found) for found in others.values()), default=None)
        middle = statistics.median(inside)
        ratio = "-" if best is None else f"{middle / best:.2f}"
        goal = GOALS.get(kind, "<= 20, p99 <= 200")
        print(
            f"| {kind} | {middle:.2f} | {cells[0]} | {cells[1]} | {ratio} | {statistics.median(whole):.1f} "
            f"| {percentile(whole, 0.99):.1f} | {goal} |",
            flush=True,
        )


def raw_bytes(asker: Asker, count: int) -> float:
    """Mean size of an event's JSON as it was sent."""
    sizes = []
    for n in range(200):
        entry = asker.get(f"/v1/logs/default/events/{n * count // 200}")
        sizes.append(len(json.dumps(entry["data"], separators=(",", ":"))))
    return statistics.mean(sizes)


def timed(asker: Asker, kind: str, asked: list[tuple[Any, str, dict[str, Any]]]) -> tuple[list[float], list[float]]:
    """Milliseconds of each call, and of what the index did in it."""
    path = CALLS.get(kind, "/v1/logs/default/events")
    whole, inside = [], []
    for _, query, parameters in asked:
        start = time.perf_counter()
        answer = asker.get(path, q=query, **parameters)
        whole.append((time.perf_counter() - start) * 1_000)
        inside.append(answer["took_ms"])
    return whole, inside


def ask_peers(data: Path, base: Path, asked: dict[str, Any]) -> dict[str, dict[str, list[float] | None]]:
    """The same questions to the two plain files."""
    segments = sorted(p for p in (data / "index" / "default").iterdir() if (p / "columns.parquet").exists())
    results: dict[str, dict[str, list[float] | None]] = {}
    for make, name in ((Duck, "peer.duckdb"), (Lite, "peer.sqlite")):
        path = base / name
        path.unlink(missing_ok=True)
        peer = make(path, segments)
        rows = len(segments) * 262_144
        row(f"{peer.name}: made", f"{rows / peer.built_s:,.0f} events/s", "", f"{peer.size / rows:.0f} B an event")
        results[peer.name] = {kind: peer_times(peer, kind, questions) for kind, questions in asked.items()}
        peer.close()
        path.unlink()
    return results


def peer_times(peer: Duck | Lite, kind: str, asked: list[tuple[Any, str, dict[str, Any]]]) -> list[float] | None:
    times = []
    for value, _, _ in asked:
        start = time.perf_counter()
        if peer.ask(kind, value) is None:
            return None
        times.append((time.perf_counter() - start) * 1_000)
        if sum(times) > 60_000:  # a class that takes a minute is slow enough to be known
            break
    return times


if __name__ == "__main__":
    main()
