"""What the terminal says at the end: where each failure stands in the log, and how to open and check the log.

Every command is one to paste into the shell in which pytest was started: it calls this installation, and names its
place whatever the variables say.
"""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graven.program import program
from graven.pytest_plugin.datadir import LOG, Merged
from graven.pytest_plugin.sink import Failures
from graven.sdk.settings import default_spool_directory

if TYPE_CHECKING:
    from graven.pytest_plugin.published import Published

__all__ = ["Outcome", "summary_lines", "write_summary"]

_MOST_SHOWN = 50


@dataclass(slots=True)
class Outcome:
    """`failed` maps tests to event ids; `merged` is None when the events went to a server or stay in the spool
    (`kept` says why). `waiting` events have not reached the server yet."""

    run: str
    written: int
    failures: Failures
    data: Path | None
    failed: dict[str, str]
    merged: Merged | None = None
    kept: str = ""
    waiting: int = 0
    """Events for a server that has not acknowledged them."""
    refused: int = 0
    """Events that the server did not take."""
    server: str = ""
    log: str = LOG
    published: "Published | None" = None


def write_summary(terminal: Any, outcome: Outcome, here: Path) -> None:
    """Lines under a heading of their own; the last one says how many events, log size, root, and the commands that
    open and verify. `here` is where pytest was started."""
    terminal.section("graven", sep="-", blue=True)
    for line in summary_lines(outcome, here):
        terminal.write_line(line)


def summary_lines(outcome: Outcome, here: Path) -> list[str]:
    """The text, a line each."""
    lines = []
    merged = outcome.merged
    graven = program()
    if outcome.data is not None:
        data = _shown(outcome.data, here)
        place = f" --data {data}" + ("" if os.environ.get("GRAVEN_LOG", LOG) in {"", LOG} else f" --log {LOG}")
    else:
        data = place = ""  # GRAVEN_SERVER, GRAVEN_TOKEN and GRAVEN_LOG say it, there as here
    in_a_log = merged is not None or (outcome.data is None and not outcome.refused)
    failing: dict[str, str | int] = {**(outcome.failed if merged is None else merged.failing)}
    for test, where in list(failing.items())[:_MOST_SHOWN]:
        address = f"entry {where}" if merged is not None else f"event {where}"
        lines.append(f"{address}: {graven} test show {shlex.quote(test)}{place}" if in_a_log else f"{address}: {test}")
    if len(failing) > _MOST_SHOWN:
        lines.append(f"… and {len(failing) - _MOST_SHOWN} more failures in the log")
    if merged is not None and merged.refused:
        lines.append(f"{merged.refused} events were refused by the log: see {data}/spool/refused.txt")
    failures = outcome.failures
    if failures.count:
        what = "thing" if failures.count == 1 else "things"
        lines.append(f"{failures.count} {what} could not be recorded; the first: {failures.first[:300]}")
    if merged is not None:
        other = merged.new - merged.of_run
        of_others = f" (and {other} that earlier sessions left)" if other > 0 else ""
        lines.append(
            f"run {outcome.run}: {_events(merged.of_run)}{of_others} · log {LOG} has {merged.size}, "
            f"root {merged.root} · {graven} open{place} · {graven} verify {data}"
        )
    elif outcome.data is not None:
        lines.append(f"run {outcome.run}: {_events(outcome.written)} kept in {data}/spool: {outcome.kept}")
    else:
        lines += _at_a_server(outcome, graven)
    return lines


def _at_a_server(outcome: Outcome, graven: str) -> list[str]:
    told = f"run {outcome.run}: {_events(outcome.written)} for {outcome.server}"
    if outcome.waiting:
        waiting = f"{outcome.waiting} wait in {default_spool_directory()}: the server has not taken them"
        return [f"{told}, of which {waiting}", f"the next recorded run delivers them, or: {graven} spool send"]
    if outcome.refused:
        return [
            f"{told}, of which it refused {outcome.refused}",
            f"with a token that may record there: {graven} spool send --refused",
        ]
    log = f"log {outcome.log}"
    if outcome.published is not None:
        log += f" has {outcome.published.size}, root {outcome.published.root}"
    address = shlex.quote(f"{outcome.server}/logs/{outcome.log}")
    return [f"{told} · {log} · {graven} open {shlex.quote(outcome.run)} · {graven} verify {address}"]


def _events(count: int) -> str:
    return f"{count} event" if count == 1 else f"{count} events"


def _shown(path: Path, here: Path) -> str:
    """Relative where that is shorter: what is printed is to be typed."""
    try:
        return shlex.quote(str(path.relative_to(here)))
    except ValueError:
        return shlex.quote(str(path))
