"""Matches within a window, counted apart for each value of a field, in bounded memory.

A firing uses its matches up: the next one needs as many new ones. While an alert rests, matches still count, so that
a burst that goes on fires again as soon as the rest is over, and one that ended does not.

Bounds: at most `MAX_GROUPS` values and `MAX_HELD` matches are remembered. Beyond that the value that matched longest
ago is forgotten, its rest included. This follows the order of the log, so every replay forgets the same. A value may
be as long as an entry: beyond `MAX_NAME_BYTES` it goes by its beginning and its digest.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from graven.detect.fired import Found, bounded
from graven.detect.rule import Threshold, column_of
from graven.index.export.columns import Column
from graven.index.export.rows import View, text_of
from graven.index.export.values import values_of

__all__ = ["MAX_GROUPS", "MAX_HELD", "MAX_NAME_BYTES", "Counting", "names_of"]

MAX_GROUPS: Final = 10_000
MAX_HELD: Final = 200_000
MAX_NAME_BYTES: Final = 1_024
"""Of UTF-8."""
_BEGINNING_BYTES: Final = 900
_SECOND: Final = 1_000_000_000


def names_of(column: Column | None, view: View) -> list[str | None]:
    """The names of the values for which a match counts; None, the one group of all, without a column."""
    if column is None:
        return [None]
    return list(dict.fromkeys(_name_of(text_of(value)) for value in values_of(view, column.field, column.path)))


class _Group(msgspec.Struct, gc=False):
    """`seen` counts matches since the last firing, remembered or not."""

    matches: deque[tuple[int, int]]
    rests_until_ns: int = 0
    seen: int = 0


class Counting:
    """The watch of a threshold."""

    def __init__(
        self, threshold: Threshold, cooldown_s: int, *, max_groups: int = MAX_GROUPS, max_held: int = MAX_HELD
    ) -> None:
        self._count = threshold.count
        self._window_ns = threshold.window_s * _SECOND
        self._rest_ns = cooldown_s * _SECOND
        self._column = None if threshold.by is None else column_of(threshold.by)
        self._max_groups = max_groups
        self._max_held = max_held
        self._groups: dict[str | None, _Group] = {}
        self._held = 0

    def take(self, index: int, received_ns: int, view: View) -> Iterator[Found]:
        """One match, in the order of the log."""
        yield from self.count(index, received_ns, names_of(self._column, view))

    def count(self, index: int, received_ns: int, names: Sequence[str | None]) -> Iterator[Found]:
        """`take`, for a match that counts for these values (`names_of`)."""
        self._forget_old(received_ns)
        for name in names:
            found = self._count_in(name, index, received_ns)
            if found is not None:
                yield found
        while len(self._groups) > self._max_groups or (self._held > self._max_held and len(self._groups) > 1):
            self._forget(next(iter(self._groups)))

    def tick(self, now_ns: int) -> Iterator[Found]:
        """Time alone fires nothing."""
        yield from ()

    def state(self) -> Any:
        """Plain values from which `restore` goes on."""
        return [
            [name, group.rests_until_ns, group.seen, [list(match) for match in group.matches]]
            for name, group in self._groups.items()
        ]

    def restore(self, state: Any) -> None:
        """Go on where `state` was taken."""
        for name, rests_until_ns, seen, matches in state:
            kept = deque(((int(at), int(index)) for at, index in matches), maxlen=self._count)
            # states were once kept with values of any length
            self._groups[None if name is None else _name_of(name)] = _Group(kept, rests_until_ns, seen)
            self._held += len(kept)

    def _count_in(self, name: str | None, index: int, received_ns: int) -> Found | None:
        group = self._groups.pop(name, None) or _Group(deque(maxlen=self._count))
        self._groups[name] = group  # at the end: it matched last
        group.seen += 1
        self._held -= len(group.matches)
        group.matches.append((received_ns, index))
        while received_ns - group.matches[0][0] > self._window_ns:
            group.matches.popleft()
        found = None
        if len(group.matches) == self._count and received_ns >= group.rests_until_ns:
            found = Found(
                at_ns=received_ns,
                since_ns=group.matches[0][0],
                count=self._count,
                indexes=bounded([match[1] for match in group.matches]),
                group=name,
                rested=group.seen - self._count,
            )
            group.matches.clear()
            group.seen = 0
            group.rests_until_ns = received_ns + self._rest_ns
        self._held += len(group.matches)
        return found

    def _forget_old(self, now_ns: int) -> None:
        """Values that cannot matter any more, as far as they stand at the front."""
        while self._groups:
            name, group = next(iter(self._groups.items()))
            last_ns = group.matches[-1][0] if group.matches else 0
            if now_ns - last_ns <= self._window_ns or now_ns < group.rests_until_ns:
                return
            self._forget(name)

    def _forget(self, name: str | None) -> None:
        self._held -= len(self._groups.pop(name).matches)


def _name_of(value: str) -> str:
    """The value, or what it goes by when it is too long. A name goes by itself.

    A short value may be spelled like the name of a long one, and then counts with it: whoever records it could have
    recorded the long one.
    """
    encoded = value.encode("utf-8", "surrogatepass")
    if len(encoded) <= MAX_NAME_BYTES:
        return value
    beginning = encoded[:_BEGINNING_BYTES].decode("utf-8", "ignore")  # without half a character
    return f"{beginning}… (sha256 {hashlib.sha256(encoded).hexdigest()})"
