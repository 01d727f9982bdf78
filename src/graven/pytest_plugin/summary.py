"""What the terminal says at the end: where each failure stands in the log, and how to check the log."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graven.pytest_plugin.datadir import LOG, Merged
from graven.pytest_plugin.sink import Failures
from graven.sdk.settings import default_spool_directory

__all__ = ["Outcome", "write_summary"]

_MOST_SHOWN = 50


@dataclass(slots=True)
class Outcome:
    """`failed` maps tests to event ids; `merged` is None when the events went to a server or stay in the spool
    (`kept` says why)."""

    run: str
    written: int
    failures: Failures
    data: Path | None
    failed: dict[str, str]
    merged: Merged | None = None
    kept: str = ""
    waiting: int = 0
    """Events for a server that has not acknowledged them."""


def write_summary(terminal: Any, outcome: Outcome) -> None:
    """Lines under a heading of their own; the last one says how many events, log size, root, and the check."""
    terminal.section("graven", sep="-", blue=True)
    for line in summary_lines(outcome):
        terminal.write_line(line)


def summary_lines(outcome: Outcome) -> list[str]:
    """The text, a line each."""
    lines = []
    merged = outcome.merged
    data = _shown(outcome.data) if outcome.data is not None else ""
    if merged is not None:
        lines += [f"{test}  graven show {at} --data {data}" for test, at in list(merged.failing.items())[:_MOST_SHOWN]]
        if len(merged.failing) > _MOST_SHOWN:
            lines.append(f"… and {len(merged.failing) - _MOST_SHOWN} more failures in the log")
        if merged.refused:
            lines.append(f"{merged.refused} events were refused by the log: see {data}/spool/refused.txt")
    else:
        lines += [f"{test}  event {name}" for test, name in list(outcome.failed.items())[:_MOST_SHOWN]]
    failures = outcome.failures
    if failures.count:
        what = "thing" if failures.count == 1 else "things"
        lines.append(f"{failures.count} {what} could not be recorded; the first: {failures.first[:300]}")
    if merged is not None:
        other = merged.new - merged.of_run
        of_others = f" (and {other} that earlier sessions left)" if other > 0 else ""
        lines.append(
            f"run {outcome.run}: {_events(merged.of_run)}{of_others} · log {LOG} has {merged.size}, "
            f"root {merged.root} · graven verify {data}"
        )
    elif outcome.data is not None:
        lines.append(f"run {outcome.run}: {_events(outcome.written)} kept in {data}/spool: {outcome.kept}")
    else:
        lines += _at_a_server(outcome)
    return lines


def _at_a_server(outcome: Outcome) -> list[str]:
    server = os.environ.get("GRAVEN_SERVER", "")
    if not outcome.waiting:
        return [f"run {outcome.run}: {_events(outcome.written)} sent to the server in GRAVEN_SERVER"]
    where = default_spool_directory()
    waiting = f"{outcome.waiting} of {_events(outcome.written)} wait in {where}: {server} has not taken them"
    return [f"run {outcome.run}: {waiting}", "the next recorded run delivers them, or: graven spool send"]


def _events(count: int) -> str:
    return f"{count} event" if count == 1 else f"{count} events"


def _shown(path: Path) -> str:
    """Relative where that is shorter: what is printed is to be typed."""
    try:
        return shlex.quote(str(path.relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(path))
