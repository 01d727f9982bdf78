"""What `graven tail` does: first what is there, then what comes, and on stderr what did not."""

import time

from graven.cli import terminal
from graven.cli.access.questions import Away, Caught, Question, Search, Tailed
from graven.cli.matches import Printer
from graven.cli.searching import PAGE

__all__ = ["follow"]


def follow(
    search: Search,
    log: str,
    question: Question,
    printer: Printer,
    *,
    since: str | None,
    last: int,
    tells_empty: bool = False,
) -> None:
    """Never returns; ends with what the terminal or the server raises.

    `tells_empty` says on stderr that it follows, where there is nothing to show first.

    The stream begins right behind what the search before it looked at, so that nothing falls between the two.
    """
    search.require_tail()
    if since is not None:
        after, shown = _begin_since(search, log, question._replace(since=since), printer)
    else:
        page = search.page(log, question, limit=max(1, last), view=printer.view)
        first = page.events[::-1] if last else []
        printer.show(first)
        after, shown = page.indexed - 1, len(first)
    if tells_empty and not shown:
        terminal.note(f"following {log}; Ctrl-C ends")
    away_since: float | None = None
    for item in search.tail(log, question, after=after, view=printer.view):
        match item:
            case Tailed(_, content):
                _tell_back(away_since)
                away_since = None
                printer.show([content])
            case Caught(_, _, skipped):
                _tell_back(away_since)
                away_since = None
                if skipped:
                    terminal.note(f"… {skipped:,} more matched and are not shown: they came faster than they can be")
            case Away(why, wait_s):
                if away_since is None:
                    away_since = time.monotonic()
                    terminal.note(
                        f"… the tail is interrupted: {why}; trying again in {wait_s:.0f} s, and on until it is back"
                    )


def _begin_since(search: Search, log: str, question: Question, printer: Printer) -> tuple[int, int]:
    """The last index that was looked at, and how many matches were shown."""
    cursor, shown = None, 0
    while True:
        page = search.page(log, question, limit=PAGE, cursor=cursor, order="oldest", view=printer.view)
        printer.show(page.events)
        shown += len(page.events)
        cursor = page.next
        if cursor is None:
            return page.indexed - 1, shown


def _tell_back(away_since: float | None) -> None:
    if away_since is not None:
        terminal.note(f"… back after {time.monotonic() - away_since:.0f} s")
