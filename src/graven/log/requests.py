"""Whole requests under an `Idempotency-Key`, for 24 hours, in SQLite (DESIGN.md §4).

An answered request lives in the journal frame that committed it and in memory, until the integration
thread has written it here; only then may the frame be dropped. The table is capped: beyond the cap a new
keyed request gets Busy, and nothing is ever forgotten before its time. Keys are kept as SHA-256.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from graven.errors import Busy, Conflict, StorageFailed
from graven.log.messages import Appended, KeyedRequest, decode_answer
from graven.log.notes import KeptRequest

__all__ = ["RequestTable"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
  key BLOB PRIMARY KEY, body_digest BLOB NOT NULL, time_ns INTEGER NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (time_ns);
"""


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]


def _failed(what: str, error: sqlite3.Error) -> StorageFailed:
    full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return StorageFailed(
        f"{what}: {error}",
        why="without it a request that is sent again would not be recognised by its Idempotency-Key",
        hint="free or add disk space"
        if full
        else "check the disk; a damaged requests.sqlite may be moved away: events are still known by their ids",
        code="storage_full" if full else "storage_failed",
    )


class RequestTable:
    """The keyed requests of one log. `find` and `remember` are the writer's, `store` is for any thread.

    All of them raise StorageFailed when SQLite does.
    """

    def __init__(self, path: Path, *, cap: int, keep_ns: int) -> None:
        self._cap = cap
        self._keep_ns = keep_ns
        self._lock = threading.Lock()
        self._storing = threading.Lock()
        self._unstored: dict[bytes, KeptRequest] = {}
        self.made = not path.exists() or path.stat().st_size == 0
        """Whether there was no table before."""
        try:
            with ExitStack() as opened:
                # a log that is refused is opened again and again: no connection may stay behind
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                opened.callback(self._db.close)
                self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
                self._count: int = self._db.execute("SELECT count(*) FROM requests").fetchone()[0]
                # the writer reads through its own connection, so that it never waits for a sync of `store`
                self._reading = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                opened.pop_all()
        except sqlite3.Error as error:
            raise _failed(f"{path} cannot be opened", error) from error

    def __len__(self) -> int:
        return self._count + len(self._unstored)

    @property
    def unstored(self) -> int:
        """Requests that are in memory and in the journal only."""
        return len(self._unstored)

    def find(self, request: KeyedRequest, now_ns: int) -> Appended | None:
        """The kept answer, None for a new key; Conflict for other bytes, Busy when the table is full."""
        hashed = _hash(request.key)
        with self._lock:
            kept = self._unstored.get(hashed)
        row = (kept.body_digest, kept.time_ns, kept.answer) if kept is not None else self._select(hashed)
        if row is not None and row[1] + self._keep_ns > now_ns:
            if row[0] != request.body_digest:
                raise Conflict(
                    f"the idempotency key {request.key!r} was used with another body",
                    why=f"first body {row[0].hex()}, this one {request.body_digest.hex()}",
                    hint="use a new key for every new request",
                    code="idempotency_key_reused",
                )
            return decode_answer(row[2])
        if len(self) >= self._cap and not self._make_room(now_ns):
            raise Busy(
                f"{self._cap} keyed requests of the last hours are being remembered",
                hint="send larger batches, or without Idempotency-Key: entries are idempotent by themselves",
                code="too_many_keyed_requests",
                retry_after_s=60,
            )
        return None

    def _select(self, hashed: bytes) -> tuple[bytes, int, bytes] | None:
        try:
            row: tuple[bytes, int, bytes] | None = self._reading.execute(
                "SELECT body_digest, time_ns, answer FROM requests WHERE key = ?", (hashed,)
            ).fetchone()
        except sqlite3.Error as error:
            raise _failed("the table of keyed requests cannot be read", error) from error
        return row

    def remember(self, requests: Iterable[KeptRequest]) -> None:
        """Keep answers in memory that a durable journal frame holds."""
        with self._lock:
            self._unstored.update((_hash(request.key), request) for request in requests)

    def _make_room(self, now_ns: int) -> bool:
        """Forget what is too old; whether that makes room. A full table takes no request that would be stored, so
        nobody else would ever do it."""
        try:
            ((oldest_ns,),) = self._reading.execute("SELECT min(time_ns) FROM requests").fetchall()
        except sqlite3.Error as error:
            raise _failed("the table of keyed requests cannot be read", error) from error
        if oldest_ns is None or oldest_ns + self._keep_ns > now_ns:
            return False
        with self._storing:
            self._store(now_ns)
        return len(self) < self._cap

    def store(self, now_ns: int) -> None:
        """Write what was remembered, if anything, and forget what is too old; durable on return."""
        if self._unstored:
            with self._storing:
                self._store(now_ns)

    def _store(self, now_ns: int) -> None:
        with self._lock:
            batch = dict(self._unstored)
        # `find` judged a key by its own clock: an old row of a key that is used again must be gone before the new one
        now_ns = max([now_ns, *(request.time_ns for request in batch.values())])
        rows = [(h, r.body_digest, r.time_ns, r.answer) for h, r in batch.items()]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            old = self._db.execute("DELETE FROM requests WHERE time_ns <= ?", (now_ns - self._keep_ns,))
            # a row that is there already was stored before a crash and is replayed
            new = self._db.executemany("INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise _failed("keyed requests cannot be stored", error) from error
        with self._lock:
            self._count += new.rowcount - old.rowcount
            for hashed, request in batch.items():
                if self._unstored.get(hashed) is request:
                    del self._unstored[hashed]

    def close(self) -> None:
        self._reading.close()
        self._db.close()
