"""Immutable sorted runs of idempotency keys on disk, and the filter in front of them.

A run covers RUN_ENTRIES consecutive entries. File `<first index, 20 digits>.run`, little-endian:

    64 bytes      magic `graven-run-1\\n`, zero-padded to 16; first index u64; count u64; SHA-256 of the rest
    count * 8     first halves of the keys, read big-endian, sorted (by first half, then second)
    count * 8     second halves, in the same order
    count * 16    digests
    count * 4     positions: index - first

Files are mapped, not read: a lookup touches a few pages of the runs that may hold the key. The filter
says which keys *may* be in any run (two bits a key, false positives about one in a thousand), so new
keys, which are nearly all of them, touch no run.

Two drivers read and write it, byte for byte the same: numpy where it is installed, plain Python otherwise. It is loaded
with the first run: importing numpy costs a start, or a command on a small log, more than all else that they do.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graven.log.runs_numpy import KeyFilter, Run, split_keys, write_run

__all__ = ["KeyFilter", "Run", "split_keys", "write_run"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    try:
        driver = import_module("graven.log.runs_numpy")
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        driver = import_module("graven.log.runs_plain")
    found = {one: getattr(driver, one) for one in __all__}
    globals().update(found)
    return found[name]
