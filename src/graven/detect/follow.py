"""The round: what is new in each log goes through each alert that is set on it; what fires is recorded and queued.

One thread calls `round` again and again. Order for every firing: entry in `system`, durable → deliveries and state
in one transaction. Whatever happens in between, the next round (or the next start) finds what is missing.

In a round every alert has one turn, and a turn is bounded: in the entries that it goes through, in those that match,
and in the firings that it records, each with an fsync of its own. So a flood in one log, or a log that is far behind,
holds up the alerts of another for no more than that.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from graven.detect.fired import Fired, fire_event
from graven.detect.message import deliveries_of
from graven.detect.rule import digest_of
from graven.detect.store import AlertStore, Stored
from graven.detect.watch import Span, Watch, query_of
from graven.errors import Conflict, GravenError, InvalidInput
from graven.index.export.rows import View

__all__ = ["Follow", "Head", "Record", "Search", "record_once"]

Record = Callable[[Mapping[str, Any]], object]
"""Appends an event/1 to `system`, and returns when it is durable. The same id with the same bytes is fine."""

STEP: Final = 262_144
"""Entries of a log that go through an alert in one turn, and before its state is kept."""
MOST_ROWS: Final = 4_096
"""Matches that go through an alert in one turn."""
MOST_FIRED: Final = 64
"""Firings after which a turn ends; a row or a tick may make as many fire as one minute may have (`flood`)."""
SETTLE_NS: Final = 5_000_000_000
"""An entry gets its received time this long, at the most, before it can be found."""
KEEP_NS: Final = 30_000_000_000
"""A state in which nothing fired is kept this often: after a crash a little more is read again."""


def record_once(record: Record, event: Mapping[str, Any]) -> None:
    """Record an event that may be there already. What was recorded first stands, even when it said other words: an
    alert may have been made louder between a crash and the start after it."""
    try:
        record(event)
    except Conflict as error:
        if error.code != Conflict.code:
            raise


class Head(NamedTuple):
    """How far the index of a log is: entries indexed, received time of the last of them (Unix ns), and whether that
    was all that the log held."""

    indexed: int
    received_ns: int
    is_whole: bool


class Search(Protocol):
    """The index, for whom its reads are not recorded: an alert must not cause what it listens to."""

    def head(self, log: str) -> Head:
        """Where the index of a log is now; Unavailable while it is away, NotFound without such a log."""

    def rows(self, log: str, query: str, start: int, stop: int, *, whole: bool) -> Iterator[View]:
        """What matches among entries `start` to `stop`, oldest first.

        Unless `whole`, only `index` and `received` are needed, and of the matches of one second of received time
        the first and the last are enough.
        """


class Follow:
    """The alerts of all logs. One thread; `store` may be used by others at the same time."""

    def __init__(
        self, store: AlertStore, search: Search, record: Record, *, clock: Callable[[], int], link: str = ""
    ) -> None:
        """`clock` gives Unix ns; `link` is the address of this server, for the messages."""
        self._store = store
        self._search = search
        self._record = record
        self._clock = clock
        self._link = link
        self._watches: dict[tuple[str, str], tuple[Stored, Watch, int]] = {}
        self.problems: dict[str, str] = {}
        """What keeps alerts from listening at the moment, and what to do about it, by `log/name`."""
        self.is_behind = False
        """Whether the last round left something that is in the index: the next one should come at once."""

    def round(self) -> list[Fired]:
        """One turn of each alert; gives what fired, recorded and queued. Raises what recording and storing raise.

        An alert that cannot listen (its log or the index is away, its query is refused) is left for the next round,
        and named in `problems`.
        """
        fired: list[Fired] = []
        self.problems = {}
        self.is_behind = is_behind = False
        stored = {(one.log, one.alert.name): one for one in self._store.alerts() if one.alert.enabled}
        self._watches = {key: known for key, known in self._watches.items() if key in stored}
        for key, one in stored.items():
            try:
                watch = self._watch(key, one)
                # the clock first: whatever was received before that, and settled, is in a head that is whole
                settled_ns = self._clock() - SETTLE_NS
                head = self._search.head(watch.log)
                if watch.position < head.indexed:
                    fired += self._through(key, watch, self._span(watch, head))
                if watch.position < head.indexed:
                    is_behind = True
                elif head.is_whole:
                    fired += self._tick(key, watch, settled_ns)
            except BaseException as error:
                # it may be ahead of what was recorded: the next round goes on from what was kept
                self._watches.pop(key, None)
                if not isinstance(error, GravenError):
                    raise
                if error.code in {"storage_full", "alerts_failed", "storage_failed", "writer_stopped"}:
                    raise
                self.problems["/".join(key)] = f"{error.message}; {error.hint}" if error.hint else error.message
        self.is_behind = is_behind
        return fired

    def close(self) -> None:
        """Keep every state."""
        for stored, watch, _ in self._watches.values():
            self._keep(stored, watch, ())

    def _watch(self, key: tuple[str, str], one: Stored) -> Watch:
        known = self._watches.get(key)
        if known is not None and known[0].armed == one.armed and digest_of(known[0].alert) == digest_of(one.alert):
            known[1].alert = one.alert  # who is told, and how loud, may have changed
            return known[1]
        watch = Watch(one.log, one.alert, armed=one.armed, armed_ns=one.armed_ns)
        if one.state is not None:
            try:
                watch.restore(one.state)
            except InvalidInput:  # of an older version: the log has all of it
                watch = Watch(one.log, one.alert, armed=one.armed, armed_ns=one.armed_ns)
        self._watches[key] = (one, watch, self._clock())
        return watch

    def _span(self, watch: Watch, head: Head) -> Span:
        start, stop = watch.position, min(head.indexed, watch.position + STEP)
        last_ns = head.received_ns if stop == head.indexed else 0
        whole = watch.alert.silence is None
        return Span(start, stop, last_ns, self._search.rows(watch.log, query_of(watch.alert), start, stop, whole=whole))

    def _through(self, key: tuple[str, str], watch: Watch, span: Span) -> list[Fired]:
        fired = watch.feed(span, most_rows=MOST_ROWS, most_fired=MOST_FIRED)
        stored, _, kept_ns = self._watches[key]
        now_ns = self._clock()
        if fired or span.stop - span.start == STEP or now_ns - kept_ns >= KEEP_NS:
            self._keep(stored, watch, fired)
            self._watches[key] = (stored, watch, now_ns)
        return fired

    def _tick(self, key: tuple[str, str], watch: Watch, settled_ns: int) -> list[Fired]:
        fired = watch.tick(settled_ns)
        if fired:
            self._keep(self._watches[key][0], watch, fired)
        return fired

    def _keep(self, stored: Stored, watch: Watch, fired: Sequence[Fired]) -> None:
        for one in fired:
            record_once(self._record, fire_event(one))
        queued = [each for one in fired for each in deliveries_of(one, self._clock(), self._link)]
        self._store.keep(stored, watch.snapshot(), queued)
