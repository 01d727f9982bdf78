"""`alerts.sqlite`: the alerts, what each of them remembers, and what is still to be sent.

Commits are synchronous. A firing is recorded in `system` first; then, in one transaction, its deliveries are queued
and the state that led to it is kept. Between the two a crash makes the watch fire again, under the same id.
The file holds addresses, which may be secrets: 0600.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from graven.detect.rule import Alert, decode_alert, digest_of, encode_alert
from graven.detect.waiting import INDEXES, Queued, Waiting, read_queued, read_waiting
from graven.errors import StorageFailed

__all__ = ["MOST_WAITING", "AlertStore", "Delivery", "Stored"]

MOST_WAITING: Final = 1_000
"""So many deliveries of one alert wait for one address; one beyond that fails at once, and is recorded so. There is no
bound over all of them that one alert could use up: only operators set alerts and addresses."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS alerts (
  log TEXT, name TEXT, body BLOB NOT NULL, digest TEXT NOT NULL, armed INTEGER NOT NULL, armed_ns INTEGER NOT NULL,
  state BLOB, PRIMARY KEY (log, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS deliveries (
  fire TEXT, address TEXT, log TEXT NOT NULL, alert TEXT NOT NULL, body BLOB NOT NULL, at_ns INTEGER NOT NULL,
  due_ns INTEGER NOT NULL, attempts INTEGER NOT NULL, outcome TEXT, detail TEXT NOT NULL,
  PRIMARY KEY (fire, address)
) STRICT;
DROP INDEX IF EXISTS deliveries_due;
"""

_NEXT: Final = """
SELECT * FROM deliveries WHERE outcome IS NULL AND (log, alert, address) > (?, ?, ?)
ORDER BY log, alert, address, due_ns, rowid LIMIT 1
"""


class Stored(NamedTuple):
    """An alert with where it began to listen, and the state last kept (None: none yet)."""

    log: str
    alert: Alert
    armed: int
    armed_ns: int
    state: bytes | None


class Delivery(NamedTuple):
    """One firing to one address. `body` is the JSON that is sent; `outcome` is None while it waits."""

    fire: str
    address: str
    log: str
    alert: str
    body: bytes
    at_ns: int
    due_ns: int
    attempts: int = 0
    outcome: str | None = None
    detail: str = ""


class AlertStore:
    """The open database; thread-safe. StorageFailed for anything SQLite refuses."""

    def __init__(self, path: Path, *, most_waiting: int = MOST_WAITING) -> None:
        self._lock = threading.Lock()
        self._most_waiting = most_waiting
        path.touch(mode=0o600)
        with _translated():
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA + INDEXES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def alerts(self, log: str | None = None) -> list[Stored]:
        """All of a log, or of all logs, by name."""
        rows = self._rows(
            "SELECT log, body, armed, armed_ns, state FROM alerts WHERE ?1 IS NULL OR log = ?1 ORDER BY log, name",
            (log,),
        )
        return [Stored(name, decode_alert(body), armed, armed_ns, state) for name, body, armed, armed_ns, state in rows]

    def put(self, log: str, alert: Alert, *, armed: int, armed_ns: int) -> None:
        """Set an alert. It begins to listen at `armed`, unless all that changed is who is told and how loud."""
        digest = digest_of(alert)
        with self._transaction() as db:
            known = db.execute(
                "SELECT digest, body FROM alerts WHERE log = ? AND name = ?", (log, alert.name)
            ).fetchone()
            # what went on while it was switched off is nobody's concern
            if known is not None and known[0] == digest and alert.enabled and decode_alert(known[1]).enabled:
                statement = "UPDATE alerts SET body = ? WHERE log = ? AND name = ?"
                db.execute(statement, (encode_alert(alert), log, alert.name))
                return
            statement = "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, NULL)"
            db.execute(statement, (log, alert.name, encode_alert(alert), digest, armed, armed_ns))

    def delete(self, log: str, name: str) -> bool:
        """End an alert; what it has fired is still sent. False when there is none."""
        with self._transaction() as db:
            return db.execute("DELETE FROM alerts WHERE log = ? AND name = ?", (log, name)).rowcount > 0

    def keep(self, one: Stored, state: bytes, queued: Sequence[Delivery] = ()) -> None:
        """Keep a state, and queue what it led to. The state of an alert that was set anew meanwhile is not kept."""
        with self._transaction() as db:
            statement = "UPDATE alerts SET state = ? WHERE log = ? AND name = ? AND digest = ? AND armed = ?"
            db.execute(statement, (state, one.log, one.alert.name, digest_of(one.alert), one.armed))
            waiting: dict[str, int] = {}
            for delivery in queued:
                if delivery.address not in waiting:
                    waiting[delivery.address] = _waiting(db, delivery)
                made = delivery
                if waiting[delivery.address] >= self._most_waiting:
                    made = delivery._replace(outcome="failure", detail=self._full())
                elif made.outcome is None:
                    waiting[delivery.address] += 1
                db.execute("INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made)

    def due(self, now_ns: int) -> list[Delivery]:
        """What may be sent now: of each alert and address what is due longest (`turns` says whose is next)."""
        due: list[Delivery] = []
        known = ("", "", "")
        # along the index from one to the next: it is asked after each delivery, and many may wait
        while rows := self._rows(_NEXT, known):
            one = Delivery(*rows[0])
            known = (one.log, one.alert, one.address)
            if one.due_ns <= now_ns:
                due.append(one)
        return due

    def waiting(self, log: str, alert: str | None = None) -> list[Waiting]:
        """What waits of a log, or of one alert of it, and how it stands with what failed; by alert and address."""
        return read_waiting(self._rows, log, alert)

    def queued(self) -> dict[str, Queued]:
        """How many deliveries wait and how many of them were tried in vain, by log."""
        return read_queued(self._rows)

    def unrecorded(self, most: int = -1) -> list[Delivery]:
        """What was decided, and is not yet recorded: of each alert the first, then of each the second, and so on."""
        turn = "row_number() OVER (PARTITION BY log, alert ORDER BY rowid)"
        return self._deliveries(f"outcome IS NOT NULL ORDER BY {turn}, rowid LIMIT ?", (most,))

    def update(self, delivery: Delivery) -> None:
        """Keep how often it was tried, when it is due, and what came of it."""
        with self._transaction() as db:
            statement = "UPDATE deliveries SET due_ns=?, attempts=?, outcome=?, detail=? WHERE fire=? AND address=?"
            db.execute(statement, (*delivery[6:10], delivery.fire, delivery.address))

    def forget(self, delivery: Delivery) -> None:
        """It was recorded: the record is in `system`."""
        with self._transaction() as db:
            db.execute("DELETE FROM deliveries WHERE fire = ? AND address = ?", (delivery.fire, delivery.address))

    def _full(self) -> str:
        return f"the queue is full: {self._most_waiting:,} deliveries of this alert wait for this address"

    def _deliveries(self, where: str, values: Sequence[Any], columns: str = "*") -> list[Delivery]:
        rows = self._rows(f"SELECT {columns} FROM deliveries WHERE {where}", values)  # noqa: S608 - our own text
        return [Delivery(*row) for row in rows]

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, _translated():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise


def _waiting(db: sqlite3.Connection, one: Delivery) -> int:
    """How many of the same alert wait for the same address."""
    statement = "SELECT count(*) FROM deliveries WHERE outcome IS NULL AND log = ? AND alert = ? AND address = ?"
    (count,) = db.execute(statement, (one.log, one.alert, one.address)).fetchone()
    return int(count)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        raise StorageFailed(
            f"alerts.sqlite: {error}",
            why="it holds the alerts, and what is still to be sent",
            hint="free or add disk space"
            if full
            else "check the disk; without the file all alerts have to be set again",
            code="storage_full" if full else "alerts_failed",
        ) from error
