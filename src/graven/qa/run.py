"""One run with its tests: shards and reruns joined, every attempt with its log index."""

from collections.abc import Callable

import msgspec

from graven.qa.events import CASE_FINISH, RunEvent, RunEvents
from graven.qa.summary import STATUSES, RunNumbers, RunSummary, is_failing, status_code

__all__ = ["Attempt", "RunView", "TestResult", "result_of"]


class Attempt(msgspec.Struct, frozen=True):
    """One execution of a test; `index` is its entry in the log."""

    attempt: int
    index: int
    status: str
    failing: bool
    duration_ns: int | None
    error_type: str
    error_message: str


class TestResult(msgspec.Struct, frozen=True):
    """A test in one run: `status` is that of its last attempt, `flaky` when attempts differ in status."""

    __test__ = False  # a name of the field, not a test of ours

    suite: str
    test: str
    environment: str
    status: str
    failing: bool
    flaky: bool
    duration_ns: int | None
    attempts: list[Attempt]


def attempt_of(event: RunEvent) -> Attempt:
    """What a `test.case.finish` says."""
    code = status_code(event)
    return Attempt(
        attempt=event.attempt,
        index=event.index,
        status=STATUSES[code],
        failing=is_failing(code),
        duration_ns=event.duration_ns,
        error_type=event.error_type,
        error_message=event.error_message,
    )


def result_of(identity: tuple[str, str, str], attempts: list[Attempt]) -> TestResult:
    """The attempts of one test in one run, joined: by attempt, then by log index."""
    ordered = sorted(attempts, key=lambda attempt: (attempt.attempt, attempt.index))
    last = ordered[-1]
    durations = [attempt.duration_ns for attempt in ordered if attempt.duration_ns is not None]
    return TestResult(
        *identity,
        status=last.status,
        failing=last.failing,
        flaky=len({attempt.status for attempt in ordered}) > 1,
        duration_ns=sum(durations) if durations else None,
        attempts=ordered,
    )


class RunView:
    """A fold that holds one run: the one named, or the run that began last in the log."""

    def __init__(self, run: str | None, load_blob: Callable[[str], bytes | None] | None = None) -> None:
        self.events = RunEvents(load_blob)
        self.seen: dict[str, None] = {}
        """Names of all runs, oldest first: for whoever mistyped one."""
        self._wanted = run
        self._numbers: RunNumbers | None = None
        self._tests: dict[tuple[str, str, str], list[Attempt]] = {}

    def feed(self, index: int, entry: bytes) -> None:
        """One entry, as the log holds it; whatever is no event of the run changes nothing."""
        event = self.events.read(index, entry)
        if event is not None:
            self.take(event)

    def take(self, event: RunEvent) -> None:
        """One decoded event: the way in for an index."""
        began = event.run not in self.seen
        self.seen[event.run] = None
        if began and self._wanted in {None, event.run}:
            self._numbers = RunNumbers(event)
            self._tests = {}
        if self._numbers is None or event.run != self._numbers.run:
            return
        self._numbers.take(event)
        if event.action == CASE_FINISH:
            identity = (event.suite, event.test, event.environment)
            self._tests.setdefault(identity, []).append(attempt_of(event))

    def summary(self) -> RunSummary | None:
        """The run, or None when no event of it was fed."""
        return None if self._numbers is None else self._numbers.summary()

    def tests(self) -> list[TestResult]:
        """Failing tests first, then flaky ones, then by suite, name and environment."""
        results = [result_of(identity, attempts) for identity, attempts in self._tests.items()]
        return sorted(
            results, key=lambda test: (not test.failing, not test.flaky, test.suite, test.test, test.environment)
        )
