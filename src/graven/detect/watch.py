"""One alert watching one log: matches in, firings out. No I/O, no clock.

What fires follows from the log alone: received times and indexes, in order. It does not depend on how the log is cut
into ranges, nor on when somebody looks. `tick` only brings forward what the log would say later: its caller promises
that every entry received before that moment was fed. So a watch may be restored from any earlier state, or begun
again where it was armed, and fed once more: it fires the same, under the same ids, and whoever records by id
(`fired.fire_event`) loses none and records none twice.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from graven.detect import changed
from graven.detect.changed import ResultChanged
from graven.detect.counting import Counting
from graven.detect.fired import Fired, Found
from graven.detect.flood import MOST_FIRINGS, Flood
from graven.detect.rule import Alert, digest_of
from graven.detect.silence import Silent
from graven.errors import InvalidInput
from graven.index.export.rows import View

__all__ = ["Span", "Watch", "is_own", "query_of"]

_VERSION: Final = 2
_WITHOUT_FLOOD: Final = 1
"""The version before: states had no fifth part. To begin again instead would send all firings of the log once more."""
_OWN: Final = frozenset({"alert.fire", "alert.deliver"})
"""What alerts themselves write into `system`: an alert on those would never come to rest."""


class Span(NamedTuple):
    """Entries `start` to `stop` (not included) of the log: those that match, oldest first.

    `received_ns` is when the last of the range was received, matching or not.
    """

    start: int
    stop: int
    received_ns: int
    rows: Iterable[View]


class _Kind(Protocol):
    def take(self, index: int, received_ns: int, view: View) -> Iterator[Found]: ...

    def tick(self, now_ns: int) -> Iterator[Found]: ...

    def state(self) -> Any: ...

    def restore(self, state: Any) -> None: ...


class Watch:
    """Listens from index `armed` on, an alert that was set at `armed_ns`."""

    def __init__(self, log: str, alert: Alert, *, armed: int, armed_ns: int, most_a_minute: int = MOST_FIRINGS) -> None:
        self.log = log
        self.alert = alert
        self.position = armed
        """Index of the next entry to be fed."""
        self._kind = _kind_of(alert, armed_ns)
        self._flood = Flood(most=most_a_minute)

    def feed(self, span: Span, *, most_rows: int | None = None, most_fired: int | None = None) -> list[Fired]:
        """What fires within the range. Entries that were fed before are passed over; a gap is a ValueError.

        Ends early, with `position` behind the last row that was fed, after `most_rows` rows, or at the first row with
        which `most_fired` is reached: no row makes more fire than a minute may have, and one for the minute before.
        """
        if span.start > self.position:
            raise ValueError(f"a range begins at {span.start}, the next entry is {self.position}")
        fired: list[Fired] = []
        rows = 0
        for view in span.rows:
            index, received_ns = view["index"], view["received"]
            if index < self.position:
                continue
            if not is_own(self.log, view):
                fired += self._fire(self._kind.take(index, received_ns, view), received_ns)
            rows += 1
            if rows == most_rows or (most_fired is not None and len(fired) >= most_fired):
                self.position = index + 1
                return fired
        if span.stop > self.position:
            self.position = span.stop
            fired += self.tick(span.received_ns)
        return fired

    def tick(self, now_ns: int) -> list[Fired]:
        """What time alone makes fire; every entry received before `now_ns` was fed."""
        return list(self._fire(self._kind.tick(now_ns), now_ns))

    def snapshot(self) -> bytes:
        """All that is remembered, for `restore`."""
        parts = [_VERSION, digest_of(self.alert), self.position, self._kind.state(), self._flood.state()]
        return msgspec.msgpack.encode(parts)

    def restore(self, snapshot: bytes) -> None:
        """Go on from a snapshot of a fresh watch's elder; InvalidInput when it is none of this alert."""
        try:
            version, digest, position, state, *flood = msgspec.msgpack.decode(snapshot)
            if (version, len(flood)) not in {(_VERSION, 1), (_WITHOUT_FLOOD, 0)} or digest != digest_of(self.alert):
                raise InvalidInput("the state belongs to another definition, or another version")
            self._kind.restore(state)
            for each in flood:
                self._flood.restore(each)
            self.position = int(position)
        except (msgspec.MsgspecError, ValueError, TypeError, AttributeError) as error:
            raise InvalidInput(f"the state of an alert is malformed: {error}") from error

    def _fire(self, found: Iterator[Found], now_ns: int) -> Iterator[Fired]:
        for each in self._flood.let_through(found, now_ns):
            yield Fired.of(self.log, self.alert, each)


def is_own(log: str, view: View) -> bool:
    """Whether alerts wrote the entry themselves: no alert fires on it."""
    return log == "system" and (view.get("event") or {}).get("action") in _OWN


def query_of(alert: Alert) -> str:
    """The query whose matches are to be fed."""
    return changed.QUERY if alert.rule is not None else alert.query


def _kind_of(alert: Alert, armed_ns: int) -> _Kind:
    if alert.threshold is not None:
        return Counting(alert.threshold, alert.cooldown_s)
    if alert.silence is not None:
        return Silent(alert.silence, armed_ns)
    return ResultChanged()
