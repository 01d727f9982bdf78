"""What one alert may say within a minute: whoever may record into a log must not drown what others are told.

Minutes are those of received time, cut where the clock shows a whole one. Of each the first `MOST_FIRINGS` firings
stand for themselves; all others together are one more, dated at the end of the minute, which says how many there were
and between which entries. It fires when the log says that the minute is over, or a tick that keeps its promise (see
`watch`): so, like any firing, it follows from the log alone, and is the same however often it is made.

Memory: of each value 8 bytes of a hash, and no more than `MAX_VALUES`. Beyond that the number is a lower bound.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from graven.detect.fired import Found, More

__all__ = ["MAX_VALUES", "MOST_FIRINGS", "Flood"]

MOST_FIRINGS: Final = 60
MAX_VALUES: Final = 10_000
_HASH_BYTES: Final = 8
_MINUTE: Final = 60_000_000_000


class _Held(msgspec.Struct):
    """What the next summary says; `values` are hashes in the order in which they came, so that a state has one
    spelling."""

    firings: int = 0
    count: int = 0
    since_ns: int = 0
    first: int | None = None
    last: int | None = None
    values: dict[bytes, None] = {}


class Flood:
    """Stands between what a watch finds and what fires."""

    def __init__(self, *, most: int = MOST_FIRINGS, max_values: int = MAX_VALUES) -> None:
        self._most = most
        self._max_values = max_values
        self._end_ns = 0
        self._fired = 0
        self._held = _Held()

    def let_through(self, found: Iterable[Found], now_ns: int) -> Iterator[Found]:
        """What fires of it, oldest first; everything that was found before `now_ns` was given."""
        for each in found:
            yield from self._until(each.at_ns)
            if self._fired < self._most:
                self._fired += 1
                yield each
            else:
                self._hold(each)
        yield from self._until(now_ns)

    def state(self) -> Any:
        """Plain values from which `restore` goes on."""
        held = self._held
        numbers = [held.firings, held.count, held.since_ns, held.first, held.last]
        return [self._end_ns, self._fired, *numbers, b"".join(held.values)]

    def restore(self, state: Any) -> None:
        """Go on where `state` was taken."""
        self._end_ns, self._fired, firings, count, since_ns, first, last, joined = state
        values = {joined[at : at + _HASH_BYTES]: None for at in range(0, len(joined), _HASH_BYTES)}
        self._held = _Held(firings, count, since_ns, first, last, values)

    def _until(self, now_ns: int) -> Iterator[Found]:
        if now_ns < self._end_ns:
            return
        if self._held.firings:
            yield self._summary()
        self._end_ns = (now_ns // _MINUTE + 1) * _MINUTE
        self._fired = 0
        self._held = _Held()

    def _hold(self, found: Found) -> None:
        held = self._held
        held.since_ns = min(held.since_ns, found.since_ns) if held.firings else found.since_ns
        held.firings += 1
        held.count += found.count
        for index in found.indexes:
            held.first = index if held.first is None else min(held.first, index)
            held.last = index if held.last is None else max(held.last, index)
        if found.group is not None and len(held.values) < self._max_values:
            key = hashlib.blake2b(found.group.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()
            held.values[key] = None

    def _summary(self) -> Found:
        held = self._held
        ends = [index for index in (held.first, held.last) if index is not None]
        return Found(
            at_ns=self._end_ns,
            since_ns=held.since_ns,
            count=held.count,
            indexes=tuple(dict.fromkeys(ends)),
            more=More(held.firings, len(held.values), is_least=len(held.values) == self._max_values),
        )
