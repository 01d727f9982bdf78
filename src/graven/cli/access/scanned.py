"""Search without a server: every entry is read, mapped and compared, by the same definitions that the index answers to.

Imports nothing of the index's engines.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from graven.cli.access.questions import Away, Caught, Exported, Newest, Order, Page, Question, Tailed, Tell, View, quiet
from graven.cli.access.sampled import KnownOfNewest
from graven.cli.access.scan_counts import facet_body, histogram_body, value_of
from graven.cli.access.scanning import Entries, Found, matching, range_of, viewed_entries
from graven.errors import Conflict, InvalidInput, NotFound, UsageError
from graven.index.answers.shown import row_of
from graven.index.one_line import one_line
from graven.index.process.asked import Asked, asked, facet_fields, without_times
from graven.index.query.ast import And, Equals
from graven.index.query.better import better_query
from graven.index.query.fields import BY_NAME, Field
from graven.index.query.in_words import in_words
from graven.index.query.unparse import unparse
from graven.index.query.view import keywords, numbers

__all__ = ["ScannedSearch"]

_BATCH: Final = 256
_encode: Final = msgspec.json.Encoder().encode


class ScannedSearch:
    """See `questions.Search`. `entries` gives what is scanned of a log; `asked_for(method, log, facts)` is called when
    an answer is about to be given."""

    def __init__(
        self,
        where: str,
        entries: Callable[[str], Entries],
        asked_for: Callable[[str, str, Mapping[str, Any]], None] = lambda method, log, facts: None,
    ) -> None:
        self.where = where
        self._scanned = entries
        self._asked_for = asked_for

    def page(
        self,
        log: str,
        question: Question,
        *,
        limit: int,
        cursor: str | None = None,
        order: Order = "newest",
        view: View = "row",
        explain: bool = False,
        tell: Tell = quiet,
    ) -> Page:
        """See `questions.Search`."""
        entries = self._scanned(log)
        now_ns, after = (time.time_ns(), None) if cursor is None else _opened(cursor)
        about = asked(log, question.parameters(), now_ns)
        found: list[Found] = []
        more = False
        for one in matching(entries, about.query, order, after, tell):
            if len(found) == limit:
                more = True
                break
            found.append(one)
        self._record("search", log, question, [view["index"] for view, _ in found])
        following = f"{now_ns}:{found[-1][0]['index']}" if more and found else None
        plan = _plan(about, entries) if explain else None
        return Page([_spelled(one, view) for one in found], following, entries.size, entries.size, plan)

    def histogram(
        self, log: str, question: Question, *, buckets: int, by: str | None = None, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        entries = self._scanned(log)
        about = asked(log, question.parameters(), time.time_ns())
        field = _one_field(by)
        column = BY_NAME["received" if about.clock == "received" else "time"]
        times: list[tuple[int, str]] = []
        total = 0
        for view, _ in matching(entries, about.query, "oldest", None, tell):
            total += 1
            moment = numbers(column, view)
            if moment:
                times.append((int(moment[0]), value_of(field, view) if field is not None else ""))
        self._record("histogram", log, question, (), total)
        return histogram_body(about, times, total, buckets, field, entries.size)

    def facets(
        self, log: str, question: Question, fields: Sequence[str], *, limit: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        entries = self._scanned(log)
        about = asked(log, question.parameters(), time.time_ns())
        columns = facet_fields(",".join(fields), "by")
        counters: dict[str, Counter[str | None]] = {field.name: Counter() for field in columns}
        total = 0
        for view, _ in matching(entries, about.query, "oldest", None, tell):
            total += 1
            for field in columns:
                counters[field.name][next(iter(keywords(field, view)), None)] += 1
        self._record("facets", log, question, (), total)
        counted = {name: facet_body(counter, limit) for name, counter in counters.items()}
        return {"facets": counted, "total": total, "indexed": entries.size}

    def newest(self, log: str, question: Question, *, tell: Tell = quiet) -> Newest:
        """See `questions.Search`."""
        about = asked(log, question._replace(since=None, until=None).parameters(), time.time_ns())
        wide = without_times(about.query, about.clock)
        entries = self._scanned(log)
        for view, _ in matching(entries, wide, "newest", None, tell):
            self._record("newest", log, question, [view["index"]])
            return Newest(row_of(view))
        self._record("newest", log, question, ())
        return Newest(None, better_query(question.query, wide, KnownOfNewest(entries)))

    def around(
        self, log: str, index: int, query: str, *, before: int, after: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """See `questions.Search`."""
        entries = self._scanned(log)
        if not 0 <= index < entries.size:
            raise NotFound(f"the log has no entry {index}", why=f"its size is {entries.size}", code="entry_not_found")
        about = asked(log, {"q": query}, time.time_ns())
        older = _first(matching(entries, about.query, "newest", index, tell), before)[::-1]
        newer = _first(matching(entries, about.query, "oldest", index, tell), after)
        (event,) = viewed_entries(entries, index, index + 1)
        self._record("around", log, Question(query), [index])
        below, above = ([row_of(view) for view, _ in found] for found in (older, newer))
        return {"before": below, "event": row_of(event[0]), "after": above, "indexed": entries.size}

    def index_of(self, log: str, id: str, *, tell: Tell = quiet) -> int:  # noqa: A002 - the member's own name
        """See `questions.Search`."""
        query = Equals(BY_NAME["id"], id)
        found = [view["index"] for view, _ in matching(self._scanned(log), query, "oldest", None, tell)]
        self._record("by_id", log, Question(), found)
        if not found:
            raise NotFound(f"no event has the id {id[:128]!r}", code="entry_not_found")
        if len(found) > 1:
            raise Conflict(
                f"{len(found)} events have the id {id[:128]!r}",
                why="an id is unique within a source only",
                hint="ask by log index: " + ", ".join(map(str, found[:10])),
                code="ambiguous_id",
                details={"indexes": found},
            )
        return int(found[0])

    def export(
        self,
        log: str,
        question: Question,
        format: str,  # noqa: A002 - the parameter's name in the call
        fields: Sequence[str] | None,
        *,
        tell: Tell = quiet,
    ) -> Exported:
        """See `questions.Search`."""
        from graven.index.export import export, parse_columns

        entries = self._scanned(log)
        about = asked(log, question.parameters(), time.time_ns())
        columns = None if fields is None else parse_columns(tuple(fields))
        self._asked_for("export", log, question.parameters())

        def open_blob(digest: str) -> list[bytes] | None:
            content = entries.load(digest)
            return None if content is None else [content]

        def batches() -> Iterator[Sequence[Found]]:
            batch: list[Found] = []
            for one in matching(entries, about.query, "oldest", None, tell):
                batch.append(one)
                if len(batch) == _BATCH:
                    yield batch
                    batch = []
            if batch:
                yield batch

        try:
            return Exported(None, export(format, batches(), log=log, columns=columns, open_blob=open_blob))
        except ImportError as error:
            raise UsageError(
                f"{format} cannot be written here: {error.name or error} is missing",
                hint="pip install '.[server]' in the checkout, or export from a server",
            ) from error

    def require_tail(self) -> None:
        """See `questions.Search`."""
        raise self._no_server("tail follows a running server")

    def tail(self, log: str, question: Question, *, after: int | None, view: View) -> Iterator[Tailed | Caught | Away]:
        """See `questions.Search`."""
        raise self._no_server("tail follows a running server")

    def alerts(self, log: str) -> list[dict[str, Any]]:
        """See `questions.Search`."""
        raise self._no_server("alerts are kept and watched by a running server")

    def alert(self, log: str, name: str) -> dict[str, Any]:
        """See `questions.Search`."""
        raise self._no_server("alerts are kept and watched by a running server")

    def put_alert(self, log: str, name: str, body: bytes) -> None:
        """See `questions.Search`."""
        raise self._no_server("alerts are kept and watched by a running server")

    def delete_alert(self, log: str, name: str) -> None:
        """See `questions.Search`."""
        raise self._no_server("alerts are kept and watched by a running server")

    def _no_server(self, what: str) -> UsageError:
        return UsageError(
            f"{what}, and none holds {self.where}",
            why="a folder is read as it is; nothing watches it",
            hint=f"graven serve --data {self.where} in another terminal, or name a server with --server",
            code="no_server",
        )

    def _record(self, method: str, log: str, question: Question, indexes: Sequence[int], count: int = 0) -> None:
        facts: dict[str, Any] = {"query": question.query, "count": count or len(indexes)}
        facts |= {name: value for name, value in question.parameters().items() if name in ("since", "until", "clock")}
        if indexes:
            facts |= {"first": min(indexes), "last": max(indexes)}
        self._asked_for(method, log, facts)


def _first(found: Iterator[Found], limit: int) -> list[Found]:
    return [one for _, one in zip(range(limit), found, strict=False)]


def _spelled(one: Found, view: View) -> bytes:
    fields, entry = one
    if view == "row":
        return _encode(row_of(fields))
    return b'{"index":%d,%b' % (fields["index"], one_line(entry)[1:])


def _opened(cursor: str) -> tuple[int, int]:
    now, _, last = cursor.partition(":")
    try:
        return int(now), int(last)
    except ValueError as error:
        raise InvalidInput("this cursor is of another place", code="bad_cursor") from error


def _plan(about: Asked, entries: Entries) -> dict[str, Any]:
    query = about.query
    parts = query.parts if isinstance(query, And) else (query,)
    low, high = range_of(entries, query)
    by = "reading every entry"
    return {
        "conditions": [{"condition": unparse(one), "means": in_words(one), "answered_by": by} for one in parts],
        "scanned": {"first": low, "end": high},
        "entries": entries.size,
        "clock": about.clock,
    }


def _one_field(name: str | None) -> Field | None:
    fields = facet_fields(name or "", "by")
    if len(fields) > 1:
        raise InvalidInput("by: one field is expected", code="bad_parameter")
    return fields[0] if fields else None
