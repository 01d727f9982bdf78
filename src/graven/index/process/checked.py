"""Looking over the files of sealed segments: a disk may lose a bit, and an answer must not be wrong for long.

Each is looked at soon after it was opened, and once a day from then on, one at a time with a pause between. One that is
not as it was made is derived again from the log. This is about accidents: whoever may write to the index may write its
sums, too, and proofs never come from it.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from graven.index.segment.sealed import SealedSegment

__all__ = ["Checked"]

AGAIN_S: Final = 86_400.0
PAUSE_S: Final = 2.0
"""Between two segments: some 40 MB/s, while nothing has to be sealed."""


class Checked:
    """For one thread, but for `suspect`; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at: WeakKeyDictionary[SealedSegment, float] = WeakKeyDictionary()
        self._last = -PAUSE_S

    def suspect(self) -> None:
        """Something could not be answered: look at all of them again."""
        self._looked_at = WeakKeyDictionary()

    def look(self, sealed: Callable[[], Sequence[SealedSegment]]) -> str:
        """Look at one that is due, newest first. What is wrong with it, "" when nothing is."""
        now = self._clock()
        if now < self._last + PAUSE_S:
            return ""
        due = (one for one in reversed(sealed()) if now >= self._looked_at.get(one, now - AGAIN_S) + AGAIN_S)
        segment = next(due, None)
        if segment is None:
            return ""
        looked_at = self._looked_at
        found = segment.check()
        self._last = looked_at[segment] = self._clock()
        return found if segment in sealed() else ""  # else it was replaced meanwhile, and its files removed
