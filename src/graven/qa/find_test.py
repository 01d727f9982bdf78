"""Which attempt of which test is meant by a name or a part of it: a fold over a log.

The whole name wins over a part of one. Without a run, the newest that has such a test is meant.
"""

from collections.abc import Callable

from graven.errors import Conflict, NotFound
from graven.index.near import near_names
from graven.qa.events import CASE_FINISH, RUN_START, RunEvent, RunEvents
from graven.qa.identity import full_name
from graven.qa.run import Attempt, TestResult, attempt_of, result_of

__all__ = ["LAST", "FindTest"]

LAST = "last"
"""The run that began last, whether it has the test or not."""
KNOWN_NAMES = 20_000
"""So many names of other tests are remembered, to suggest from."""
_MOST_NAMED = 10


class _Found:
    """The attempts of the tests that match, of the newest run that has any."""

    def __init__(self) -> None:
        self.run = ""
        self.place = -1
        self.tests: dict[tuple[str, str, str], list[Attempt]] = {}

    def add(self, run: str, place: int, event: RunEvent) -> None:
        if place > self.place:
            self.run, self.place, self.tests = run, place, {}
        if place == self.place:
            key = (event.suite, event.test, event.environment)
            self.tests.setdefault(key, []).append(attempt_of(event))


class FindTest:
    """`name` is a test's name, `suite::name`, or a part of it in any case; `run` a run's name, `LAST` or None."""

    def __init__(
        self,
        name: str,
        run: str | None = None,
        environment: str | None = None,
        load_blob: Callable[[str], bytes | None] | None = None,
    ) -> None:
        self.events = RunEvents(load_blob)
        self._name = name
        self._folded = name.casefold()
        self._wanted = run
        self._environment = environment
        self._runs: dict[str, int] = {}
        self._newest = ""
        self._commits: dict[str, tuple[str, str]] = {}
        self._whole = _Found()
        self._function = _Found()
        self._part = _Found()
        self._names: dict[str, None] = {}

    def feed(self, index: int, entry: bytes) -> None:
        """One entry, as the log holds it; whatever is no run event changes nothing."""
        event = self.events.read(index, entry)
        if event is not None:
            self.take(event)

    def take(self, event: RunEvent) -> None:
        """One decoded event: the way in for an index."""
        place = self._runs.setdefault(event.run, len(self._runs))
        if place == len(self._runs) - 1 and event.run != self._newest:
            self._newest = event.run
            if self._wanted == LAST:
                self._whole, self._function, self._part, self._names = _Found(), _Found(), _Found(), {}
        if event.action == RUN_START:
            known = self._commits.get(event.run, ("", ""))
            self._commits[event.run] = (known[0] or event.commit, known[1] or event.branch)
        wanted = self._newest if self._wanted == LAST else self._wanted
        if event.action != CASE_FINISH or wanted not in {None, event.run}:
            return
        if self._environment not in {None, event.environment}:
            return
        whole = full_name(event.suite, event.test)
        if self._name in {event.test, whole}:
            self._whole.add(event.run, place, event)
        elif self._name.rpartition("::")[2] == self._name.lstrip(":") == whole.rpartition("::")[2].partition("[")[0]:
            self._function.add(event.run, place, event)
        elif self._folded in whole.casefold():
            self._part.add(event.run, place, event)
        elif len(self._names) < KNOWN_NAMES:
            self._names[event.test] = None

    def result(self) -> tuple[str, TestResult]:
        """The run, and the test in it.

        Raises NotFound (`no_runs`, `unknown_run`, `unknown_test`; with near names) and Conflict (`ambiguous_test`).
        """
        if not self._runs:
            raise NotFound("this log has no runs yet", hint="pytest --graven", code="no_runs")
        if self._wanted not in {None, LAST, *self._runs}:
            raise self._unknown("run", "unknown_run", str(self._wanted), list(self._runs), "graven runs")
        found = next((one for one in (self._whole, self._function, self._part) if one.tests), self._part)
        results = [result_of(key, attempts) for key, attempts in found.tests.items()]
        if found is self._function and len(results) > 1:  # of its parameters, the ones that fail are what is looked for
            results = [result for result in results if result.failing] or results
        if not results:
            hint = "graven run show last" if self._wanted is None else f"graven run show {self._wanted}"
            raise self._unknown("test", "unknown_test", self._name, list(self._names), hint)
        if len(results) > 1:
            raise self._ambiguous(found.run, results)
        return found.run, results[0]

    def commit_of(self, run: str) -> tuple[str, str]:
        """Commit and branch, as the start of the run says."""
        return self._commits.get(run, ("", ""))

    def _unknown(self, kind: str, code: str, name: str, known: list[str], otherwise: str) -> NotFound:
        close = near_names(name, known, cutoff=0.4)
        if not close:  # a part of a long id is near to none
            last = {one.rpartition("::")[2]: one for one in known}
            close = [last[one] for one in near_names(name, last, cutoff=0.5)]
        where = "" if kind == "run" or self._wanted is None else f" in the run {self._wanted}"
        return NotFound(
            f'there is no {kind} "{name}" in this log' if not where else f'there is no test "{name}"{where}',
            hint=f"did you mean {' or '.join(close)}?" if close else otherwise,
            code=code,
            details={"close": close},
        )

    def _ambiguous(self, run: str, results: list[TestResult]) -> Conflict:
        ordered = sorted(results, key=lambda one: (not one.failing, one.suite, one.test, one.environment))
        names = [full_name(one.suite, one.test) for one in ordered]
        several = len(set(names)) < len(names)
        shown = ", ".join(
            f"{_named(one) if several else name} ({one.status})"
            for one, name in zip(ordered[:_MOST_NAMED], names, strict=False)
        )
        more = len(ordered) - _MOST_NAMED
        if len(set(names)) == 1:
            hint = f"name its environment: --environment {ordered[0].environment or '(none)'}"
        else:
            hint = f"name one of them, or a longer part: {names[0]}"
        return Conflict(
            f'"{self._name}" may be {len(ordered)} tests of the run {run}: {shown}'
            + (f" and {more} more" if more > 0 else ""),
            hint=hint,
            code="ambiguous_test",
            details={"tests": sorted(set(names)), "run": run},
        )


def _named(test: TestResult) -> str:
    name = full_name(test.suite, test.test)
    return f"{name} in {test.environment}" if test.environment else name
