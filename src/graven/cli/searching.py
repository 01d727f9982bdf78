"""What `graven search` does with its answers: pages, counts, facets, histograms, plans."""

import time
from typing import Any, Final

from graven.cli import terminal
from graven.cli.access.ports import ReadAccess
from graven.cli.access.questions import Order, Question
from graven.cli.bars import facet_lines, histogram_lines
from graven.cli.empty_result import why_nothing
from graven.cli.matches import printer_of
from graven.cli.plan_text import plan_lines
from graven.cli.progress import progress
from graven.cli.zone import Zone

__all__ = ["PAGE", "Searching", "tell_behind"]

PAGE: Final = 1_000
"""Events that a call gives at most."""

_BUCKETS: Final = 30


def tell_behind(indexed: int, size: int) -> None:
    """A note on stderr when not everything was searched."""
    if indexed < size:
        terminal.note(
            f"the index is {terminal.plural(size - indexed, 'entry')} behind; they were not searched "
            "(graven index status)"
        )


class Searching:
    """One question, asked in the ways that the options of `graven search` name."""

    def __init__(self, access: ReadAccess, log: str, question: Question, zone: Zone, *, as_json: bool) -> None:
        self._access = access
        self._search = access.searcher()
        self._log = log
        self._question = question
        self._zone = zone
        self._as_json = as_json

    def print_matches(
        self, *, limit: int, oldest: bool, fields: str | None, template: str | None, relative: bool
    ) -> None:
        """Pages until the limit (0: all)."""
        printer = printer_of(
            fields=fields,
            template=template,
            as_json=self._as_json,
            relative=relative,
            claimed=self._question.clock == "claimed",
            zone=self._zone,
            load=lambda digest: self._access.blob(self._log, digest),
        )
        order: Order = "oldest" if oldest else "newest"
        cursor, shown = None, 0
        while True:
            size = PAGE if limit == 0 else min(PAGE, limit - shown)
            with progress("searching", quiet=self._as_json) as bar:
                page = self._search.page(
                    self._log,
                    self._question,
                    limit=size,
                    cursor=cursor,
                    order=order,
                    view=printer.view,
                    tell=bar.update,
                )
            if cursor is None:
                tell_behind(page.indexed, page.size)
            printer.show(page.events)
            shown += len(page.events)
            cursor = page.next
            if cursor is None or (limit and shown >= limit):
                break
        if shown == 0 and not self._as_json:
            with progress("looking for the newest match") as bar:
                lines = why_nothing(
                    self._search, self._log, self._question, page, self._zone, now_ns=time.time_ns(), tell=bar.update
                )
            for line in lines:
                terminal.note(line)
        elif cursor is not None and not self._as_json:
            terminal.note(f"{shown:,} shown, and more match: --limit {limit * 10} or --limit all")

    def count(self) -> None:
        """How many match."""
        with progress("counting", quiet=self._as_json) as bar:
            found = self._search.facets(self._log, self._question, (), limit=1, tell=bar.update)
        if self._as_json:
            terminal.emit_json({"count": found["total"], "indexed": found.get("indexed")})
        else:
            print(found["total"])

    def facets(self, by: str, limit: int) -> None:
        """How many match for each value of a field."""
        with progress("counting", quiet=self._as_json) as bar:
            found = self._search.facets(
                self._log, self._question, (by,), limit=min(limit or PAGE, PAGE), tell=bar.update
            )
        if self._as_json:
            terminal.emit_json(found)
            return
        ((name, facet),) = found["facets"].items()
        if found["total"] == 0:
            self._tell_nothing()
            return
        print("\n".join(facet_lines(name, facet, int(found["total"]))))

    def histogram(self, by: str | None) -> None:
        """How many match over time."""
        with progress("counting", quiet=self._as_json) as bar:
            found = self._search.histogram(self._log, self._question, buckets=_BUCKETS, by=by, tell=bar.update)
        if self._as_json:
            terminal.emit_json(found)
            return
        if not found["buckets"]:
            self._tell_nothing()
            return
        print("\n".join(histogram_lines(found, self._zone)))
        if found.get("untimed"):
            terminal.note(
                f"{terminal.plural(int(found['untimed']), 'event')} without a claimed time, or outside of the range"
            )

    def explain(self, limit: int) -> None:
        """How the query is answered."""
        page = self._search.page(self._log, self._question, limit=min(limit, PAGE), explain=True)
        plan: dict[str, Any] = page.explain or {}
        if self._as_json:
            terminal.emit_json(plan)
            return
        print("\n".join(plan_lines(plan, len(page.events))))

    def _tell_nothing(self) -> None:
        page = self._search.page(self._log, self._question, limit=1)
        for line in why_nothing(self._search, self._log, self._question, page, self._zone, now_ns=time.time_ns()):
            terminal.note(line)
