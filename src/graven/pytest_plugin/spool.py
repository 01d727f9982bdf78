"""One file per process, to which it appends encoded events, a line each, and which outlives it.

The owner holds an advisory lock, which the system lets go of however the process ends: a file that can be
locked has no writer any more and may be merged. A line is written with one call, so a kill leaves whole lines
only; a line without its end (a full disk) is no event. Ids stand in the lines, so merging twice adds nothing.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graven.sdk.filelock import try_lock

__all__ = ["SUFFIX", "Spool", "finished_spools"]

SUFFIX = ".ndjson"


class Spool:
    """Raises `OSError` when the file cannot be made or written."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{name}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if not try_lock(self._fd):
            raise OSError(f"{self.path} is locked by another process")

    def append(self, event: bytes) -> None:
        """Hand one event (JSON without newlines) to the operating system: it survives this process, not the
        machine's power."""
        line = event + b"\n"
        written = os.write(self._fd, line)
        if written != len(line):
            os.write(self._fd, b"\n")  # the half line stays, as a line that is no event
            raise OSError(f"{self.path}: only {written} of {len(line)} bytes were written")

    def close(self) -> None:
        """Let go: the file may be merged."""
        os.close(self._fd)


@contextmanager
def _held(path: Path) -> Iterator[int | None]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd if try_lock(fd) and path.exists() else None
    finally:
        os.close(fd)


def finished_spools(folder: Path) -> Iterator[Path]:
    """The files whose writer has ended, oldest first; each is locked while it is being looked at."""
    paths = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in paths:
        with _held(path) as fd:
            if fd is not None:
                yield path
