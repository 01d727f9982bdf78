"""Importing a JUnit report: the mapper alone, the whole command into a local data directory, and its memory.

    python -m bench.imports [--cases N] [--gigabytes G [--lines L] [--formats junit ctrf reportlog]] [--dir DIR]

`--gigabytes 1` imports a report of that size of each format and prints the greatest resident memory of the command.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.machine import describe, directory, row
from graven.event.mappers.junit import read_junit
from graven.event.mappers.report import Report

__all__ = ["import_junit", "write_report"]

_LINE = "request 17 to /orders/42 took 12 ms\n"


def _junit(number: int, output: str) -> bytes:
    head = f'<testcase classname="shop.tests.test_cart_{number % 97}" name="test_adds[{number}]" time="0.012"'
    if number % 20 == 0:
        failure = f'<failure type="AssertionError" message="{number} != 0">cart.py:7: in adds\n{output}</failure>'
        return f"{head}>{failure}</testcase>\n".encode()
    if number % 5 == 0:
        return f"{head}><system-out>{output}</system-out></testcase>\n".encode()
    return f'{head} file="cart.py" line="{number % 400}"/>\n'.encode()


def _ctrf(number: int, output: str) -> bytes:
    test: dict[str, object] = {"name": f"adds {number}", "suite": ["shop", f"cart {number % 97}"], "duration": 12}
    if number % 20 == 0:
        test |= {"status": "failed", "message": f"{number} != 0", "trace": output}
    elif number % 5 == 0:
        test |= {"status": "passed", "stdout": output.splitlines()}
    else:
        test["status"] = "passed"
    return b",\n"[: 2 * bool(number)] + json.dumps(test).encode()


def _reportlog(number: int, output: str) -> bytes:
    lines: list[dict[str, object]] = []
    for phase in ("setup", "call", "teardown"):
        report = {"$report_type": "TestReport", "nodeid": f"test_cart_{number % 97}.py::test_adds[{number}]"}
        lines.append({**report, "when": phase, "outcome": "passed", "duration": 0.004, "sections": []})
    if number % 20 == 0:
        lines[1] |= {"outcome": "failed", "longrepr": output}
    elif number % 5 == 0:
        lines[1]["sections"] = lines[2]["sections"] = [["Captured stdout call", output]]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


class _Format(NamedTuple):
    name: str
    head: bytes
    tail: bytes
    case: Callable[[int, str], bytes]
    """Every twentieth case fails with a trace, every fifth has output."""


FORMATS = {
    "junit": _Format(
        "report.xml",
        b'<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="shop">\n',
        b"</testsuite></testsuites>\n",
        _junit,
    ),
    "ctrf": _Format("ctrf.json", b'{"reportFormat":"CTRF","results":{"tests":[\n', b"]}}\n", _ctrf),
    "reportlog": _Format("log.jsonl", b'{"$report_type":"SessionStart","pytest_version":"9"}\n', b"", _reportlog),
}


def write_report(
    path: Path, *, cases: int | None = None, size_bytes: int | None = None, lines: int = 20, kind: str = "junit"
) -> int:
    """A report of so many cases or bytes; gives the number of cases."""
    made = FORMATS[kind]
    output = _LINE * lines
    with path.open("wb") as stream:
        stream.write(made.head)
        for number in itertools.count():
            if number == cases or (size_bytes is not None and stream.tell() >= size_bytes):
                break
            stream.write(made.case(number, output))
        stream.write(made.tail)
    return number


def _command(report: Path, home: Path) -> tuple[float, float]:
    """Seconds and greatest resident memory in MiB of one `graven import` into a new data directory."""
    environ = {**os.environ, "XDG_STATE_HOME": str(home / "state")}
    graven = [sys.executable, "-m", "graven"]
    data = home / f"data-{report.stem}"
    subprocess.run([*graven, "log", "create", "bench", "--data", data], env=environ, check=True, capture_output=True)
    started = time.perf_counter()
    process = subprocess.Popen([*graven, "import", report, "--data", data, "--json"], env=environ, stdout=-3)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status != 0:
        raise SystemExit(f"graven import ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def import_junit(
    directory: Path, cases: int, size_bytes: int = 0, lines: int = 20, formats: Sequence[str] = ("junit",)
) -> None:
    """Print the rows."""
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        home = Path(scratch)
        report = home / "report.xml"
        write_report(report, cases=cases)
        started = time.perf_counter()
        with report.open("rb") as stream:
            events = sum(1 for _ in read_junit(stream, Report("r", "ci/shop", "junit", "ci/shop")))
        mapped = time.perf_counter() - started
        size = report.stat().st_size / 1e6
        row("JUnit mapper alone", f"{events / mapped:,.0f} cases/s", "", f"{cases:,} cases, {size:.0f} MB")
        seconds, memory = _command(report, home)
        row(
            "graven import of a JUnit report, local data directory",
            f"{cases / seconds:,.0f} cases/s",
            ">= 20,000",
            f"start of the command and storing of the file included; {memory:.0f} MiB at most",
        )
        for kind in formats if size_bytes else ():
            large = home / f"large-{FORMATS[kind].name}"
            count = write_report(large, size_bytes=size_bytes, lines=lines, kind=kind)
            seconds, memory = _command(large, home)
            row(
                f"graven import of {size_bytes / 1e9:.1f} GB of {kind}",
                f"{memory:.0f} MiB resident at most",
                "<= 300 MiB",
                f"{count:,} cases, {count / seconds:,.0f} cases/s",
            )
            large.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--gigabytes", type=float, default=0.0, help="also a report of this size, for its memory")
    parser.add_argument("--lines", type=int, default=20, help="lines of output of a case in that report")
    parser.add_argument("--formats", nargs="+", choices=list(FORMATS), default=["junit"], help="of that report")
    parser.add_argument("--dir", type=directory, default=Path(tempfile.gettempdir()), help="file system to measure on")
    options = parser.parse_args()
    print(f"Machine: {describe()}; files under {options.dir}\n")
    print("| what | measured | goal | notes |\n|---|---|---|---|")
    import_junit(options.dir, options.cases, round(options.gigabytes * 1e9), options.lines, options.formats)


if __name__ == "__main__":
    main()
