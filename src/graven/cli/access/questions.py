"""What searches ask and get, wherever the log lies: `docs/reference/query.md` says what a query may be."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, Protocol

__all__ = [
    "Away",
    "Caught",
    "Exported",
    "Newest",
    "Order",
    "Page",
    "Question",
    "Search",
    "Tailed",
    "Tell",
    "View",
    "quiet",
]

Order = Literal["newest", "oldest"]
View = Literal["row", "entry"]

Tell = Callable[[int, int | None], None]
"""Told how much of the work is done, and how much there is; None when that is not known."""


def quiet(done: int, total: int | None) -> None:
    """A `Tell` that tells nobody."""


class Question(NamedTuple):
    """A query with what it is read by, as texts: the parameters of the calls. None is the default of the call."""

    query: str = ""
    since: str | None = None
    until: str | None = None
    clock: str | None = None
    zone: str | None = None

    def parameters(self) -> dict[str, str]:
        """Those that are given, by the names that the calls have for them."""
        given = {"q": self.query or None, "since": self.since, "until": self.until, "clock": self.clock}
        given["zone"] = self.zone
        return {name: value for name, value in given.items() if value is not None}


class Page(NamedTuple):
    """Matches in the order asked for, each the JSON of a row or of an entry, on one line.

    `next` is the cursor of the page behind, None when there is none. `indexed` of the `size` entries were searched.
    """

    events: list[bytes]
    next: str | None
    indexed: int
    size: int
    explain: dict[str, Any] | None = None


class Newest(NamedTuple):
    """The newest match whatever its time, as a row; None when nothing matches at all, with hints on what was meant."""

    row: dict[str, Any] | None
    hints: Sequence[str] = ()


class Exported(NamedTuple):
    """An export: how many events are to come (None: not known), and its bytes."""

    count: int | None  # type: ignore[assignment]  # the word of the call; tuple.count is not missed
    pieces: Iterator[bytes]


class Tailed(NamedTuple):
    """A match that arrived, as the JSON of a row or of an entry, on one line."""

    index: int  # type: ignore[assignment]  # as everywhere; tuple.index is not missed
    content: bytes


class Caught(NamedTuple):
    """Everything below `indexed` was looked at; `skipped` more matches than the rate allows were left out."""

    indexed: int
    size: int
    skipped: int


class Away(NamedTuple):
    """The stream broke off; it is asked again in `wait_s` seconds."""

    why: str
    wait_s: float


class Search(Protocol):
    """What searches a place. Every answer is one recorded read; every method raises GravenError subclasses only."""

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
        """At most `limit` (1 to 1,000) matches. InvalidInput (`bad_query`, with the position) for a bad query."""
        ...

    def histogram(
        self, log: str, question: Question, *, buckets: int, by: str | None = None, tell: Tell = quiet
    ) -> dict[str, Any]:
        """Matches over time, as `GET /histogram` answers."""
        ...

    def facets(
        self, log: str, question: Question, fields: Sequence[str], *, limit: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """How many matches have each value, as `GET /facets` answers; without fields, how many there are."""
        ...

    def newest(self, log: str, question: Question, *, tell: Tell = quiet) -> Newest:
        """The newest match whatever its time."""
        ...

    def around(
        self, log: str, index: int, query: str, *, before: int, after: int, tell: Tell = quiet
    ) -> dict[str, Any]:
        """The neighbours of an entry that match, as `GET /events/{index}/around` answers."""
        ...

    def index_of(self, log: str, id: str, *, tell: Tell = quiet) -> int:  # noqa: A002 - the member's own name
        """The log index of the one event with an id. NotFound, or Conflict when several sources have it."""
        ...

    def require_tail(self) -> None:
        """UsageError (`no_server`) where nobody records: before anything is shown."""
        ...

    def tail(self, log: str, question: Question, *, after: int | None, view: View) -> Iterator[Tailed | Caught | Away]:
        """Matches behind a log index (None: from now on) as they arrive, over reconnections, without an end.

        UsageError (`no_server`) where nobody records.
        """
        ...

    def export(
        self,
        log: str,
        question: Question,
        format: str,  # noqa: A002 - the parameter's name in the call
        fields: Sequence[str] | None,
        *,
        tell: Tell = quiet,
    ) -> Exported:
        """All matches, oldest first, as `ndjson`, `csv`, `parquet` or `ocsf`; `tell` is told where nothing else is."""
        ...

    def alerts(self, log: str) -> list[dict[str, Any]]:
        """`{"alert": …, "armed": n, "problem"?: …}` of each; the alert as `detect.rule` spells it."""
        ...

    def alert(self, log: str, name: str) -> dict[str, Any]: ...

    def put_alert(self, log: str, name: str, body: bytes) -> None: ...

    def delete_alert(self, log: str, name: str) -> None: ...
