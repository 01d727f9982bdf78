"""How long a question may take."""

import time
from collections.abc import Callable

from graven.errors import TimedOut

__all__ = ["Deadline"]


class Deadline:
    """Called between steps; raises TimedOut (`query_too_slow`) when the time is over."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def __call__(self) -> None:
        if self._clock() > self._end:
            raise TimedOut(
                f"the query took longer than {self.seconds:g} s",
                hint="narrow it: a time range, an actor or an action first, a word instead of a wildcard",
                code="query_too_slow",
            )
