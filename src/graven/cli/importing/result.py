"""What became of one file."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from graven.cli.access.ports import Answer

__all__ = ["MOST_UNREADABLE", "FileResult"]

MOST_UNREADABLE: Final = 100_000
"""Unreadable parts that are remembered with line and reason; the rest is counted."""


@dataclass(slots=True)
class FileResult:
    """What became of one file: `recorded` events, and `quarantined` entries beside them.

    `unreadable` holds a line number (from 1; 0 when it is not known) and a reason each. `digest` is that of
    the blob that keeps the file, "" when it is not kept. `run` is "" where the file is no test report.
    """

    file: str
    format: str
    recorded: int = 0
    known: int = 0
    quarantined: int = 0
    first: int | None = None
    digest: str = ""
    run: str = ""
    unreadable: list[dict[str, Any]] = field(default_factory=list)
    unreadable_left_out: int = 0

    def add(self, answer: Answer, bad: Collection[int] = ()) -> int:
        """Count an answer of the recorder; `bad` are the positions of items that are no events.

        Gives how many more went to quarantine: those whose id is known with other content. An item that is in
        quarantine since an earlier import is known, not recorded.
        """
        new = min(answer.quarantined - sum(position in answer.duplicates for position in bad), answer.count)
        self.recorded += answer.count - new
        self.known += len(answer.duplicates)
        self.quarantined += new
        if self.first is None:
            self.first = answer.first
        return max(answer.quarantined - len(bad), 0)

    def join(self, part: "FileResult") -> None:
        """Add what became of a part of the file that was counted apart."""
        self.recorded += part.recorded
        self.known += part.known
        self.quarantined += part.quarantined
        if self.first is None:
            self.first = part.first
        for unreadable in part.unreadable:
            self.refuse(unreadable["line"], unreadable["reason"])
        self.unreadable_left_out += part.unreadable_left_out

    def refuse(self, line: int, reason: str) -> None:
        """Note a part that could not be imported as an event."""
        if len(self.unreadable) < MOST_UNREADABLE:
            self.unreadable.append({"line": line, "reason": reason})
        else:
            self.unreadable_left_out += 1
