"""The head in SQLite: one row, swapped in one transaction that is durable on return.

WAL with `synchronous=FULL` syncs the log at every commit. The row carries a digest of itself, because SQLite
has no checksums in its main file and would hand out a flipped bit. Opening copies the WAL into the main file
with a sync: after a sync that failed, the page cache may show a WAL that the disk does not hold.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graven.errors import Conflict, RefusedToStart, StorageFailed
from graven.storage.contracts import HeadState
from graven.storage.durable import make_directories, os_errors, sync_directory

__all__ = ["SqliteHead"]

_APPLICATION_ID = 0x47564844  # "GVHD"
_HINT = "keep the file as it is, restore it from a backup, and compare with the published checkpoint"
_FULL = {sqlite3.SQLITE_FULL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_TABLE = """CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    checkpoint BLOB NOT NULL,
    time_ns INTEGER NOT NULL,
    digest BLOB NOT NULL
) STRICT"""


class SqliteHead:
    """`Head` in one file (0600), made when absent unless `create` is False. Usable from any thread.

    Raises `RefusedToStart` for a damaged or foreign file, or for an absent one that must exist.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self._path = os.fspath(path)
        self._lock = threading.Lock()
        if not path.exists():
            if not create:
                raise _refusal(self._path, "the file is missing", "an existing log has a head")
            make_directories(path.parent)
            with os_errors("create", path):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with self._errors("open"):
            self._db = sqlite3.connect(self._path, timeout=5, isolation_level=None, check_same_thread=False)
        try:
            with self._errors("open"):
                self._prepare()
            sync_directory(path.parent)
            self.load()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL").fetchall()
        self._db.execute("PRAGMA synchronous = FULL").fetchall()
        ((application,),) = self._db.execute("PRAGMA application_id").fetchall()
        tables = [name for (name,) in self._db.execute("SELECT name FROM sqlite_schema").fetchall()]
        if (application, tables) == (0, []):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute(_TABLE)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._db.execute("COMMIT")
        elif (application, tables) != (_APPLICATION_ID, ["head"]):
            raise _refusal(self._path, f"application {application}, tables {tables}", "this is no head of a log")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def load(self) -> HeadState | None:
        """The current state; `RefusedToStart` when the row is not what was written."""
        with self._lock, self._errors("read"):
            return self._load()

    def swap(self, expected: bytes | None, new: HeadState) -> None:
        """Raises `Conflict` (nothing changed) or `StorageFailed` (nobody knows: close, reopen, load)."""
        with self._lock, self._errors("write"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                current = self._load()
                if (None if current is None else current.checkpoint) != expected:
                    raise _conflict()  # noqa: TRY301 - the transaction ends below, whatever was raised
                row = (new.checkpoint, new.time_ns, _digest(new))
                self._db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?)", row)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    def _load(self) -> HeadState | None:
        rows = self._db.execute("SELECT checkpoint, time_ns, digest FROM head").fetchall()
        if not rows:
            return None
        ((checkpoint, time_ns, digest),) = rows
        # a damaged file may hold any type, the table's declaration notwithstanding
        whole = isinstance(checkpoint, bytes) and isinstance(time_ns, int)
        state = HeadState(checkpoint, time_ns)
        if not whole or digest != _digest(state):
            raise _refusal(self._path, "the row does not match its digest", "the file was damaged or edited")
        return state

    @contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            number = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if number in _DAMAGED:
                raise _refusal(self._path, str(error), "the file was damaged") from error
            raise StorageFailed(
                f"could not {action} {self._path}: {error}",
                why="the head is the guard against signing two trees of one size",
                hint="free or add disk space" if number in _FULL else "check the disk and the permissions",
                code="storage_full" if number in _FULL else "storage_failed",
                details={"path": self._path},
            ) from error


def _digest(state: HeadState) -> bytes:
    return hashlib.sha256(state.time_ns.to_bytes(8, "big", signed=True) + state.checkpoint).digest()


def _conflict() -> Conflict:
    return Conflict(
        "the head is not the expected checkpoint",
        why="another writer signed one in between",
        hint="stop, reopen the log and look at what is there",
        code="head_conflict",
    )


def _refusal(path: str, reason: str, why: str) -> RefusedToStart:
    return RefusedToStart(
        f"head damaged: {path}: {reason}", why=why, hint=_HINT, code="head_damaged", details={"file": path}
    )
