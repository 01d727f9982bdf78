"""The list of runs: numbers for each run, and the tests of the runs that are being written.

The last `LIVE_RUNS` runs, by their latest test, keep a packed number a test, so that a retry replaces the attempt
before it. Older runs keep their numbers only; an attempt that arrives after that makes the run `exact=False`.
"""

from collections.abc import Callable

from graven.qa.events import CASE_FINISH, RunEvent, RunEvents
from graven.qa.summary import RunNumbers, RunSummary

__all__ = ["LIVE_RUNS", "RunsView"]

LIVE_RUNS = 32


class RunsView:
    """A fold over a log: `feed` the entries in log order, ask at any time. Not for several threads at once."""

    def __init__(self, load_blob: Callable[[str], bytes | None] | None = None, *, live_runs: int = LIVE_RUNS) -> None:
        self.events = RunEvents(load_blob)
        self._live_runs = live_runs
        self._runs: dict[str, RunNumbers] = {}
        self._live: dict[str, None] = {}

    def feed(self, index: int, entry: bytes) -> None:
        """One entry, as the log holds it; whatever is no run event changes nothing."""
        event = self.events.read(index, entry)
        if event is not None:
            self.take(event)

    def take(self, event: RunEvent) -> None:
        """One decoded event: the way in for an index."""
        numbers = self._runs.get(event.run)
        if numbers is None:
            numbers = self._runs[event.run] = RunNumbers(event)
        if event.action == CASE_FINISH and numbers.counts.live:
            self._keep_live(event.run)
        numbers.take(event)

    def _keep_live(self, run: str) -> None:
        self._live.pop(run, None)
        self._live[run] = None
        if len(self._live) > self._live_runs:
            oldest = next(iter(self._live))
            del self._live[oldest]
            self._runs[oldest].counts.settle()

    def names(self) -> list[str]:
        """Every run's name, oldest first."""
        return list(self._runs)

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first event first."""
        return sorted((numbers.summary() for numbers in self._runs.values()), key=lambda run: -run.first_index)
