"""Whether this thread looks at a value of the tested program at the moment.

A `__repr__` may reflect a table or load a row. Asked by the recorder, that would be a statement more than the suite
sends without it, from another thread and in the midst of the program's transactions. So captured calls refuse then,
and the value is shown as one whose `repr` raises `ReachesOut`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["ReachesOut", "looking", "refuse_while_looking"]


class ReachesOut(Exception):
    """Raised into code that the recorder itself called, never into the program's own calls."""


class _State(threading.local):
    on = False


_STATE = _State()


@contextmanager
def looking() -> Iterator[None]:
    """Within the block, this thread runs the program's code only to see a value."""
    before, _STATE.on = _STATE.on, True
    try:
        yield
    finally:
        _STATE.on = before


def refuse_while_looking(what: str) -> None:
    """Raises `ReachesOut` when a value is being looked at."""
    if _STATE.on:
        raise ReachesOut(f"{what} to show a value")
