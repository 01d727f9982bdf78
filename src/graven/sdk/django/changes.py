"""Where changes are seen, and when they are recorded.

`record_changes` puts itself between Django's three writing queries and the compilers that execute them. What a
statement changed waits in the transaction's own list of commit hooks: Django drops it there when the transaction, or
the `atomic()` it was made in, is rolled back. Savepoints that the application makes by hand Django does not follow
there, so their rollback is watched too.
"""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql import DeleteQuery, InsertQuery, Query, UpdateQuery

from graven.errors import UsageError
from graven.sdk.changes import Pending, Recording
from graven.sdk.client import Client
from graven.sdk.django.inserts import Insert
from graven.sdk.django.reading import writing
from graven.sdk.django.statements import Delete, Statement, Update
from graven.sdk.django.tables import Selection
from graven.sdk.guard import is_internal

__all__ = ["ModelChanges", "record_changes"]

_STATEMENTS: dict[type, type[Statement]] = {DeleteQuery: Delete, InsertQuery: Insert, UpdateQuery: Update}

_savepoint_rollback = BaseDatabaseWrapper.savepoint_rollback

_recording: "ModelChanges | None" = None


class ModelChanges(Recording):
    """The recording of a project's models; `stop` ends it."""

    def __init__(self, client: Client | None, selection: Selection, rows: int) -> None:
        super().__init__(client, ())
        self._selection = selection
        self._rows = rows

    def stop(self) -> None:
        """Record no further changes. Those of transactions under way are still recorded when they commit."""
        global _recording
        if _recording is self:
            _recording = None
            for kind in _STATEMENTS:
                del kind.get_compiler  # type: ignore[attr-defined]  # the class has its parent's again
            BaseDatabaseWrapper.savepoint_rollback = _savepoint_rollback

    def executed(self, kind: type[Statement], compiler: Any, execute: Callable[..., Any], given: Any) -> Any:
        """Execute a statement, and look at what it changes on either side."""
        connection, query = compiler.connection, compiler.query
        statement: Statement | None = None
        with self.guarded():
            statement = self._statement(kind, query, connection)
        if statement is None:
            return execute(*given[0], **given[1])
        with writing(connection):
            with self.guarded():
                statement.before()
            answer = execute(*given[0], **given[1])
            with self.guarded():
                told = answer if kind is not Insert else (answer, _returning(given))
                self._keep(connection, statement.changes(told))
        return answer

    def _statement(self, kind: type[Statement], query: Any, connection: Any) -> Statement | None:
        if is_internal() or (kind is Update and not query.values) or (kind is Insert and not query.objs):
            return None
        table = self._selection.table(query.get_meta().model)
        return None if table is None else kind(table, query, connection, self._rows)

    def _keep(self, connection: Any, changes: list[Pending]) -> None:
        if changes:
            connection.on_commit(_Committed(self, connection, changes), robust=True)


class _Committed:
    """The changes of one statement, and which transaction they belong to."""

    def __init__(self, recording: ModelChanges, connection: Any, changes: list[Pending]) -> None:
        self.savepoints = connection.savepoint_state
        """How many savepoints the connection had ever made by then."""
        self._recording = recording
        self._changes = changes
        self.transaction = uuid.uuid4().hex
        for _, other, *_ in reversed(connection.run_on_commit):
            if isinstance(other, _Committed):
                self.transaction = other.transaction
                break

    def __call__(self) -> None:
        self._recording.emit(self._changes, self.transaction)


def record_changes(
    *, include: Iterable[str] | None = None, exclude: Iterable[str] = (), rows: int = 1000, client: Client | None = None
) -> ModelChanges:
    """Record what Django's models change: `entity.create`, `entity.update`, `entity.delete`.

    `include` and `exclude` name models (`shop.Order`, `shop.*`), `exclude` also fields (`shop.Order.note`, or
    `note` in all models). A statement that touches more than `rows` rows is one `entity.bulk_…` with their count and
    the digest of their keys. Without `client`, the process-wide one. The recording before this one is stopped.
    Raises `UsageError` for a name that means nothing. To be called when the models are loaded.
    """
    global _recording
    if type(rows) is not int or rows < 1:
        raise UsageError(f"rows is a number of rows, at least 1, not {rows!r}")
    recording = ModelChanges(client, Selection(include, exclude), rows)
    if _recording is not None:
        _recording.stop()
    for kind, statement in _STATEMENTS.items():
        kind.get_compiler = _compiling(statement)  # type: ignore[attr-defined]
    BaseDatabaseWrapper.savepoint_rollback = _rolling_back
    _recording = recording
    return recording


def _compiling(kind: type[Statement]) -> Callable[..., Any]:
    def get_compiler(query: Any, *given: Any, **named: Any) -> Any:
        compiler = Query.get_compiler(query, *given, **named)
        execute = compiler.execute_sql

        def execute_sql(*args: Any, **options: Any) -> Any:
            recording = _recording
            if recording is None:
                return execute(*args, **options)
            return recording.executed(kind, compiler, execute, (args, options))

        compiler.execute_sql = execute_sql
        return compiler

    return get_compiler


def _rolling_back(connection: Any, sid: str) -> Any:
    """Forget what was changed since the savepoint, as the database does."""
    answer = _savepoint_rollback(connection, sid)
    number = str(sid).rpartition("_x")[2]  # Django numbers the savepoints of a connection
    if number.isdecimal():
        connection.run_on_commit = [
            hook
            for hook in connection.run_on_commit
            if not (isinstance(hook[1], _Committed) and hook[1].savepoints >= int(number))
        ]
    return answer


def _returning(given: Any) -> list[Any]:
    args, options = given
    return list((args[0] if args else options.get("returning_fields")) or ())
