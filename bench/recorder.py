"""What `pytest --graven` costs per test: the same 1,000 tests of about 1.5 ms, recorded in several ways.

    python -m bench.recorder [--tests 1000] [--rounds 7]

Every round runs each way once, in turn, so that a slow moment of the machine meets all of them. Seconds are
those of processor time (user and system, all threads): what others do on the machine does not count. The figure
is the median over the rounds of (a way - plain pytest of the same round) / tests; what a way costs per session is
measured in the same way with one test, and taken off. "graven" includes the merge into the log at the end.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.machine import describe

TESTS = """
import time
import pytest

@pytest.fixture
def cart():
    return {{"customer": "c-1", "items": [{{"sku": "LAMP-1", "quantity": 2}}]}}

@pytest.mark.parametrize("number", range({count}))
def test_total(cart, number):
    until = time.thread_time() + 0.0015
    while time.thread_time() < until:
        pass
    print("total of", number)
    assert cart["items"][0]["quantity"] == 2
"""

WAYS = {
    "plain": [],
    "graven off": ["-p", "graven.pytest_plugin.entry"],
    "graven outcomes": ["-p", "graven.pytest_plugin.entry", "--graven", "--graven-level=outcomes"],
    "graven io (default)": ["-p", "graven.pytest_plugin.entry", "--graven"],
    "allure-pytest": ["-p", "allure_pytest.plugin", "--alluredir=allure"],
    "pytest-reportlog": ["-p", "pytest_reportlog.plugin", "--report-log=log.jsonl"],
}


def seconds(folder: Path, arguments: list[str]) -> float:
    for left in (".graven", "allure"):
        shutil.rmtree(folder / left, ignore_errors=True)
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "XDG_STATE_HOME": str(folder / "state")}
    environ.pop("GRAVEN_SERVER", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, "test_many.py"]
    begun = _children()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    taken = _children() - begun
    if done.returncode != 0 or "could not be recorded" in done.stdout:
        raise SystemExit(f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return taken


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(count: int, rounds: int, ways: dict[str, list[str]]) -> dict[str, list[float]]:
    """Seconds of each round."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_many.py").write_text(TESTS.format(count=count))
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, arguments in ways.items():
                taken[name].append(seconds(folder, arguments))
    return taken


def added(taken: dict[str, list[float]], name: str) -> float:
    """Median of what a way adds to plain pytest in the same round, in seconds."""
    return statistics.median(way - plain for way, plain in zip(taken[name], taken["plain"], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="*", help="ways to measure beside plain")
    chosen = parser.parse_args()
    ways = {name: arguments for name, arguments in WAYS.items() if not chosen.only or name in {"plain", *chosen.only}}
    print(describe())
    one = measure(1, chosen.rounds, ways)
    many = measure(chosen.tests, chosen.rounds, ways)
    print(f"{'way':22} {'session CPU s':>14} {'whole CPU s':>12} {'ms per test':>12}")
    for name in ways:
        session = added(one, name)
        per_test = (added(many, name) - session) / (chosen.tests - 1) * 1000
        print(f"{name:22} {session:14.2f} {statistics.median(many[name]):12.2f} {per_test:12.3f}")


if __name__ == "__main__":
    main()
