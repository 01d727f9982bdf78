"""The same rows in one plain DuckDB file and in one plain SQLite file with FTS5, as somebody would set them up.

Both get the columns that the index has derived (so neither parses JSON), and the text with its tokens apart; SQLite
gets indexes on the fields that are looked up. They answer with log indexes.
"""

import sqlite3
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

__all__ = ["Duck", "Lite"]

_FIELDS = ("id", "actor", "action", "outcome", "run", "trace")
_COLUMNS = ("received", *_FIELDS, "error", "text")


class Duck:
    """`ask(class, value)` gives log indexes, newest first, or counts."""

    name = "DuckDB file"

    def __init__(self, path: Path, segments: list[Path]) -> None:
        self._db = duckdb.connect(str(path))
        self._db.execute("SET threads = 2")
        chosen = ", ".join(f'"{column}"' for column in _COLUMNS)
        files = ", ".join(f"'{segment / 'columns.parquet'}'" for segment in segments)
        start = time.perf_counter()
        self._db.execute(
            f"CREATE TABLE events AS SELECT row_number() OVER () - 1 AS n, target[1] AS target, {chosen} "
            f"FROM read_parquet([{files}])"
        )
        self._db.execute("CHECKPOINT")
        self.built_s = time.perf_counter() - start
        self.size = path.stat().st_size

    def close(self) -> None:
        self._db.close()

    def ask(self, kind: str, value: Any) -> Any:
        match kind:
            case "id" | "actor" | "action" | "outcome" | "run" | "trace" | "target":
                sql = f'SELECT n FROM events WHERE "{kind}" = ? ORDER BY n DESC LIMIT 50'
                return self._all(sql, [value])
            case "absent":
                return self._all("SELECT n FROM events WHERE actor = ? ORDER BY n DESC LIMIT 50", [value])
            case "newest":
                return self._all("SELECT n FROM events ORDER BY n DESC LIMIT 50")
            case "page":
                return self._all("SELECT n FROM events WHERE actor = ? AND n < ? ORDER BY n DESC LIMIT 50", list(value))
            case "both":
                sql = "SELECT n FROM events WHERE actor = ? AND action = ? ORDER BY n DESC LIMIT 50"
                return self._all(sql, list(value))
            case "day":
                sql = (
                    "SELECT n FROM events WHERE action = ? AND received >= ? AND received < ? ORDER BY n DESC LIMIT 50"
                )
                return self._all(sql, list(value))
            case "token" | "phrase" | "prefix" | "substring":
                needle = value if kind == "substring" else f" {value}" if kind == "prefix" else f" {value} "
                sql = "SELECT n FROM events WHERE contains(text, ?) ORDER BY n DESC LIMIT 50"
                return self._all(sql, [needle])
            case "histogram":
                sql = "SELECT received // 60000000000 AS b, outcome, count(*) FROM events GROUP BY ALL"
                return self._all(sql)
            case "facets":
                return [
                    self._all(f"SELECT {name}, count(*) AS c FROM events GROUP BY ALL ORDER BY c DESC LIMIT 10")
                    for name in ("action", "outcome", "actor")
                ]
            case "facets_day":
                low, high = value
                return [
                    self._all(
                        f"SELECT {name}, count(*) AS c FROM events WHERE received >= ? AND received < ? "
                        "GROUP BY ALL ORDER BY c DESC LIMIT 10",
                        [low, high],
                    )
                    for name in ("action", "outcome", "actor")
                ]
            case _:
                return None

    def _all(self, sql: str, values: list[Any] | None = None) -> Any:
        return self._db.execute(sql, values or []).fetchall()


class Lite:
    """See `Duck`."""

    name = "SQLite FTS5 file"

    def __init__(self, path: Path, segments: list[Path]) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA cache_size = -1000000")
        start = time.perf_counter()
        self._db.execute(
            "CREATE TABLE events (n INTEGER PRIMARY KEY, received INTEGER, id TEXT, actor TEXT, action TEXT, "
            "outcome TEXT, run TEXT, trace TEXT, target TEXT)"
        )
        self._db.execute("CREATE VIRTUAL TABLE words USING fts5(text, content='', detail='full', tokenize='unicode61')")
        self._db.execute("BEGIN")
        n = 0
        for segment in segments:
            table = pq.read_table(segment / "columns.parquet", columns=[*_COLUMNS, "target"])
            for batch in table.to_batches(max_chunksize=50_000):
                columns = batch.to_pydict()
                count = len(columns["id"])
                numbers = range(n, n + count)
                targets = [target[0] if target else None for target in columns["target"]]
                rows = zip(numbers, columns["received"], *(columns[name] for name in _FIELDS), targets, strict=True)
                self._db.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)", rows)
                self._db.executemany(
                    "INSERT INTO words (rowid, text) VALUES (?, ?)", zip(numbers, columns["text"], strict=True)
                )
                n += count
        for name in (*_FIELDS, "target", "received"):
            self._db.execute(f"CREATE INDEX by_{name} ON events ({name})")
        self._db.execute("COMMIT")
        self.built_s = time.perf_counter() - start
        self.size = path.stat().st_size

    def close(self) -> None:
        self._db.close()

    def ask(self, kind: str, value: Any) -> Any:
        match kind:
            case "id" | "actor" | "action" | "outcome" | "run" | "trace" | "target":
                return self._all(f"SELECT n FROM events WHERE {kind} = ? ORDER BY n DESC LIMIT 50", [value])
            case "absent":
                return self._all("SELECT n FROM events WHERE actor = ? ORDER BY n DESC LIMIT 50", [value])
            case "newest":
                return self._all("SELECT n FROM events ORDER BY n DESC LIMIT 50")
            case "page":
                return self._all("SELECT n FROM events WHERE actor = ? AND n < ? ORDER BY n DESC LIMIT 50", list(value))
            case "both":
                sql = "SELECT n FROM events WHERE actor = ? AND action = ? ORDER BY n DESC LIMIT 50"
                return self._all(sql, list(value))
            case "day":
                sql = (
                    "SELECT n FROM events WHERE action = ? AND received >= ? AND received < ? ORDER BY n DESC LIMIT 50"
                )
                return self._all(sql, list(value))
            case "token" | "phrase" | "prefix":
                asked = f'"{value}"' + ("*" if kind == "prefix" else "")
                return self._all("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT 50", [asked])
            case "histogram":
                return self._all(
                    "SELECT received / 60000000000 AS b, outcome, count(*) FROM events GROUP BY b, outcome"
                )
            case "facets":
                return [
                    self._all(f"SELECT {name}, count(*) AS c FROM events GROUP BY {name} ORDER BY c DESC LIMIT 10")
                    for name in ("action", "outcome", "actor")
                ]
            case "facets_day":
                return [
                    self._all(
                        f"SELECT {name}, count(*) AS c FROM events WHERE received >= ? AND received < ? "
                        f"GROUP BY {name} ORDER BY c DESC LIMIT 10",
                        list(value),
                    )
                    for name in ("action", "outcome", "actor")
                ]
            case _:
                return None  # FTS5 has no substrings

    def _all(self, sql: str, values: list[Any] | None = None) -> Any:
        return self._db.execute(sql, values or []).fetchall()
