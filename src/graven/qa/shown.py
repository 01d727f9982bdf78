"""One attempt of a test with everything that happened in it, from a log that is read a few times.

First the test is found; then what names it is gathered; then what shares a trace with that, or a correlation or a
session within the run, and once more as long as that tells further ones. What names another test never belongs to
this one. Little is held in memory, and nothing has to stand in the log in any order.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from graven.errors import CouldNotCheck, NotFound
from graven.event.recorded import may_lie_in_blob
from graven.qa.events import REDACTED
from graven.qa.find_test import FindTest
from graven.qa.happened import Happened, happened
from graven.qa.run import Attempt, TestResult
from graven.qa.timeline import TimelineItem, timeline

__all__ = ["MAX_BYTES", "MAX_EVENTS", "ShownTest", "show_found", "show_test"]

MAX_EVENTS = 5_000
MAX_BYTES = 32 * 1024 * 1024
"""Of the events of one timeline; what comes later in the log is counted in `left_out`."""

_MOST_READINGS = 4
"""A trace that tells a correlation that tells a trace is as far as honest records go."""

Read = Callable[[], Iterable[bytes]]
"""All entries of a log, from the first on; the same ones each time, and perhaps some more."""


class ShownTest(msgspec.Struct, frozen=True):
    """`event` is the attempt's `test.case.finish`, entry `index`; its timeline has it again, in its place."""

    run: str
    commit: str
    branch: str
    result: TestResult
    attempt: Attempt
    index: int
    event: dict[str, Any]
    timeline: list[TimelineItem]
    left_out: int


def show_test(
    read: Read,
    load_blob: Callable[[str], bytes | None] | None,
    name: str,
    *,
    run: str | None = None,
    attempt: int | None = None,
    environment: str | None = None,
) -> ShownTest:
    """Without `attempt`, the last one that failed, else the last. Raises what `FindTest.result` raises."""
    find = FindTest(name, run, environment, load_blob)
    for index, entry in enumerate(read()):
        find.feed(index, entry)
    return show_found(read, load_blob, find, *find.result(), attempt=attempt)


def show_found(
    read: Read,
    load_blob: Callable[[str], bytes | None] | None,
    find: FindTest,
    found_run: str,
    result: TestResult,
    *,
    attempt: int | None = None,
) -> ShownTest:
    """The same for the `result` of a `find` that was fed all of the log."""
    chosen = _attempt(result, attempt)
    gather = _Gather(found_run, result, chosen, load_blob)
    for index, entry in enumerate(read()):
        gather.feed(index, entry)
    for _ in range(_MOST_READINGS):
        if not gather.learned():
            break
        for index, entry in enumerate(read()):
            gather.feed_again(index, entry)
    events = list(gather.events.values())
    if chosen.index not in gather.events:
        raise CouldNotCheck(f"entry {chosen.index} could be read a moment ago and cannot be read now")
    return ShownTest(
        found_run,
        *find.commit_of(found_run),
        result,
        chosen,
        chosen.index,
        gather.events[chosen.index].data,
        timeline(events, root=chosen.index, joined=gather.joined),
        gather.left_out,
    )


def _attempt(result: TestResult, number: int | None) -> Attempt:
    if number is None:
        failing = [one for one in result.attempts if one.failing]
        return (failing or result.attempts)[-1]
    found = [one for one in result.attempts if one.attempt == number]
    if not found:
        known = ", ".join(str(one.attempt) for one in result.attempts)
        raise NotFound(
            f"there is no attempt {number} of {result.test}",
            hint=f"its attempts: {known}",
            code="unknown_attempt",
            details={"attempts": [one.attempt for one in result.attempts]},
        )
    return found[-1]


class _Gather:
    def __init__(
        self, run: str, result: TestResult, attempt: Attempt, load_blob: Callable[[str], bytes | None] | None
    ) -> None:
        self._run = run
        self._result = result
        self._attempt = attempt
        self._load = load_blob
        self._needles = [msgspec.json.encode(run)[1:-1]]
        self._traces: set[str] = set()
        self._shared: dict[str, set[str]] = {"correlation_id": set(), "session_id": set()}
        self._bytes = 0
        self.events: dict[int, Happened] = {}
        self.joined: dict[int, str] = {}
        self.left_out = 0

    def feed(self, index: int, entry: bytes) -> None:
        """First reading: what names the test. The attempt itself is kept whatever the bounds."""
        event = self._read(index, entry)
        if event is not None and (index == self._attempt.index or self._names_it(event)):
            self._keep(event, "test")

    def learned(self) -> bool:
        """Take traces, correlations and sessions of what was gathered; whether there are new ones."""
        known_before = self._known()
        for event in self.events.values():
            if event.trace:
                self._traces.add(event.trace)
            for name, known in self._shared.items():
                if value := event.text(name):
                    known.add(value)
        run = self._needles[0]
        self._needles = [run, *(msgspec.json.encode(trace)[1:-1] for trace in self._traces)]
        return self._known() > known_before

    def _known(self) -> int:
        return len(self._traces) + sum(map(len, self._shared.values()))

    def feed_again(self, index: int, entry: bytes) -> None:
        """Second reading: what shares a trace, or a correlation or session within the run."""
        event = None if index in self.events else self._read(index, entry)
        if event is None or event.text("qa", "run") not in {"", self._run} or self._is_of_another(event):
            return
        if event.trace and event.trace in self._traces:
            self._keep(event, "trace")
        elif event.text("qa", "run") == self._run:
            for name, known in self._shared.items():
                if event.text(name) in known:
                    self._keep(event, name.removesuffix("_id"))
                    return

    def _read(self, index: int, entry: bytes) -> Happened | None:
        could_be = any(needle in entry for needle in self._needles) or b"\\u" in entry or b"\\/" in entry
        if not could_be and not may_lie_in_blob(entry):
            return None
        return happened(index, entry, self._load)

    def _names_it(self, event: Happened) -> bool:
        if event.text("qa", "run") != self._run or event.text("qa", "test") != self._result.test:
            return False
        return not self._is_of_another(event)

    def _is_of_another(self, event: Happened) -> bool:
        """Whether it names another test, suite, environment or attempt; what it does not name may be any."""
        own = self._result
        for name, value in (("test", own.test), ("suite", own.suite), ("environment", own.environment)):
            if event.of("qa", name) is not None and (event.text("qa", name) or REDACTED) != value:
                return True
        number = event.of("qa", "attempt")
        if number is None and event.data["action"] == "test.case.finish":
            number = 1
        if event.data["action"] == "test.case.finish" and event.index != self._attempt.index:
            return True  # another report of the same test
        return number is not None and number != self._attempt.attempt

    def _keep(self, event: Happened, why: str) -> None:
        full = len(self.events) >= MAX_EVENTS or self._bytes + event.size > MAX_BYTES
        if full and event.index != self._attempt.index:
            self.left_out += 1
            return
        self._bytes += event.size
        self.events[event.index] = event
        self.joined[event.index] = why
