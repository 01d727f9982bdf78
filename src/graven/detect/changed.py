"""A test result that changed after its run was closed: the rule `result_changed`.

A run is closed when every `test.run.start` of a shard has its `test.run.finish`, by the order of the log. A
`test.case.finish` that comes later, and gives a test another status than the last one before, changes what the run
was taken for. A rerun that says so (a start of its own) opens the run again and is no such change; results that are
late but equal, or of tests that had none, are none either.

Bounds: the last `MAX_RUNS` runs and `MAX_TESTS` tests; older runs are forgotten whole, so a change that comes after
that is not seen. Tests are kept by 8 bytes of a hash of suite, test and environment.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from graven.detect.fired import Found
from graven.index.export.rows import View, text_of

__all__ = ["MAX_RUNS", "MAX_TESTS", "QUERY", "ResultChanged"]

QUERY: Final = "action:test.run.start OR action:test.run.finish OR action:test.case.finish"
MAX_RUNS: Final = 256
MAX_TESTS: Final = 200_000


class _Run(msgspec.Struct):
    """`open` counts starts without finish by shard; `tests` has (status, index, received ns) by hash."""

    open: dict[str, int] = {}
    finish: int | None = None
    tests: dict[bytes, tuple[str, int, int]] = {}

    @property
    def is_closed(self) -> bool:
        return self.finish is not None and not any(count > 0 for count in self.open.values())


class ResultChanged:
    """The watch of the rule."""

    def __init__(self, *, max_runs: int = MAX_RUNS, max_tests: int = MAX_TESTS) -> None:
        self._max_runs = max_runs
        self._max_tests = max_tests
        self._runs: dict[str, _Run] = {}
        self._tests = 0

    def take(self, index: int, received_ns: int, view: View) -> Iterator[Found]:
        """One event of a run, in the order of the log."""
        event = view.get("event") or {}
        qa = event.get("qa")
        if not isinstance(qa, dict) or qa.get("run") is None:
            return
        name = text_of(qa["run"])
        run = self._runs.pop(name, None) or _Run()
        self._runs[name] = run  # at the end: it was heard of last
        match event.get("action"):
            case "test.run.start":
                _add(run.open, event, 1)
            case "test.run.finish":
                _add(run.open, event, -1)
                run.finish = index
            case "test.case.finish":
                yield from self._case(name, run, qa, index, received_ns)
        while len(self._runs) > self._max_runs or (self._tests > self._max_tests and len(self._runs) > 1):
            self._tests -= len(self._runs.pop(next(iter(self._runs))).tests)

    def tick(self, now_ns: int) -> Iterator[Found]:
        """Time alone fires nothing."""
        yield from ()

    def state(self) -> Any:
        """Plain values from which `restore` goes on."""
        return {name: [run.open, run.finish, run.tests] for name, run in self._runs.items()}

    def restore(self, state: Any) -> None:
        """Go on where `state` was taken."""
        for name, (opened, finish, tests) in state.items():
            known = {key: (status, index, at) for key, (status, index, at) in tests.items()}
            self._runs[name] = _Run(dict(opened), finish, known)
            self._tests += len(known)

    def _case(self, name: str, run: _Run, qa: Mapping[str, Any], index: int, received_ns: int) -> Iterator[Found]:
        status = text_of(qa.get("status") or "")
        parts = [text_of(qa.get(part) or "") for part in ("suite", "test", "environment")]
        key = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
        known = run.tests.get(key)
        if known is None:
            self._tests += 1
        elif run.is_closed and known[0] != status and run.finish is not None:
            yield Found(
                at_ns=received_ns,
                since_ns=known[2],
                count=1,
                indexes=(known[1], run.finish, index),
                group=name,
                what=f"{parts[1]} of run {name} went from {known[0]} to {status} after the run was closed",
            )
        run.tests[key] = (status, index, received_ns)


def _add(opened: dict[str, int], event: Mapping[str, Any], number: int) -> None:
    attributes = event.get("attributes")
    shard = attributes.get("shard") if isinstance(attributes, dict) else None
    key = "" if shard is None else text_of(shard)
    opened[key] = opened.get(key, 0) + number
