"""Feeding a log's entries to a fold over runs, and what its commands say alike."""

from collections.abc import Callable
from typing import Any, Protocol

from graven.cli import terminal
from graven.cli.access.ports import ReadAccess
from graven.cli.printable import printable
from graven.cli.progress import progress
from graven.errors import NotFound
from graven.event.envelope import format_time
from graven.index.near import near_names
from graven.program import program
from graven.qa.events import RunEvents
from graven.qa.run import Attempt
from graven.qa.summary import RunSummary

__all__ = [
    "counts_text",
    "duration_text",
    "feed_log",
    "no_runs",
    "said",
    "shown_time",
    "status_colour",
    "summary_lines",
    "tell_left_out",
    "unknown_run",
]


class Fold(Protocol):
    """`RunsView`, `RunView` or `TestHistory`."""

    events: RunEvents

    def feed(self, index: int, entry: bytes) -> None: ...


def feed_log(access: ReadAccess, log: str, make: Callable[[Callable[[str], bytes | None]], Any], *, quiet: bool) -> Any:
    """The fold that `make` makes of a loader of blobs, after every readable entry of the log."""
    fold: Fold = make(lambda digest: access.blob(log, digest))
    size = access.readable_size(log)
    if size == 0:
        return fold
    with progress("reading the log", quiet=quiet) as bar:
        for index, entry in enumerate(access.entries(log, 0, size)):
            fold.feed(index, entry)
            if index % 1024 == 0:
                bar.update(index, size)
    return fold


def tell_left_out(events: RunEvents) -> None:
    """A note on stderr about entries that could not be read as run events."""
    if events.malformed:
        terminal.note(f"{terminal.plural(events.malformed, 'entry')} about tests could not be read and stayed out")
    if events.absent:
        terminal.note(f"{terminal.plural(events.absent, 'oversize entry')} could not be fetched and stayed out")


def no_runs(log: str) -> NotFound:
    """The error of a log without runs: how to record one."""
    of = "" if log == "default" else f" --log {log}"
    return NotFound(
        f'the log "{log}" has no runs yet',
        hint=f"pytest --graven\n{program()} import report.xml{of}",
        code="no_runs",
    )


def unknown_run(run: str, known: list[str], log: str, *, listing: str) -> NotFound:
    """The error for a name that no run has: near ones, or the command that lists all."""
    if not known:
        return no_runs(log)
    close = near_names(run, known, cutoff=0.4)
    return NotFound(
        f'there is no run "{run}" in the log "{log}"',
        hint=f"did you mean {' or '.join(close)}?" if close else listing,
        code="unknown_run",
        details={"close": close},
    )


def summary_lines(run: RunSummary) -> list[str]:
    """Name, state and verdict; counts, duration and time; commit, branch and environment."""
    verdict = terminal.paint(run.verdict, status_colour(run.verdict), bold=True)
    lines = [f"{terminal.paint(printable(run.run), bold=True)}  {run.state}  {verdict}"]
    facts = [
        counts_text(run.counts, exact=run.exact),
        duration_text(run.duration_ns),
        shown_time(run.first_received_ns),
    ]
    lines.append("  " + ", ".join(fact for fact in facts if fact) + f", entries {run.first_index} to {run.last_index}")
    named = {"commit": run.commit, "branch": run.branch, "environment": ",".join(run.environments)}
    if text := "  ".join(f"{name} {value}" for name, value in named.items() if value):
        lines.append(f"  {printable(text)}")
    return lines


def duration_text(duration_ns: int | None) -> str:
    """`850 ms`, `3.2 s`, `4 min 05 s`; empty when it is not known."""
    if duration_ns is None:
        return ""
    seconds = duration_ns / 1e9
    if seconds < 1:
        return f"{duration_ns / 1e6:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def shown_time(time_ns: int) -> str:
    """`2026-11-27 10:00:00Z`."""
    return format_time(time_ns)[:19].replace("T", " ") + "Z"


def counts_text(counts: dict[str, int], *, exact: bool = True) -> str:
    """`12 passed, 1 failed`; with a `~` in front when it is not exact."""
    text = ", ".join(f"{number:,} {status}" for status, number in counts.items()) or "no tests"
    return text if exact else f"~{text}"


def said(attempt: Attempt) -> str:
    """`AssertionError: 6 != 7`: the type and the first line of an attempt's error, "" without one."""
    line = next(iter(attempt.error_message.strip().splitlines()), "")
    return ": ".join(filter(None, [attempt.error_type, line]))


def status_colour(status: str, *, failing: bool = False) -> terminal.Colour | None:
    """Red for what is bad, green for passed, none for the rest."""
    if failing or status in {"failed", "error", "interrupted", "aborted"}:
        return "red"
    return "green" if status == "passed" else None
