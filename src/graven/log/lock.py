"""One writer per log: `flock` on `<log>/lock`.

The lock belongs to the open file, so a second open is refused in the same process as well, and the
kernel lets it go when the process dies however it dies. It does not guard against a copy of the
directory on another machine; the high-water mark and witnesses do.
"""

import fcntl
import os
from pathlib import Path

from graven.errors import RefusedToStart

__all__ = ["WriterLock"]


class WriterLock:
    """Held from construction until `release`. Raises RefusedToStart (`locked`) when another holds it."""

    def __init__(self, path: Path) -> None:
        try:
            self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RefusedToStart(f"cannot open {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            self._fd = None
            raise RefusedToStart(
                f"another writer holds {path}" + (f" (process {holder})" if holder else ""),
                why="two writers would sign two histories",
                hint="stop the other server, or talk to it with --server instead of --data",
                code="locked",
            ) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
