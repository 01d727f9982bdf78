"""Marks code that the recorder itself runs, so that what it logs or calls is not recorded in turn."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["internal", "is_internal"]


class _State(threading.local):
    depth = 0


_STATE = _State()


@contextmanager
def internal() -> Iterator[None]:
    """Within the block, `is_internal()` holds in this thread."""
    _STATE.depth += 1
    try:
        yield
    finally:
        _STATE.depth -= 1


def is_internal() -> bool:
    """This thread is inside the recorder."""
    return _STATE.depth > 0
