"""`python -m bench.runs`: entries a second that the list of runs takes in, by the share of run events."""

import json
import time

from bench.machine import describe
from graven.qa import RunsView

ENTRIES = 50_000


def _entry(data: dict) -> bytes:
    head = b'{"v":1,"received":"2026-11-27T10:00:00.000000000Z","by":{"token":"t","ip":"::1"},"id":"i","source":"ci"'
    return head + b',"format":"event/1","data":%b}' % json.dumps(data).encode()


def _corpus(every: int) -> list[bytes]:
    """One test in `every` entries, 5,000 tests a run; the others are calls of some 450 bytes."""
    call = _entry({"action": "http.request", "actor": {"id": "ci"}, "qa": {"run": "r"}, "output": {"body": "x" * 200}})
    made = []
    for index in range(ENTRIES):
        if index % every:
            made.append(call)
            continue
        number = index // every
        qa = {
            "run": f"r{number // 5000}",
            "suite": "s",
            "test": f"tests/a.py::test_{number % 5000}",
            "status": "passed",
        }
        made.append(_entry({"action": "test.case.finish", "actor": {"id": "ci"}, "qa": qa, "duration_ns": 1000}))
    return made


def main() -> None:
    print(f"Machine: {describe()}\n\n| one run event in | entries/s |\n|---|---|")
    for every in (1, 10, 100):
        corpus = _corpus(every)
        view = RunsView()
        started = time.perf_counter()
        for index, entry in enumerate(corpus):
            view.feed(index, entry)
        took = time.perf_counter() - started
        assert sum(run.attempts for run in view.runs()) == -(-ENTRIES // every)
        print(f"| {every} | {ENTRIES / took:,.0f} |")


if __name__ == "__main__":
    main()
