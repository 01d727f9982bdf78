"""What `graven open` is asked to open: found here, shown elsewhere (a terminal today)."""

from dataclasses import dataclass, field
from typing import Any

from graven.cli.access.ports import ReadAccess
from graven.cli.entry_reading import event_of, read_entry
from graven.cli.run_reading import feed_log, no_runs, tell_left_out
from graven.errors import NotFound
from graven.index.near import near_names
from graven.qa.failure import Failure, failure_of
from graven.qa.history import Appearance
from graven.qa.lookup import Lookup
from graven.qa.run import TestResult
from graven.qa.summary import RunSummary

__all__ = ["Meant", "MeantEntry", "MeantRun", "MeantTest", "find_meant"]

MOST_RUNS = 5


@dataclass(frozen=True, slots=True)
class MeantRun:
    """A run with its tests, failing first."""

    run: RunSummary
    tests: list[TestResult]


@dataclass(frozen=True, slots=True)
class MeantTest:
    """A test in its latest runs, newest first, and why it failed in the newest, if it did."""

    appearances: list[Appearance]
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class MeantEntry:
    """One entry, decoded."""

    index: int
    entry: dict[str, Any] = field(default_factory=dict)


Meant = MeantRun | MeantTest | MeantEntry


def find_meant(access: ReadAccess, log: str, word: str | None, *, quiet: bool, listing: str) -> Meant:
    """The run, test, event id, index or part of a test's name that `word` is, in this order; None or "last": the
    newest run.

    Raises NotFound with near names or `listing` (the command that lists runs), and Conflict when several
    tests have the name.
    """
    wanted = None if word == "last" else word
    found: Lookup = feed_log(access, log, lambda load: Lookup(wanted, load), quiet=quiet)
    if not quiet:
        tell_left_out(found.events)
    if (run := found.run()) is not None:
        return MeantRun(*run)
    if wanted is None:
        raise no_runs(log)
    if appearances := found.test():
        return _test(access, log, appearances)
    index = found.entry
    if index is None and wanted.isascii() and wanted.isdecimal() and int(wanted[:18]) < access.readable_size(log):
        index = int(wanted[:18])
    if index is not None:
        return MeantEntry(index, read_entry(access, log, index)[1])
    if appearances := found.part():
        return _test(access, log, appearances)
    raise _nothing(wanted, found, log, access.readable_size(log), listing)


def _test(access: ReadAccess, log: str, appearances: list[Appearance]) -> MeantTest:
    last = appearances[0].result
    data = event_of(read_entry(access, log, last.attempts[-1].index)[1]) if last.failing else None
    return MeantTest(appearances[:MOST_RUNS], None if data is None else failure_of(data))


def _nothing(word: str, found: Lookup, log: str, size: int, listing: str) -> NotFound:
    close = [*near_names(word, found.runs(), cutoff=0.6), *found.near_tests()][:3]
    if word.isdecimal():
        hint = f"the last entry is {size - 1}" if size else "the log is empty"
    else:
        hint = f"did you mean {' or '.join(close)}?" if close else listing
    return NotFound(
        f'nothing in the log "{log}" is called "{word}"',
        why="it names no run, no test, and no event by id or index",
        hint=hint,
        code="unknown_name",
        details={"close": close},
    )
