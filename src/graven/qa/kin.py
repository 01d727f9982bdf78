"""Which event happened inside of which, and which made which happen. Pure.

A span's events are one with a duration, its owner, and what was recorded within it; a child names its parent's
span, or shares it. Where no span tells, `causation_id` does. Parents that go round in a circle are nobody's
parents; a parent that is not there is marked, not replaced.
"""

from collections.abc import Iterable, Sequence

from graven.qa.happened import Happened

__all__ = ["MAX_DEPTH", "Kin"]

MAX_DEPTH = 64
"""Deeper events stand beside their parent, after it."""


class Kin:
    """`parent`, `depth` and `children` by log index (`children[None]` are those without a parent); `causes` are
    pairs (cause, effect), which need not be parent and child. With `root`, what has no parent is a child of it.
    """

    def __init__(self, events: Sequence[Happened], root: int | None = None) -> None:
        self._owners = _owners(events)
        self._by_id: dict[str, list[Happened]] = {}
        self._by_source: dict[tuple[str, str], list[Happened]] = {}
        for event in events:
            self._by_id.setdefault(event.id, []).append(event)
            self._by_source.setdefault((event.id, event.source), []).append(event)
        self.parent: dict[int, int | None] = {}
        self.by_span: set[int] = set()
        """Events whose parent is told by spans: they lie within its time, or began in it."""
        self.missing: set[int] = set()
        """Events that name a parent which is not among the events, or that cannot be their parent."""
        self.causes: list[tuple[int, int]] = []
        for event in events:
            self._look_up(event)
        self.missing |= _cut_circles(self.parent)
        self.by_span -= self.missing
        if root is not None:
            self._adopt(root)
        self.depth: dict[int, int] = {}
        self.children: dict[int | None, list[int]] = {}
        self._settle(event.index for event in events)

    def _look_up(self, event: Happened) -> None:
        span_parent = self._span_parent(event)
        cause = self._cause(event)
        chosen = span_parent or cause
        self.parent[event.index] = chosen.index if chosen is not None else None
        if span_parent is not None:
            self.by_span.add(event.index)
        elif chosen is None and (event.parent_span or event.causation):
            self.missing.add(event.index)
        self.causes += [(one.index, event.index) for one in (span_parent, cause) if one is not None]

    def _span_parent(self, event: Happened) -> Happened | None:
        owner = self._owners.get((event.trace, event.span)) if event.span else None
        if owner is not None and owner is not event and (_lasts(owner) or event.causation == owner.id):
            return owner
        found = self._owners.get((event.trace, event.parent_span)) if event.parent_span else None
        return None if found is event else found

    def _cause(self, event: Happened) -> Happened | None:
        """Ids are unique within a source only: one that several sources have is taken from the event's own."""
        if not event.causation:
            return None
        named = self._by_id.get(event.causation, [])
        if len(named) - (event.id == event.causation) > 1:
            named = self._by_source.get((event.causation, event.source), [])
        found = [one for one in named if one is not event] if len(named) <= 2 else []
        return found[0] if len(found) == 1 else None

    def _adopt(self, root: int) -> None:
        above: set[int | None] = {root}
        at = self.parent[root]
        while at is not None:
            above.add(at)
            at = self.parent[at]
        for index, parent in self.parent.items():
            if parent is None and index not in above:
                self.parent[index] = root

    def _settle(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            line = [index]
            while (at := self.parent[line[-1]]) is not None and at not in self.depth:
                line.append(at)
            for one in reversed(line):
                if one in self.depth:
                    continue
                above = self.parent[one]
                if above is not None and self.depth[above] >= MAX_DEPTH:
                    self.parent[one] = above = self.parent[above]
                self.depth[one] = 0 if above is None else self.depth[above] + 1
        for index, parent in self.parent.items():
            self.children.setdefault(parent, []).append(index)

    def cousins(self) -> list[tuple[int, int]]:
        """For each cause outside of its effect's line, the two siblings whose families hold them, in that order."""
        found = []
        for cause, effect in self.causes:
            left, right = cause, effect
            while self.depth[left] > self.depth[right]:
                left = self.parent[left] or 0
            while self.depth[right] > self.depth[left]:
                right = self.parent[right] or 0
            while left != right and self.parent[left] != self.parent[right]:
                left, right = self.parent[left] or 0, self.parent[right] or 0
            if left != right:
                found.append((left, right))
        return found


def _lasts(event: Happened) -> bool:
    return event.start_ns is not None and event.end_ns is not None and event.end_ns > event.start_ns


def _owners(events: Sequence[Happened]) -> dict[tuple[str, str], Happened]:
    spans: dict[tuple[str, str], list[Happened]] = {}
    for event in events:
        if event.span:
            spans.setdefault((event.trace, event.span), []).append(event)
    owners = {}
    for span, found in spans.items():
        ids = {event.id for event in found}
        owners[span] = min(
            found,
            key=lambda one: (
                one.causation != one.id and one.causation in ids,
                not _lasts(one),
                one.start_ns is None,
                one.start_ns or 0,
                one.producer or (),
                one.seq,
                one.index,
            ),
        )
    return owners


def _cut_circles(parent: dict[int, int | None]) -> set[int]:
    """No member of a circle keeps its parent: to cut one link would be to guess. Gives the members."""
    done: set[int] = set()
    cut: set[int] = set()
    for start in parent:
        path: dict[int, int] = {}
        at: int | None = start
        while at is not None and at not in done and at not in path:
            path[at] = len(path)
            at = parent[at]
        if at is not None and at in path:
            circle = list(path)[path[at] :]
            cut.update(circle)
        done.update(path)
    for index in cut:
        parent[index] = None
    return cut
