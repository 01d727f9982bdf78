"""Events of all sources in one line: in order of cause, then of each producer's count, then of claimed time.

A pure function. An event stands behind what it happened in, families together; siblings stand in the order in which
one caused another, in which their producer counted them, or which their claimed times give, corrected for the skew
of the clocks; the log index only breaks ties. Each event says by what it stands behind its elder sibling, and
`concurrent` or `claimed` where that is not known.
"""

import heapq
import itertools
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from graven.qa.clocks import Clocks
from graven.qa.happened import Happened
from graven.qa.kin import Kin

__all__ = ["Order", "TimelineItem", "timeline"]

Order = Literal["first", "cause", "sequence", "time", "claimed", "concurrent"]


class TimelineItem(msgspec.Struct, frozen=True, kw_only=True):
    """One event in its place.

    `order` is by what it stands behind the sibling before it: `first` (there is none), `cause`, `sequence` (one
    producer counted both), `time` (their times are further apart than their clocks can be), `claimed` (nothing
    compares the two clocks) or `concurrent` (they overlap, or nothing tells). `offset_ns` is its corrected
    beginning, from the beginning of the root; `parent` the index of the event it happened in. `missing_parent`:
    it names a parent that is not here, or goes round in a circle.
    """

    index: int
    depth: int
    parent: int | None
    order: Order
    missing_parent: bool
    offset_ns: int | None
    joined: str
    id: str
    source: str
    received_ns: int
    event: dict[str, Any]


def timeline(
    events: Sequence[Happened], *, root: int | None = None, joined: dict[int, str] | None = None
) -> list[TimelineItem]:
    """The events in order; those without a parent stand under `root`, a log index among theirs. `joined` says by
    what an event belongs here. The order of `events` itself does not matter; an index counts once."""
    at = {event.index: event for event in events}
    own = list(at.values())
    kin = Kin(own, root)
    clocks = Clocks(own, kin, None if root is None else at[root])
    siblings = _Siblings(at, kin, clocks)
    begun = clocks.corrected(at[root], at[root].start_ns) if root is not None else _earliest(own, clocks)
    found: list[TimelineItem] = []
    waiting: list[tuple[int, Order]] = siblings.of(None)[::-1]
    while waiting:
        index, order = waiting.pop()
        event = at[index]
        start = clocks.corrected(event, event.start_ns)
        found.append(
            TimelineItem(
                index=index,
                depth=kin.depth[index],
                parent=kin.parent[index],
                order=order,
                missing_parent=index in kin.missing,
                offset_ns=None if start is None or begun is None else start - begun,
                joined=(joined or {}).get(index, ""),
                id=event.id,
                source=event.source,
                received_ns=event.received_ns,
                event=event.data,
            )
        )
        waiting += siblings.of(index)[::-1]
    return found


def _earliest(events: Sequence[Happened], clocks: Clocks) -> int | None:
    starts = [clocks.corrected(event, event.start_ns) for event in events]
    return min((start for start in starts if start is not None), default=None)


class _Siblings:
    """Puts the children of one event in order."""

    def __init__(self, at: dict[int, Happened], kin: Kin, clocks: Clocks) -> None:
        self._at = at
        self._kin = kin
        self._clocks = clocks
        self._effects: dict[int, set[int]] = {}
        for cause, effect in kin.cousins():
            self._effects.setdefault(cause, set()).add(effect)

    def of(self, parent: int | None) -> list[tuple[int, Order]]:
        """The children with what each stands behind its elder by."""
        indexes = self._in_order(self._kin.children.get(parent, []))
        return [
            (index, "first" if place == 0 else self._why(indexes[place - 1], index))
            for place, index in enumerate(indexes)
        ]

    def _in_order(self, indexes: list[int]) -> list[int]:
        chains: dict[tuple[str, ...], list[int]] = {}
        for index in indexes:
            event = self._at[index]
            chains.setdefault(event.producer or (str(index),), []).append(index)
        keys: dict[int, tuple[int, int]] = {}
        after: dict[int, int] = {}
        uncounted = dict.fromkeys(indexes, 0)
        uncaused = dict.fromkeys(indexes, 0)
        for chain in chains.values():
            chain.sort(key=lambda index: (self._at[index].seq, index))
            self._place(chain, keys)
            for one, following in itertools.pairwise(chain):
                after[one] = following
                uncounted[following] = 1
        for index in indexes:
            for effect in self._effects.get(index, ()):
                uncaused[effect] += 1
        return self._merge(keys, after, uncounted, uncaused)

    def _place(self, chain: list[int], keys: dict[int, tuple[int, int]]) -> None:
        """A clock that was set back does not change the order of what one producer counted."""
        latest: int | None = None
        for index in chain:
            event = self._at[index]
            start = self._clocks.corrected(event, event.start_ns)
            if start is None:
                start = event.received_ns if latest is None else latest
            latest = start if latest is None else max(latest, start)
            keys[index] = (latest, index)

    def _merge(
        self,
        keys: dict[int, tuple[int, int]],
        after: dict[int, int],
        uncounted: dict[int, int],
        uncaused: dict[int, int],
    ) -> list[int]:
        """Cause goes before count: where they contradict each other, a count gives way, then a circle of causes."""
        ready = [key for index, key in keys.items() if not uncounted[index] and not uncaused[index]]
        caused = [key for index, key in keys.items() if not uncaused[index]]
        rest = list(keys.values())
        for heap in (ready, caused, rest):
            heapq.heapify(heap)
        placed: dict[int, None] = {}
        while len(placed) < len(keys):
            heap = next(heap for heap in (ready, caused, rest) if _drop(heap, placed))
            index = heapq.heappop(heap)[1]
            placed[index] = None
            if (following := after.get(index)) is not None:
                uncounted[following] = 0
                if not uncaused[following]:
                    heapq.heappush(ready, keys[following])
            for effect in self._effects.get(index, ()):
                uncaused[effect] -= 1
                if not uncaused[effect]:
                    heapq.heappush(caused, keys[effect])
                    if not uncounted[effect]:
                        heapq.heappush(ready, keys[effect])
        return list(placed)

    def _why(self, elder: int, index: int) -> Order:
        if index in self._effects.get(elder, ()):
            return "concurrent" if elder in self._effects.get(index, ()) else "cause"
        before, event = self._at[elder], self._at[index]
        start = self._clocks.corrected(event, event.start_ns)
        ended = self._clocks.corrected(before, before.end_ns)
        gap = None if start is None or ended is None else start - ended
        if before.producer is not None and before.producer == event.producer:
            counted = before.seq < event.seq and (gap is None or gap >= 0)
            return "sequence" if counted else "concurrent"
        unsure = self._clocks.unsure_ns(before, event)
        began = self._clocks.corrected(before, before.start_ns)
        if gap is None or gap < 0 or start == began:
            return "concurrent"
        if unsure is None:
            return "claimed"
        return "time" if gap >= unsure else "concurrent"


def _drop(heap: list[tuple[int, int]], placed: dict[int, None]) -> bool:
    """Take what is placed off the top; whether anything is left."""
    while heap and heap[0][1] in placed:
        heapq.heappop(heap)
    return bool(heap)
