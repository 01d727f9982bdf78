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

from graven.detect.fired import Found, More

__all__ = ["MAX_VALUES", "MOST_FIRINGS", "Flood"]

MOST_FIRINGS: Final = 60
MAX_VALUES: Final = 10_000
_HASH_BYTES: Final = 8
_MINUTE: Final = 60_000_000_000


class Flood:
    """Stands between what a watch finds and what fires."""

    def __init__(self, *, most: int = MOST_FIRINGS, max_values: int = MAX_VALUES) -> None:
        self._most = most
        self._max_values = max_values
        self._end_ns = 0
        self._fired = 0
        self._begin_afresh()

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
        held = [self._firings, self._count, self._since_ns, self._first, self._last, b"".join(self._values)]
        return [self._end_ns, self._fired, *held]

    def restore(self, state: Any) -> None:
        """Go on where `state` was taken."""
        self._end_ns, self._fired, self._firings, self._count, self._since_ns, self._first, self._last, values = state
        self._values = {values[at : at + _HASH_BYTES]: None for at in range(0, len(values), _HASH_BYTES)}

    def _until(self, now_ns: int) -> Iterator[Found]:
        if now_ns < self._end_ns:
            return
        if self._firings:
            yield self._summary()
        self._end_ns = (now_ns // _MINUTE + 1) * _MINUTE
        self._fired = 0
        self._begin_afresh()

    def _begin_afresh(self) -> None:
        self._firings = 0
        self._count = 0
        self._since_ns = 0
        self._first: int | None = None
        self._last: int | None = None
        self._values: dict[bytes, None] = {}
        """Hashes in the order in which they came, so that a state has one spelling."""

    def _hold(self, found: Found) -> None:
        self._since_ns = min(self._since_ns, found.since_ns) if self._firings else found.since_ns
        self._firings += 1
        self._count += found.count
        for index in found.indexes:
            self._first = index if self._first is None else min(self._first, index)
            self._last = index if self._last is None else max(self._last, index)
        if found.group is not None and len(self._values) < self._max_values:
            key = hashlib.blake2b(found.group.encode("utf-8", "surrogatepass"), digest_size=_HASH_BYTES).digest()
            self._values[key] = None

    def _summary(self) -> Found:
        ends = [index for index in (self._first, self._last) if index is not None]
        return Found(
            at_ns=self._end_ns,
            since_ns=self._since_ns,
            count=self._count,
            indexes=tuple(dict.fromkeys(ends)),
            more=More(self._firings, len(self._values), is_least=len(self._values) == self._max_values),
        )
