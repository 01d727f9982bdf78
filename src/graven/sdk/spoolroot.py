"""The spool folder that processes share: making a folder of one's own, adopting those of the dead, `refused/`.

A process's folder is `<destination>-<time>-<random>`, where the destination is a digest of server and log:
nobody sends another application's events to the wrong place. A folder comes into being under a name that
starts with `.new-` and gets its real name once its lock is held, so an unlocked folder has no living owner.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graven.sdk.filelock import sync_directory, try_lock
from graven.sdk.spool import LOCK_NAME, SpoolFolder

__all__ = ["REFUSED_NAME", "SpoolRoot", "destination_of"]

REFUSED_NAME = "refused"
_NEW = ".new-"
_ATTEMPTS = 10
_LOCK_FLAGS = os.O_RDWR | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


def destination_of(server: str, log: str) -> str:
    """16 hex digits that stand for where batches go."""
    return hashlib.sha256(f"{server}\n{log}".encode()).hexdigest()[:16]


class SpoolRoot:
    """`limit_bytes` bounds everything below `root` but `refused/`, which `refused_bytes` bounds.

    The bound is measured over all processes, at most once a second in each: every running process may
    exceed it by what it writes in that second.
    """

    def __init__(self, root: Path, destination: str, limit_bytes: int, refused_bytes: int) -> None:
        self.root = root
        self.destination = destination
        self._limit = limit_bytes
        self._refused_limit = refused_bytes
        self._measured_at = -1.0
        self._used = 0

    def has_room(self, length: int, now: float) -> bool:
        """There is room for `length` more bytes, which are counted as used; `now` is monotonic seconds."""
        if self._measured_at < 0 or now - self._measured_at >= 1.0:
            self._used = sum(_sizes(self.root, skip=REFUSED_NAME))
            self._measured_at = now
        if self._used + length > self._limit:
            return False
        self._used += length
        return True

    def create(self) -> SpoolFolder:
        """A new folder, owned by this process; raises `OSError`."""
        self.prepare()
        for _ in range(_ATTEMPTS):
            name = f"{self.destination}-{time.time_ns():016x}-{os.urandom(4).hex()}"
            lock = _make_locked(self.root / f"{_NEW}{name}")
            if lock is not None:
                (self.root / f"{_NEW}{name}").rename(self.root / name)
                sync_directory(self.root)
                return SpoolFolder(self.root / name, lock)
        raise OSError(f"no folder could be made in {self.root}: others sweep it away")

    def adopt(self) -> SpoolFolder | None:
        """The oldest folder of this destination whose owner is gone, now owned by this process, or None."""
        try:
            names = sorted(path.name for path in self.root.iterdir())
        except OSError:
            return None
        for name in names:
            if name.startswith(_NEW):
                self._sweep(self.root / name)
            elif name.startswith(f"{self.destination}-"):
                lock = _take(self.root / name)
                if lock is None:
                    continue
                try:
                    return SpoolFolder(self.root / name, lock)
                except OSError:  # unreadable: somebody else may have more luck
                    os.close(lock)
        return None

    def keep_refused(self, name: str, content: bytes) -> bool:
        """Write `content` to `refused/<name>`; False when the bound is reached or the disk refuses."""
        folder = self.root / REFUSED_NAME
        try:
            self.prepare()
            folder.mkdir(mode=0o700, exist_ok=True)
            if sum(_sizes(folder)) + len(content) > self._refused_limit:
                return False
            temporary = folder / f".{name}.tmp"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(folder / name)
        except OSError:
            return False
        return True

    def prepare(self) -> None:
        """Make the folder, for this user only; raises `OSError`."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.root.stat()
        if hasattr(os, "getuid"):
            if status.st_uid != os.getuid():
                raise PermissionError(f"spool folder {self.root} belongs to user {status.st_uid}")
            if status.st_mode & 0o077:
                self.root.chmod(0o700)

    def _sweep(self, folder: Path) -> None:
        lock = _take(folder)
        if lock is not None:
            SpoolFolder(folder, lock).close()
            return
        with suppress(OSError):  # succeeds only when it is empty: died between mkdir and lock
            folder.rmdir()


def _make_locked(folder: Path) -> int | None:
    """Make `folder` with a lock file and lock it; None when another process swept it away meanwhile."""
    folder.mkdir(mode=0o700)
    lock = -1
    try:
        lock = os.open(folder / LOCK_NAME, _LOCK_FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        if try_lock(lock):
            return lock
    except FileNotFoundError:
        pass
    except OSError:
        with suppress(OSError):
            (folder / LOCK_NAME).unlink(missing_ok=True)
            folder.rmdir()
        if lock >= 0:
            os.close(lock)
        raise
    if lock >= 0:
        os.close(lock)
    return None


def _take(folder: Path) -> int | None:
    """The locked descriptor, or None when the folder has an owner or is no more."""
    try:
        lock = os.open(folder / LOCK_NAME, _LOCK_FLAGS)
    except OSError:
        return None
    try:
        # A folder may vanish between open and lock: the lock of a removed file is worth nothing.
        if try_lock(lock) and os.path.samestat(os.fstat(lock), (folder / LOCK_NAME).stat()):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None


def _sizes(folder: Path, skip: str = "") -> Iterator[int]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name == skip:
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                else:
                    yield entry.stat(follow_symlinks=False).st_size
