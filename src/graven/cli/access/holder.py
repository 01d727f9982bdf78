"""Who holds a data directory, without opening it.

The lock is that of `graven.log.lock`; its path is spelt here again, because that module cannot be imported
on Windows.
"""

from pathlib import Path

__all__ = ["held_by"]


def held_by(data: Path) -> str | None:
    """The process that holds a log of this directory, as text, or None when nobody does."""
    try:
        import fcntl
    except ImportError:  # Windows: no server runs there either
        return None
    for lock in sorted((data / "logs").glob("*/lock")):
        try:
            with lock.open("rb") as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return stream.read(32).decode("ascii", "replace").strip() or "unknown"
        except OSError:
            continue
    return None
