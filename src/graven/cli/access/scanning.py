"""Entries read one after another, mapped, and compared with a query: what a folder is searched by.

What bounds the log index or the received time bounds what is read, since neither ever decreases.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from graven.cli.access.questions import Order, Tell
from graven.index.derive.view import view_of
from graven.index.process.asked import bounds_of
from graven.index.query.ast import Query
from graven.index.query.matches import matches

__all__ = ["Entries", "Found", "matching", "range_of", "viewed_entries"]

_PIECE: Final = 1_024
"""Entries that are read at a time when the newest come first; whole bundles."""

_TOLD_EVERY: Final = 256

Found = tuple[dict[str, Any], bytes]
"""The view of an entry, and the entry."""


class Entries(NamedTuple):
    """What is scanned; nothing that is read through it is recorded."""

    size: int
    read: Callable[[int, int], Iterator[bytes]]
    load: Callable[[str], bytes | None]


def viewed_entries(entries: Entries, start: int, stop: int) -> Iterator[Found]:
    for index, entry in enumerate(entries.read(start, stop), start):
        yield view_of(index, entry, entries.load), entry


def matching(entries: Entries, query: Query, order: Order, after: int | None, tell: Tell) -> Iterator[Found]:
    """Matches in order, beyond the log index `after` (below it when the newest come first)."""
    low, high = range_of(entries, query)
    if after is not None and order == "newest":
        high = min(high, after)
    elif after is not None:
        low = max(low, after + 1)
    total = max(0, high - low)
    done = 0
    for start, stop in _pieces(low, high, order):
        found = viewed_entries(entries, start, stop)
        for one in found if order == "oldest" else reversed(list(found)):
            if matches(query, one[0]):
                yield one
            done += 1
            if done % _TOLD_EVERY == 0:
                tell(done, total)


def _pieces(low: int, high: int, order: Order) -> Iterator[tuple[int, int]]:
    if order == "oldest":
        if low < high:
            yield low, high
        return
    while low < high:
        start = max(low, (high - 1) // _PIECE * _PIECE)
        yield start, high
        high = start


def range_of(entries: Entries, query: Query) -> tuple[int, int]:
    """The log indexes between which everything lies that the query may match."""
    first, last = bounds_of(query, "index")
    low, high = max(0, first or 0), min(entries.size, entries.size if last is None else last)
    since, until = bounds_of(query, "received")
    if since is not None:
        low = _first_received(entries, since, low, high)
    if until is not None:
        high = _first_received(entries, until, low, high)
    return low, high


def _first_received(entries: Entries, moment: int, low: int, high: int) -> int:
    """The first entry of [low, high) that was received at `moment` or later."""
    while low < high:
        middle = (low + high) // 2
        ((view, _),) = viewed_entries(entries, middle, middle + 1)
        if view["received"] < moment:
            low = middle + 1
        else:
            high = middle
    return low
