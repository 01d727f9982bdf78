"""`python -m bench.light_install [--events N] [--rounds N]`: appends of the light install against the full one.

Both append the same batches of 1,000 events to a new log of their own, through intake and the writer, closed
at the end; the light one in a process in which the packages of the server extra cannot be imported. A pair is
measured side by side in each round, so the ratio holds where an absolute number would not.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import describe, directory

EXTRAS = ("numpy", "isal", "hyperscan", "zstandard")


def _append(folder: Path, count: int, left_out: list[str]) -> None:
    """The child: prints seconds of processor time, and of the clock."""
    for name in left_out:
        sys.modules[name] = None  # type: ignore[assignment]
    from bench.corpus import batches
    from graven.event.intake import NDJSON, Producer, prepare_events
    from graven.event.redact import Redactor
    from graven.log import create_log, open_log

    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    pool = batches(10)
    bodies = [pool[at % len(pool)].fresh() for at in range(count // 1000)]
    create_log(folder / "data", "default", clock=time.time_ns)
    log = open_log(folder / "data", "default", clock=time.time_ns)
    redactor, producer = Redactor(None), Producer("local", "127.0.0.1")
    busy, began = time.process_time(), time.perf_counter()
    for body in bodies:
        log.append(prepare_events(body, NDJSON, producer, redactor, now_ns=time.time_ns()))
    log.close()
    print(time.process_time() - busy, time.perf_counter() - began)
    assert log.size == len(bodies) * 1000


def _measured(directory: Path, count: int, left_out: tuple[str, ...]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        command = [sys.executable, "-m", "bench.light_install", "--append", scratch, "--events", str(count)]
        done = subprocess.run([*command, "--without", *left_out], check=True, capture_output=True, text=True)
    busy, wall = done.stdout.split()
    return float(busy), float(wall)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.light_install", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()), help="file system to measure on")
    parser.add_argument("--append", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--without", nargs="*", default=[], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.append is not None:
        _append(options.append, options.events, options.without)
        return
    print(f"Machine: {describe()}; files under {options.dir}; {options.events:,} events, {options.rounds} rounds\n")
    print("| install | rate of appends, full install = 1 (processor time) | (clock) |\n|---|---|---|")
    for name, left_out in (("full without numpy", ("numpy",)), ("light", EXTRAS)):
        busy, wall = [], []
        for _ in range(options.rounds):
            full, light = _measured(options.dir, options.events, ()), _measured(options.dir, options.events, left_out)
            busy.append(full[0] / light[0])
            wall.append(full[1] / light[1])
        print(f"| {name} | {statistics.median(busy):.2f} | {statistics.median(wall):.2f} |", flush=True)


if __name__ == "__main__":
    main()
