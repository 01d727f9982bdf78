"""Reading rows beside the application's statements, in its transaction and never at its cost.

- A read that fails must not spoil the transaction, so where a failure would (PostgreSQL) it has a savepoint.
- A row that is about to change is read locked, as the statement itself is about to lock it; otherwise another
  transaction could change it between the read and the statement, and `before` would be a lie.
- What is read here does not count: not for `assertNumQueries`, not for the project's own `execute_wrapper`s.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.sql import Query

from graven.sdk.changes import key_text
from graven.sdk.django.tables import Table
from graven.sdk.guard import internal

__all__ = ["beside", "keys_digest", "locked", "matching", "of_keys", "read", "shielded", "writing"]

Rows = dict[tuple[Any, ...], dict[str, Any]]

_KEYS_A_QUERY = 500
_SURVIVES_ERRORS = frozenset({"mysql", "oracle", "sqlite"})
"""Vendors whose transactions go on after a statement that failed."""


@contextmanager
def beside(connection: Any) -> Iterator[None]:
    """What is done within is neither logged, nor counted, nor seen by the project's wrappers."""
    log, wrappers = connection.queries_log, connection.execute_wrappers
    connection.queries_log, connection.execute_wrappers = deque(maxlen=1), []
    try:
        yield
    finally:
        connection.queries_log, connection.execute_wrappers = log, wrappers


@contextmanager
def shielded(connection: Any) -> Iterator[None]:
    """As `beside`, and what fails within leaves the transaction as it was."""
    with beside(connection), internal():
        if connection.vendor in _SURVIVES_ERRORS or not connection.in_atomic_block:
            yield
            return
        savepoint = connection.savepoint()
        try:
            yield
        except Exception:
            connection.savepoint_rollback(savepoint)
            raise
        finally:
            connection.savepoint_commit(savepoint)


def writing(connection: Any) -> AbstractContextManager[Any]:
    """A transaction around one statement and its reads, where the application has none open."""
    if connection.in_atomic_block or not connection.get_autocommit():
        return nullcontext()
    return _quiet_atomic(connection)


@contextmanager
def _quiet_atomic(connection: Any) -> Iterator[None]:
    atomic = transaction.atomic(using=connection.alias, savepoint=False)
    with beside(connection):
        atomic.__enter__()
    try:
        yield
    except BaseException as error:
        with beside(connection):
            atomic.__exit__(type(error), error, error.__traceback__)
        raise
    with beside(connection):
        atomic.__exit__(None, None, None)


def matching(table: Table, query: Any, connection: Any) -> Any:
    """A query set of the rows that an UPDATE or DELETE query is about to touch."""
    inner = query.chain(klass=Query)
    inner.select_related = False
    inner.select_for_update = False
    inner.clear_ordering(force=True)
    inner.extra = {}
    inner.get_initial_alias()
    plain = inner.count_active_tables() == 1 and not inner.distinct and inner.group_by is None
    inner.clear_select_clause()
    if plain and not inner.annotations:
        return QuerySet(table.model, query=inner, using=connection.alias)
    inner.add_fields([field.attname for field in table.key])
    return QuerySet(table.model, using=connection.alias).filter(pk__in=inner)


def of_keys(table: Table, keys: Sequence[tuple[Any, ...]], connection: Any) -> Iterator[Any]:
    """Query sets that together hold the rows with these keys."""
    for at in range(0, len(keys), _KEYS_A_QUERY):
        some = keys[at : at + _KEYS_A_QUERY]
        condition = Q(pk__in=[key[0] if len(table.key) == 1 else key for key in some])
        yield QuerySet(table.model, using=connection.alias).filter(condition)


def locked(rows: Any, connection: Any, *, keep_keys: bool) -> Any:
    """The query set with the lock that the statement will take anyway. `keep_keys`: no key will change."""
    features = connection.features
    if connection.vendor == "sqlite":
        if connection.in_atomic_block:
            _lock_sqlite(rows.model, connection)
        return rows
    if not features.has_select_for_update or not connection.in_atomic_block:
        return rows
    return rows.select_for_update(no_key=keep_keys and features.has_select_for_no_key_update)


def _lock_sqlite(model: Any, connection: Any) -> None:
    """SQLite upgrades a read transaction to a writing one at once or never, without the patience (`timeout`) that
    the statement alone would have had. A statement that writes nothing takes the lock first, with that patience."""
    name = connection.ops.quote_name
    column = name(model._meta.local_concrete_fields[0].column)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {name(model._meta.db_table)} SET {column} = {column} WHERE 0")  # noqa: S608


def read(table: Table, rows: Any) -> Rows:
    """Captured rows by key."""
    return dict(table.row(values) for values in rows.values_list(*table.names))


def keys_digest(keys: Iterator[tuple[Any, ...]]) -> dict[str, Any]:
    """Number of keys, and SHA-256 over their texts, each followed by a newline."""
    digest, count = hashlib.sha256(), 0
    for key in keys:
        digest.update(key_text(key).encode("utf-8", "surrogatepass") + b"\n")
        count += 1
    return {"count": count, "digest": f"sha256:{digest.hexdigest()}"}
