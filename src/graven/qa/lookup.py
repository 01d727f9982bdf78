"""What one word names in a log: a run, a test, or an event. One pass over the entries, pure.

A run is asked first, then a test, then an event by its id, then a test by a part of its name. A number that names no
run and no test is an index, which the caller knows without reading.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from graven.errors import NotFound
from graven.qa.events import RunEvents
from graven.qa.history import Appearance, TestHistory
from graven.qa.run import RunView, TestResult
from graven.qa.summary import RunSummary

__all__ = ["Lookup"]

_ID_WITHIN = 2048
"""The id stands in front of the data, behind members of bounded size."""


class _Named(msgspec.Struct):
    id: Any = None


_NAMED = msgspec.json.Decoder(_Named)


class Lookup:
    """A fold: `feed` the entries in log order, then ask. `word` None means the run that began last."""

    def __init__(self, word: str | None, load_blob: Callable[[str], bytes | None] | None = None) -> None:
        self.events = RunEvents(load_blob)
        self._run = RunView(word)
        self._history = None if word is None else TestHistory(word)
        self._id = word
        self._needle = b'"id":' + msgspec.json.encode(word)
        self.entry: int | None = None
        """The first entry whose id is the word."""

    def feed(self, index: int, entry: bytes) -> None:
        """One entry, as the log holds it."""
        if self._id is not None and self.entry is None and self._needle in entry[:_ID_WITHIN] and self._is_named(entry):
            self.entry = index
        event = self.events.read(index, entry)
        if event is not None:
            self._run.take(event)
            if self._history is not None:
                self._history.take(event)

    def _is_named(self, entry: bytes) -> bool:
        try:
            return bool(_NAMED.decode(entry).id == self._id)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False

    def run(self) -> tuple[RunSummary, list[TestResult]] | None:
        """The run with its tests, failing first."""
        summary = self._run.summary()
        return None if summary is None else (summary, self._run.tests())

    def test(self) -> list[Appearance] | None:
        """The test of that name in its runs, newest first; Conflict (`ambiguous_test`) when the word names several."""
        return None if self._history is None or not self._history.is_whole else self.part()

    def part(self) -> list[Appearance] | None:
        """The same for the test of whose name the word is a part."""
        if self._history is None:
            return None
        try:
            return self._history.appearances()
        except NotFound:
            return None

    def runs(self) -> list[str]:
        """Names of all runs, oldest first."""
        return list(self._run.seen)

    def near_tests(self) -> list[str]:
        """Names of tests like the word."""
        if self._history is None:
            return []
        try:
            self._history.appearances()
        except NotFound as error:
            return [str(name) for name in error.details.get("close", [])]
        return []
