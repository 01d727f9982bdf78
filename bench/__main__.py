"""`python -m bench [append|single|verify|imports|long] [--quick] [--dir DIR]`: prints one Markdown table."""

import argparse
import tempfile
from pathlib import Path

from bench.appends import append_batches, append_single
from bench.imports import import_junit
from bench.long_run import long_run
from bench.machine import describe, directory, raise_file_limit
from bench.verification import verification


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    every = ["append", "single", "verify", "imports", "long"]
    parser.add_argument("names", nargs="*", choices=[*every, []], help="default: all")
    parser.add_argument("--quick", action="store_true", help="short runs, to see that it works; do not quote them")
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()), help="file system to measure on")
    parser.add_argument("--events", type=int, default=20_000_000, help="events of the long run")
    options = parser.parse_args()
    names = options.names or every
    raise_file_limit()
    print(f"Machine: {describe()}; files under {options.dir}\n")
    print("| what | measured | goal | notes |\n|---|---|---|---|")
    if "append" in names:
        append_batches(options.dir, 5 if options.quick else 60)
    if "single" in names:
        append_single(options.dir, 3 if options.quick else 15)
    if "verify" in names:
        verification(options.dir, 50_000 if options.quick else 2_000_000)
    if "imports" in names:
        import_junit(options.dir, 50_000 if options.quick else 200_000)
    if "long" in names:
        long_run(options.dir, 400_000 if options.quick else options.events)


if __name__ == "__main__":
    main()
