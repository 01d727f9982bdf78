"""Full verification of a log, and the hashing alone of the same entries in the same run.

The log is made through the library (no HTTP), of real entries; the reference has the same two processes, the
same SHA-256 of every leaf and node, from memory: no files, no gzip, no checks.
"""

import concurrent.futures
import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.corpus import batches
from bench.machine import row
from graven.event.intake import NDJSON, Producer, prepare_events
from graven.event.redact import Redactor, default_rules
from graven.log.create import create_log
from graven.log.start import open_log

__all__ = ["make_log", "verification", "verify_rate"]


def make_log(data: Path, entries: int) -> float:
    """A log `default` of about `entries` entries under `data`; gives the entries a second that it took."""
    os.environ["XDG_STATE_HOME"] = str(data.parent / "state")
    create_log(data, "default", clock=time.time_ns)
    log = open_log(data, "default")
    redactor = Redactor(default_rules(), "bench", bytes(32))
    producer = Producer("b" * 12, "127.0.0.1")
    pool = batches(16)
    start = time.perf_counter()
    for turn in range(-(-entries // 1000)):
        body = pool[turn % len(pool)].fresh()
        log.append(prepare_events(body, NDJSON, producer, redactor, now_ns=time.time_ns()))
    log.close()
    return entries / (time.perf_counter() - start)


def verify_rate(target: Path, state: Path) -> tuple[int, float]:
    """(entries, seconds) of `graven verify`, the start of the program included."""
    command = [sys.executable, "-m", "graven", "verify", str(target), "--remember", str(state / "remember"), "--json"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"verify ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}")
    return int(json.loads(done.stdout)["checkpoint"]["size"]), seconds


def _hash_only(lines: list[bytes], rounds: int) -> int:
    sha256 = hashlib.sha256
    for _ in range(rounds):
        hashes = [sha256(b"\0" + line).digest() for line in lines]
        while len(hashes) > 1:
            hashes = [
                sha256(b"\1" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=False)
            ]
    return rounds * len(lines)


def _reference(lines: list[bytes], entries: int) -> float:
    rounds = max(1, entries // 2 // len(lines))
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as processes:
        list(processes.map(_hash_only, [lines] * 2, [1] * 2))  # started and warm
        start = time.perf_counter()
        done = sum(processes.map(_hash_only, [lines] * 2, [rounds] * 2))
        return done / (time.perf_counter() - start)


def verification(directory: Path, entries: int = 2_000_000) -> None:
    """Make a log, verify it three times, and hash as much."""
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        base = Path(scratch)
        made = make_log(base / "data", entries)
        row("the log without HTTP: parse, append, integrate", f"{made:,.0f} events/s", "", "one process")
        lines = [b"x" * 140 + line for line in batches(8)[0].fresh().split(b"\n")] * 8
        before = _reference(lines, entries)
        runs = [verify_rate(base / "data" / "logs" / "default", base / f"state{turn}") for turn in range(3)]
        after = _reference(lines, entries)
        size, seconds = sorted(runs, key=lambda run: run[1])[1]
        limit = (before + after) / 2
        row(
            "full verification, two processes, median of three",
            f"{size / seconds:,.0f} entries/s",
            ">= 500,000 (aim 1,000,000)",
            f"{size / seconds / limit:.2f} x of hashing alone ({limit:,.0f}/s); {size:,} entries in {seconds:.1f} s,"
            " start of the program included",
        )
