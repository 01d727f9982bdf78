"""`python -m bench.search.sealing --data DIR`: deriving and sealing one segment, each alone on one core.

DIR is a data directory that `python -m bench.search --keep` left; nothing in it is changed. Sealing is what the index
does: a process of its own, its start, the words and the sync of the files included.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from bench.machine import describe, row
from graven.index.derive.view import VERSION
from graven.index.process.followed import FollowedLog
from graven.index.process.sealing import Sealer
from graven.index.store import SEALED_ROWS

ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search.sealing", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    print(f"Machine: {describe()}\n\n| what | measured | goal | notes |\n|---|---|---|---|")
    on_one_core(options.data)


def on_one_core(data: Path) -> None:
    """Print both rates; medians of three segments."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(every)})  # processes that are started inherit it
    log = FollowedLog(data, "default")
    derived, sealed = [], []
    try:
        with tempfile.TemporaryDirectory(dir=data.parent) as home:
            for number in range(ROUNDS):
                first = number * SEALED_ROWS
                start = time.perf_counter()
                table = log.derive(first, SEALED_ROWS)
                between = time.perf_counter()
                Sealer().seal(table, first, Path(home), mapper=VERSION, leaf="", secret=log.index.secret)
                derived.append(SEALED_ROWS / (between - start))
                sealed.append(SEALED_ROWS / (time.perf_counter() - between))
    finally:
        log.close()
        os.sched_setaffinity(0, every)
    note = f"{ROUNDS} segments of {SEALED_ROWS:,} entries"
    row("sealing alone on one core, text included", f"{statistics.median(sealed):,.0f} events/s", ">= 40,000", note)
    row("deriving alone on one core, from the log's bundles", f"{statistics.median(derived):,.0f} events/s", "", note)


if __name__ == "__main__":
    main()
