"""One run in numbers: state, verdict, counts. Order within a run decides nothing but names and attempts."""

import msgspec

from graven.qa.events import CASE_FINISH, RUN_FINISH, RUN_START, SUITE_FINISH, RunEvent

__all__ = ["RunNumbers", "RunSummary", "StatusCounts", "status_code"]

STATUSES = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "unknown", "xpassed")
"""By code; the last is an `xpassed` that failed its test (strict)."""
_UNKNOWN, _STRICT = 6, 7
_FAILING = (1, 2, _STRICT)
_WORST = ("passed", "failed", "interrupted", "error")


class RunSummary(msgspec.Struct, frozen=True):
    """A run. Times are Unix nanoseconds.

    `state` is open, complete or aborted; `verdict` is passed, failed, interrupted, error or unknown. `counts` has
    tests by the status of their last attempt. `exact` is false when attempts arrived so late that some tests may
    be counted twice. `duration_ns` is the run's own claim, else from its first start to its last finish, else the
    sum of its tests' durations.
    """

    run: str
    state: str
    verdict: str
    counts: dict[str, int]
    attempts: int
    exact: bool
    first_index: int
    last_index: int
    started_ns: int | None
    finished_ns: int | None
    first_received_ns: int
    last_received_ns: int
    duration_ns: int | None
    commit: str
    branch: str
    tree: str
    build: str
    environments: list[str]
    shards: list[str]
    identity: str


def status_code(event: RunEvent) -> int:
    """The place in `STATUSES`; an `xpassed` with the outcome failure has one of its own."""
    if event.status == "xpassed" and event.outcome == "failure":
        return _STRICT
    try:
        return STATUSES.index(event.status)
    except ValueError:
        return _UNKNOWN


def is_failing(code: int) -> bool:
    """Whether a test of this status makes its run fail."""
    return code in _FAILING


class StatusCounts:
    """Tests of one run by final status: a packed number a test while it is `live`, eight numbers after."""

    def __init__(self) -> None:
        self.by_code = [0] * len(STATUSES)
        self.exact = True
        self._last: dict[int, int] | None = {}

    @property
    def live(self) -> bool:
        """Whether the tests are still known one by one."""
        return self._last is not None

    def add(self, event: RunEvent) -> None:
        """One attempt; the last by (attempt, log index) counts."""
        code = status_code(event)
        if self._last is None:  # settled: whether this test was counted already is not known any more
            self.exact = False
            if event.attempt == 1:
                self.by_code[code] += 1
            return
        key = hash((event.suite, event.test, event.environment))
        packed = event.attempt << 68 | event.index << 4 | code
        known = self._last.get(key)
        if known is None:
            self.by_code[code] += 1
        elif known < packed:
            self.by_code[known & 15] -= 1
            self.by_code[code] += 1
        else:
            return
        self._last[key] = packed

    def settle(self) -> None:
        """Forget the tests, keep the numbers."""
        self._last = None


class RunNumbers:
    """The fold of one run's events; give only those of this run."""

    def __init__(self, first: RunEvent) -> None:
        self.run = first.run
        self.counts = StatusCounts()
        self._attempts = 0
        self._first = self._last = first.index
        self._received = (first.received_ns, first.received_ns)
        self._claimed: tuple[int, int] | None = None
        self._start_ns: int | None = None
        self._finish_ns: int | None = None
        self._open: dict[str, int] = {}
        self._finishes: list[str] = []
        self._finish_duration: int | None = None
        self._test_ns: int | None = None
        self._texts = {"commit": "", "branch": "", "tree": "", "build": ""}
        self._environments: set[str] = set()
        self._identity = "1"

    def take(self, event: RunEvent) -> None:
        """The next event."""
        self._first, self._last = min(self._first, event.index), max(self._last, event.index)
        low, high = self._received
        self._received = (min(low, event.received_ns), max(high, event.received_ns))
        if event.claimed_ns is not None:
            low, high = self._claimed or (event.claimed_ns, event.claimed_ns)
            self._claimed = (min(low, event.claimed_ns), max(high, event.claimed_ns))
        for name, known in self._texts.items():
            if not known:
                self._texts[name] = getattr(event, name)
        if event.environment:
            self._environments.add(event.environment)
        if event.action == RUN_START:
            self._open[event.shard] = self._open.get(event.shard, 0) + 1
            self._identity = event.identity
            if event.claimed_ns is not None:
                self._start_ns = min(self._start_ns or event.claimed_ns, event.claimed_ns)
        elif event.action == RUN_FINISH:
            self._open[event.shard] = self._open.get(event.shard, 0) - 1
            self._finishes.append(event.status)
            self._finish_duration = event.duration_ns
            if event.claimed_ns is not None:
                self._finish_ns = max(self._finish_ns or event.claimed_ns, event.claimed_ns)
        elif event.action == CASE_FINISH:
            self._attempts += 1
            self.counts.add(event)
            if event.duration_ns is not None:
                self._test_ns = (self._test_ns or 0) + event.duration_ns
        else:
            assert event.action == SUITE_FINISH  # noqa: S101  # its counts are those of its cases

    @property
    def state(self) -> str:
        """Aborted wins over open: such a run cannot become complete."""
        if any(status in {"interrupted", "error"} for status in self._finishes):
            return "aborted"
        # a late start makes up for the finish that came before it
        return "open" if any(count > 0 for count in self._open.values()) else "complete"

    @property
    def verdict(self) -> str:
        """The worst that a finish or a test says; an open run without failures has none yet."""
        by_code = self.counts.by_code
        said = [_WORST.index(status) for status in self._finishes if status in _WORST]
        if any(by_code[code] for code in _FAILING):
            said.append(1)
        if self.state == "open":
            return _WORST[max(said)] if said and max(said) > 0 else "unknown"
        if not said and not self._finishes and any(by_code):
            said.append(0)
        return _WORST[max(said)] if said else "unknown"

    def summary(self) -> RunSummary:
        """The run as it is now."""
        counts: dict[str, int] = {}
        for name, number in zip(STATUSES, self.counts.by_code, strict=True):
            if number:
                counts[name] = counts.get(name, 0) + number
        claimed = self._claimed or (None, None)
        state = self.state
        reports_only = not self._open
        return RunSummary(
            run=self.run,
            state=state,
            verdict=self.verdict,
            counts=counts,
            attempts=self._attempts,
            exact=self.counts.exact,
            first_index=self._first,
            last_index=self._last,
            started_ns=claimed[0] if reports_only else self._start_ns,
            finished_ns=claimed[1] if reports_only else None if state == "open" else self._finish_ns,
            first_received_ns=self._received[0],
            last_received_ns=self._received[1],
            duration_ns=self._duration(state),
            environments=sorted(self._environments),
            shards=sorted(shard for shard in self._open if shard),
            identity=self._identity,
            **self._texts,
        )

    def _duration(self, state: str) -> int | None:
        if len(self._finishes) == 1 and self._finish_duration is not None:
            return self._finish_duration
        if state != "open" and self._start_ns is not None and self._finish_ns is not None:
            return max(0, self._finish_ns - self._start_ns)
        return self._test_ns
