"""No match for a while. Fires at the moment when the window was over, whenever that is noticed.

So it is the same firing, to the nanosecond, whether a tick of the clock finds it at once or the next match finds it
after a day without anybody looking. The cooldown of an alert is none of its business: between two of its firings
there is a match, and whoever waits for the next silence is to be told when it is there.
"""

from collections.abc import Iterator
from typing import Any, Final

from graven.detect.fired import Found
from graven.detect.rule import Silence
from graven.index.export.rows import View

__all__ = ["Silent"]

_SECOND: Final = 1_000_000_000


class Silent:
    """The watch of a silence. `armed_ns` is when it began to listen: that counts as a match."""

    def __init__(self, silence: Silence, armed_ns: int) -> None:
        self._window_ns = silence.window_s * _SECOND
        self._last_ns = armed_ns
        self._last_index: int | None = None
        self._is_said = False

    def take(self, index: int, received_ns: int, view: View) -> Iterator[Found]:
        """A match ends the silence; one that was long enough, and that nobody noticed, fires before."""
        yield from self.tick(received_ns)
        self._last_ns = max(received_ns, self._last_ns)
        self._last_index = index
        self._is_said = False

    def tick(self, now_ns: int) -> Iterator[Found]:
        """The caller promises that every entry received before `now_ns` was fed."""
        due_ns = self._last_ns + self._window_ns
        if self._is_said or now_ns < due_ns:
            return
        self._is_said = True
        indexes = () if self._last_index is None else (self._last_index,)
        yield Found(at_ns=due_ns, since_ns=self._last_ns, count=0, indexes=indexes)

    def state(self) -> Any:
        """Plain values from which `restore` goes on; the third was the end of a rest, in older states."""
        return [self._last_ns, self._last_index, 0, self._is_said]

    def restore(self, state: Any) -> None:
        """Go on where `state` was taken."""
        self._last_ns, self._last_index, _, self._is_said = state
