"""An advisory lock on an open file: the operating system lets go of it when its owner dies, however it dies."""

import os
import sys

__all__ = ["sync_directory", "try_lock"]

if sys.platform == "win32":  # pragma: no cover - development platform only
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Take the lock without waiting; False when another open file holds it."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def sync_directory(path: str | os.PathLike[str]) -> None:
        """Windows has no handle to sync a directory by."""
else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock without waiting; False when another open file holds it. Raises `OSError` where the
        file system has no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sync_directory(path: str | os.PathLike[str]) -> None:
        """Make the names in a directory durable; raises `OSError`."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
