"""`<data>/control.sqlite`: tokens, saved views, which log refers to which blob, and small facts about the installation.

Everything here could be lost without touching a log; it decides who may do what, so every commit is
synchronous. One connection behind one lock: the callers keep what they need often in memory.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from graven.errors import StorageFailed

__all__ = ["Control"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT NOT NULL, roles TEXT NOT NULL, logs TEXT,
  created_ns INTEGER NOT NULL, revoked_ns INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS blob_uploads (digest TEXT, token TEXT, PRIMARY KEY (digest, token)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blob_references (digest TEXT, log TEXT, PRIMARY KEY (digest, log)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (name TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS views (
  log TEXT, name TEXT, body TEXT NOT NULL, saved_by TEXT NOT NULL, PRIMARY KEY (log, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class Control:
    """The open database; thread-safe. StorageFailed for anything SQLite refuses."""

    def __init__(self, data_dir: Path) -> None:
        self._lock = threading.Lock()
        path = data_dir / "control.sqlite"
        self.made = not path.exists() or path.stat().st_size == 0
        """Whether there was no database before."""
        path.touch(mode=0o600)
        with self._translated():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._lock, self._translated():
            return self._db.execute(query, values).fetchall()

    def write(self, *statements: tuple[str, Sequence[Any]]) -> int:
        """Run the statements in one durable transaction; gives the rows changed by the last."""
        with self._lock, self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                changed = 0
                for query, values in statements:
                    changed = self._db.execute(query, values).rowcount
                self._db.execute("COMMIT")
            except BaseException:
                # a COMMIT that fails may leave the transaction open, or end it: neither must spoil the next write
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            return changed

    def fact(self, name: str) -> str | None:
        """A small fact about the installation, such as the digest of the last recorded settings."""
        rows = self.rows("SELECT value FROM facts WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def set_fact(self, name: str, value: str) -> None:
        """Keep a fact, durable on return."""
        self.write(("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value)))

    def version(self) -> int:
        """Changes whenever another process wrote to the file (`PRAGMA data_version`)."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
            raise StorageFailed(
                f"control.sqlite: {error}",
                why="it holds the tokens, and who may read which blob",
                hint="free or add disk space" if full else "check the disk, or restore the file from a backup",
                code="storage_full" if full else "control_failed",
            ) from error
