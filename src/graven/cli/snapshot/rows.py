"""The rows of one table, in the order of its key, read in one read-only transaction.

An SQLite file is read by the standard library, anything else through SQLAlchemy. Both stream. What a database says
when it fails is shown, but for the password.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from graven.errors import NotFound, Unavailable, UsageError

__all__ = ["Place", "Rows", "Wanted", "find_database", "open_rows"]

FETCHED = 1000
"""Rows that a driver may hold at once."""

_SECRET_NAMES = frozenset({"password", "passwd", "pass", "pwd", "sslpassword"})


class Place(NamedTuple):
    """A database: `url` with its password for SQLAlchemy, or the `file` of SQLite. `name` is fit to be shown."""

    name: str
    url: str = ""
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of which table. `columns` empty: all but `exclude`. `key` empty: the primary key."""

    table: str
    columns: Sequence[str] = ()
    exclude: Sequence[str] = ()
    key: Sequence[str] = ()
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Open: `rows` gives values of `columns`, among which the `key` is; `count` when it could be had."""

    columns: Sequence[str]
    key: Sequence[str]
    rows: Iterator[Sequence[Any]]
    count: int | None = None


def find_database(given: str, environ: Mapping[str, str]) -> Place:
    """The database that an argument means: a path, a URL, or `env:NAME`, which takes either from the environment.

    `UsageError` for a URL with a password on the command line, where every user of the machine can read it.
    """
    text = given
    if given.startswith("env:"):
        text = environ.get(given[4:], "")
        if not text:
            raise UsageError(
                f"{given}: the environment variable {given[4:]!r} is not set", hint=f"export {given[4:]}=ADDRESS"
            )
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Place(str(text), file=Path(text))
    if scheme.partition("+")[0] == "sqlite":
        path = unquote(rest.partition("?")[0]).removeprefix("/")
        return Place(path, file=Path(path))
    if password_of(text) and text is given:
        raise UsageError(
            "a password on the command line can be read by every user of this machine",
            hint="put the address into an environment variable: graven snapshot table env:SHOP_DSN orders",
        )
    try:
        return Place(_without_password(text), url=text)
    except ValueError:
        raise UsageError("the address of the database cannot be read", hint="postgresql://user@host/database") from None


def password_of(url: str) -> str:
    """The password in a URL, decoded; empty when there is none."""
    parts = urlsplit(url)
    named = [value for name, value in parse_qsl(parts.query) if name.lower() in _SECRET_NAMES]
    return unquote(parts.password or "") or next(iter(named), "")


def _without_password(url: str) -> str:
    """Scheme, user, host, port and database: options may hold anything."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"


@contextmanager
def open_rows(place: Place, wanted: Wanted) -> Iterator[Rows]:
    """The rows, while the block lasts. UsageError, NotFound, Unavailable."""
    if place.file is not None:
        with _sqlite_rows(place.file, wanted) as rows:
            yield rows
        return
    from graven.cli.snapshot.engine import engine_rows

    with engine_rows(place, wanted) as rows:
        yield rows


@contextmanager
def _sqlite_rows(path: Path, wanted: Wanted) -> Iterator[Rows]:
    if not path.is_file():
        raise NotFound(f"there is no database file {path}", hint="a server is named by an address: postgresql://…")
    try:
        connection = sqlite3.connect(
            f"file:{quote(os.fspath(path.absolute()))}?mode=ro", uri=True, isolation_level=None, timeout=30
        )
        try:
            connection.execute("BEGIN")
            yield _sqlite_reading(connection, path, wanted)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Unavailable(f"{path} cannot be read: {error}", hint=way_to_read(wanted)) from error


def way_to_read(wanted: Wanted) -> str:
    """What to look at when a database refuses to be read."""
    return f"is --where right: {wanted.where}" if wanted.where else "is this a database, and may this user read it?"


def _sqlite_reading(connection: sqlite3.Connection, path: Path, wanted: Wanted) -> Rows:
    table = _quoted(wanted.table)
    found = connection.execute(f"PRAGMA table_info({table})").fetchall()
    if not found:
        raise NotFound(f"{path} has no table {wanted.table!r}", hint=_known_tables(connection))
    primary = [name for _, name, *_, place in sorted(found, key=lambda one: one[-1]) if place]
    columns, key = choose_columns([one[1] for one in found], primary, wanted)
    where = f" WHERE ({wanted.where}\n)" if wanted.where else ""  # a comment in it ends there
    count = connection.execute(f"SELECT count(*) FROM {table}{where}").fetchone()[0]  # noqa: S608
    order = ", ".join(_quoted(name) for name in key)
    names = ", ".join(_quoted(name) for name in columns)
    rows = connection.execute(f"SELECT {names} FROM {table}{where} ORDER BY {order}")  # noqa: S608 - the user's own
    return Rows(columns, key, rows, count)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _known_tables(connection: sqlite3.Connection) -> str:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
    return f"it has {', '.join(sorted(names)[:20])}" if names else "it has no tables"


def choose_columns(known: Sequence[str], primary: Sequence[str], wanted: Wanted) -> tuple[list[str], list[str]]:
    """Columns to read, the key among them, and the key. UsageError for names that the table does not have."""
    for name in (*wanted.columns, *wanted.exclude, *wanted.key):
        if name not in known:
            raise UsageError(f"{wanted.table} has no column {name!r}", hint=f"it has {', '.join(known)}")
    key = list(wanted.key or primary)
    if not key:
        raise UsageError(
            f"{wanted.table} has no primary key, so its rows have no names", hint="--key COLUMN[,COLUMN] names them"
        )
    if hidden := [name for name in key if name in wanted.exclude]:
        raise UsageError(f"{hidden[0]!r} is the name of each row, so it cannot be left out", hint="--key names others")
    chosen = [name for name in (wanted.columns or known) if name not in wanted.exclude]
    return [*(name for name in key if name not in chosen), *chosen], key
