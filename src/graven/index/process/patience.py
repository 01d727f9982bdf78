"""How long to leave alone what failed: longer with every failure in a row, by name."""

import time
from collections.abc import Callable

__all__ = ["Patience"]


class Patience:
    """Pauses from `first_s`, doubled with each failure, up to `longest_s`. For one thread."""

    def __init__(self, first_s: float, longest_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._clock = clock
        self._failed: dict[str, tuple[float, float]] = {}  # the pause, and its end

    def ready(self, name: str) -> bool:
        """Whether it may be tried."""
        return name not in self._failed or self._clock() >= self._failed[name][1]

    def failed(self, name: str) -> float:
        """It failed once more; gives the seconds until it may be tried again."""
        pause = min(self._longest_s, 2 * self._failed[name][0]) if name in self._failed else self._first_s
        self._failed[name] = (pause, self._clock() + pause)
        return pause

    def worked(self, name: str) -> None:
        """The next failure is the first one."""
        self._failed.pop(name, None)
