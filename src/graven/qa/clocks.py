"""How far the clocks of the producers are apart, told from what happened inside of what. Pure.

A child lies within its parent: the request that a service answered within the request that a test sent. So each
pair of clocks has bounds for what has to be added to one of them, and the least that fits is added: clocks are
believed until they contradict each other. The width of the bounds is how far off that may still be.
"""

from collections.abc import Sequence
from typing import NamedTuple

from graven.qa.happened import Happened
from graven.qa.kin import Kin

__all__ = ["Clocks"]

Clock = tuple[str, ...]


class _Bounds(NamedTuple):
    low: int | None
    high: int | None

    def both(self, other: "_Bounds") -> "_Bounds":
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return _Bounds(max(lows) if lows else None, min(highs) if highs else None)

    def turned(self) -> "_Bounds":
        return _Bounds(None if self.high is None else -self.high, None if self.low is None else -self.low)

    def least(self) -> tuple[int, int | None]:
        """What to add, and how far off it may be; None when it has no bound on one side."""
        low, high = self.low, self.high
        if low is not None and high is not None:
            # bounds that exclude each other: a clock was set in between, and the middle is as good as any
            fits = min(max(0, low), high) if low <= high else (low + high) // 2
            return fits, abs(high - low)
        if low is not None:
            return max(0, low), None
        return min(0, high or 0), None


class Clocks:
    """Corrections to the clock of `root` (or of the first producer by name)."""

    def __init__(self, events: Sequence[Happened], kin: Kin, root: Happened | None = None) -> None:
        self._added: dict[Clock, int] = {}
        self._unsure: dict[Clock, int | None] = {}
        links = _links(events, kin)
        ahead = _ahead(events)
        names = sorted(ahead)
        first = root.clock if root is not None else names[0] if names else None
        self._first = first
        for clock in [first, *names] if first is not None else []:
            if clock in self._added:
                continue
            self._added[clock] = 0 if clock == first else ahead[clock]
            self._unsure[clock] = 0 if clock == first else None
            self._follow(clock, links)

    def _follow(self, start: Clock, links: dict[Clock, dict[Clock, _Bounds]]) -> None:
        waiting = [start]
        while waiting:
            known = waiting.pop(0)
            for other, bounds in sorted(links.get(known, {}).items()):
                if other not in self._added:
                    added, unsure = bounds.least()
                    before = self._unsure[known]
                    self._added[other] = self._added[known] + added
                    self._unsure[other] = None if unsure is None or before is None else before + unsure
                    waiting.append(other)

    def corrected(self, event: Happened, time_ns: int | None) -> int | None:
        """A time that `event` claims, by the clock of the root."""
        return None if time_ns is None else time_ns + self._added[event.clock]

    def unsure_ns(self, one: Happened, other: Happened) -> int | None:
        """How far off the distance of two events may be; None when nothing compares their clocks."""
        if one.clock == other.clock:
            return 0
        left, right = self._unsure[one.clock], self._unsure[other.clock]
        return None if left is None or right is None else left + right


def _links(events: Sequence[Happened], kin: Kin) -> dict[Clock, dict[Clock, _Bounds]]:
    at = {event.index: event for event in events}
    links: dict[Clock, dict[Clock, _Bounds]] = {}
    for child in events:
        index = kin.parent[child.index]
        parent = at.get(index) if index is not None and child.index in kin.by_span else None
        if parent is None or parent.clock == child.clock or None in {parent.start_ns, child.start_ns}:
            continue
        bounds = _bounds(parent, child)
        for one, other, there in ((parent, child, bounds), (child, parent, bounds.turned())):
            of = links.setdefault(one.clock, {})
            of[other.clock] = there.both(of[other.clock]) if other.clock in of else there
    return links


def _bounds(parent: Happened, child: Happened) -> _Bounds:
    """What may be added to the child's clock. A child that lasts longer than its parent may outlive it."""
    low = (parent.start_ns or 0) - (child.start_ns or 0)
    room = (parent.end_ns or 0) - (parent.start_ns or 0)
    taken = (child.end_ns or 0) - (child.start_ns or 0)
    return _Bounds(low, low + room - taken if 0 < room >= taken else None)


def _ahead(events: Sequence[Happened]) -> dict[Clock, int]:
    """Nothing can be received before it happened: a clock that claims so is ahead by at least that."""
    ahead: dict[Clock, int] = {}
    for one in events:
        spare = 0 if one.end_ns is None else one.received_ns - one.end_ns
        ahead[one.clock] = min(ahead.get(one.clock, 0), spare)
    return ahead
