"""What recorders owe their process: the rest is sent when it ends, and a forked child begins anew."""

import atexit
import os
import sys
import threading
import weakref
from typing import Protocol

__all__ = ["Living", "close_in_worker", "forget", "look_after"]


class Living(Protocol):
    """What a recorder offers."""

    def close_at_exit(self) -> None: ...

    def after_fork_in_child(self) -> None: ...


_living: "weakref.WeakSet[Living]" = weakref.WeakSet()
_lock = threading.Lock()
_hooked = False


def look_after(living: Living) -> None:
    """Close it at exit, reset it in forked children, as long as it lives."""
    global _hooked
    with _lock:
        _living.add(living)
        if _hooked:
            return
        _hooked = True
    atexit.register(_at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_child)


def forget(living: Living) -> None:
    """It was closed."""
    with _lock:
        _living.discard(living)


def close_in_worker(living: Living) -> None:
    """A child of `multiprocessing` ends without `atexit`, but its own finalisers do run. To be called in the
    child: what was registered before the fork is gone there."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, living.close_at_exit, exitpriority=100)


def _at_exit() -> None:
    for living in list(_living):
        living.close_at_exit()


def _in_child() -> None:
    global _lock
    _lock = threading.Lock()  # another thread of the parent may have held it
    for living in list(_living):
        living.after_fork_in_child()
