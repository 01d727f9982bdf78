"""One test across runs, by identity version 1: suite, test, environment."""

from collections.abc import Callable

import msgspec

from graven.errors import Conflict, NotFound
from graven.index.near import near_names
from graven.qa.events import CASE_FINISH, RUN_START, RunEvent, RunEvents
from graven.qa.identity import full_name
from graven.qa.run import Attempt, TestResult, attempt_of, result_of

__all__ = ["Appearance", "TestHistory"]

KNOWN_NAMES = 20_000
"""So many names of other tests are remembered, to suggest from."""

MOST_PARTS = 50
"""So many names with the part are remembered, to choose from."""


class Appearance(msgspec.Struct, frozen=True):
    """A test in one run; commit and branch are the run's, as far as the log says. Received time in Unix ns."""

    run: str
    commit: str
    branch: str
    received_ns: int
    result: TestResult


_Key = tuple[str, str, str, str]
"""Run, suite, test, environment."""


class _Attempts:
    def __init__(self) -> None:
        self.of: dict[_Key, list[Attempt]] = {}
        self.received: dict[_Key, int] = {}

    def add(self, event: RunEvent) -> None:
        key = (event.run, event.suite, event.test, event.environment)
        self.of.setdefault(key, []).append(attempt_of(event))
        self.received[key] = max(self.received.get(key, 0), event.received_ns)


class TestHistory:
    """A fold that holds one test: named by its `qa.test`, as `suite::test`, or by a part that no other test has.

    The whole name wins over a part of one; letters count as equal in any case there."""

    __test__ = False  # a name of the field, not a test of ours

    def __init__(self, name: str, load_blob: Callable[[str], bytes | None] | None = None) -> None:
        self.events = RunEvents(load_blob)
        self._name = name
        self._folded = name.casefold()
        self._whole = _Attempts()
        self._part = _Attempts()
        self._parts: set[str] = set()
        self._commits: dict[str, tuple[str, str]] = {}
        self._other_identity: set[str] = set()
        self._names: dict[str, None] = {}

    def feed(self, index: int, entry: bytes) -> None:
        """One entry, as the log holds it; whatever is no attempt of the test changes nothing."""
        event = self.events.read(index, entry)
        if event is not None:
            self.take(event)

    def take(self, event: RunEvent) -> None:
        """One decoded event: the way in for an index."""
        if event.action == RUN_START:
            known = self._commits.get(event.run, ("", ""))
            self._commits[event.run] = (known[0] or event.commit, known[1] or event.branch)
            if event.identity != "1":
                self._other_identity.add(event.run)
        if event.action != CASE_FINISH:
            return
        whole = full_name(event.suite, event.test)
        if self._name in {event.test, whole}:
            self._whole.add(event)
        else:
            if len(self._names) < KNOWN_NAMES:
                self._names[event.test] = None
            if self._folded not in whole.casefold():
                return
            self._take_part(whole, event)
        if event.run not in self._commits and (event.commit or event.branch):
            self._commits[event.run] = (event.commit, event.branch)

    def _take_part(self, whole: str, event: RunEvent) -> None:
        """Of several tests with the part nobody asks more than the names."""
        if len(self._parts) < MOST_PARTS:
            self._parts.add(whole)
        if self._parts == {whole}:
            self._part.add(event)
        else:
            self._part = _Attempts()

    @property
    def is_whole(self) -> bool:
        """Whether the name is that of a test, and not a part of it."""
        return bool(self._whole.of)

    @property
    def _found(self) -> "_Attempts":
        return self._whole if self.is_whole else self._part

    @property
    def other_identity(self) -> int:
        """Runs left out because they were recorded under another version of identity."""
        return len({key[0] for key in self._found.of} & self._other_identity)

    def appearances(self) -> list[Appearance]:
        """Newest first, one for each run and environment.

        Raises NotFound (`unknown_test`, with near names) and Conflict (`ambiguous_test`, with all that are meant).
        """
        found = self._found
        if not self.is_whole and len(self._parts) > 1:
            raise self._ambiguous(sorted(self._parts))
        keys = [key for key in found.of if key[0] not in self._other_identity]
        if not keys:
            close = near_names(self._name, self._names, cutoff=0.4)
            raise NotFound(
                f'no run in this log has a test "{self._name}"',
                hint=f"did you mean {' or '.join(close)}?" if close else "graven run show last",
                code="unknown_test",
                details={"close": close},
            )
        meant = sorted({full_name(suite, test) for _, suite, test, _ in keys})
        if len(meant) > 1:
            raise self._ambiguous(meant)
        made = [
            Appearance(
                key[0],
                *self._commits.get(key[0], ("", "")),
                found.received[key],
                result_of(key[1:], found.of[key]),
            )
            for key in keys
        ]
        return sorted(made, key=lambda one: -one.result.attempts[-1].index)

    def _ambiguous(self, names: list[str]) -> Conflict:
        count = f"{MOST_PARTS} or more" if len(names) == MOST_PARTS else str(len(names))
        return Conflict(
            f'"{self._name}" names {count} tests: {", ".join(names[:10])}',
            hint=f"name one of them, with its suite: {names[0]}",
            code="ambiguous_test",
            details={"tests": names},
        )
