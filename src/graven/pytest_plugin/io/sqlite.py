"""sqlite3: connections made by `sqlite3.connect` are of a subclass of the factory that the caller chose.

The C classes cannot be patched, so `type(connection) is sqlite3.Connection` is false while capture is on;
`isinstance`, factories and row factories work as ever. Not seen: connections made by calling a Connection class, or
by a `connect` that was taken out of the module before; and the BEGIN that the module itself puts before a change.
A statement is seen as the cursor class of the caller was given it, before that class rewrites it (Django's does).
"""

import contextlib
import functools
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.rows import Rows
from graven.pytest_plugin.io.statement import Statement, named_as, run_transaction
from graven.pytest_plugin.looking import refuse_while_looking

__all__ = ["patch"]


def patch(sqlite3: Any, patches: Patches, sink: Sink) -> None:
    """Replace `connect` where programs look for it: `sqlite3` and `sqlite3.dbapi2`."""
    original = sqlite3.connect
    connection_class = _connection_classes(sqlite3, sink)

    @functools.wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:
        refuse_while_looking("sqlite3.connect")
        if not sink.active:
            return original(*args, **kwargs)
        # connect(database, timeout, detect_types, isolation_level, check_same_thread, factory, …)
        positional = list(args)
        factory = positional[5] if len(positional) > 5 else kwargs.get("factory", sqlite3.Connection)
        is_class = isinstance(factory, type) and issubclass(factory, sqlite3.Connection)
        if is_class:
            chosen = connection_class(factory)
            if len(positional) > 5:
                positional[5] = chosen
            else:
                kwargs["factory"] = chosen
        with sink.covering("io.undeclared"):
            connection = original(*positional, **kwargs)
        if not is_class:
            with contextlib.suppress(TypeError):  # a plain Connection from a function cannot change its class
                connection.__class__ = connection_class(type(connection))
        return connection

    patches.replace(sqlite3, "connect", connect)
    patches.replace(sqlite3.dbapi2, "connect", connect)


def _connection_classes(sqlite3: Any, sink: Sink) -> Any:
    cursor_class = _cursor_classes(sqlite3, sink)

    base: Any = sqlite3.Connection

    class Shortcuts(base):  # type: ignore[misc]
        """In C these three make a plain cursor; behind the caller's class, so that its own methods come first."""

        def execute(self, *args: Any) -> Any:
            return self.cursor().execute(*args)

        def executemany(self, *args: Any) -> Any:
            return self.cursor().executemany(*args)

        def executescript(self, *args: Any) -> Any:
            return self.cursor().executescript(*args)

    @functools.cache
    def connection_class(factory: Any) -> Any:
        bases = (Shortcuts,) if factory is base else (factory, Shortcuts)

        class Recorded(*bases):  # type: ignore[misc]
            """The caller's connection, with recorded cursors."""

            graven_recorded = True

            def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
                if isinstance(factory, type) and issubclass(factory, sqlite3.Cursor):
                    factory = cursor_class(factory)
                return super().cursor(factory)

            def commit(self) -> None:
                self._graven_end("COMMIT", super().commit)

            def rollback(self) -> None:
                self._graven_end("ROLLBACK", super().rollback)

            def __exit__(self, *problem: object) -> Any:
                return self._graven_end("ROLLBACK" if problem[0] else "COMMIT", super().__exit__, *problem)

            def _graven_end(self, operation: str, run: Any, *args: Any) -> Any:
                try:
                    idle = not self.in_transaction  # nothing will be sent
                except sqlite3.Error:
                    idle = True
                return run(*args) if idle else run_transaction(sink, "sqlite3", operation, run, *args)

        return named_as(Recorded, factory)

    return connection_class


def _cursor_classes(sqlite3: Any, sink: Sink) -> Any:  # noqa: C901 - a class of small methods
    @functools.cache
    def cursor_class(factory: Any) -> Any:  # noqa: C901 - as above
        class Recorded(factory):  # type: ignore[misc]
            """The caller's cursor."""

            graven_recorded = True
            _graven_statement: Statement | None = None

            def execute(self, *args: Any) -> Any:
                self._graven_done()
                return self._graven_run("execute", super().execute, args)

            def executemany(self, *args: Any) -> Any:
                self._graven_done()
                return self._graven_run("executemany", super().executemany, args)

            def executescript(self, *args: Any) -> Any:
                self._graven_done()
                return self._graven_run("executescript", super().executescript, args)

            def fetchone(self) -> Any:
                row = super().fetchone()
                self._graven_rows([] if row is None else [row], ended=row is None)
                return row

            def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
                rows = super().fetchmany(*args, **kwargs)
                self._graven_rows(rows, ended=not rows)
                return rows

            def fetchall(self) -> Any:
                rows = super().fetchall()
                self._graven_rows(rows, ended=True)
                return rows

            def __next__(self) -> Any:
                try:
                    row = super().__next__()
                except StopIteration:
                    self._graven_done()
                    raise
                self._graven_rows([row], ended=False)
                return row

            def close(self) -> None:
                self._graven_done()
                super().close()

            def __del__(self) -> None:
                with contextlib.suppress(Exception):
                    self._graven_done()
                inherited = getattr(super(), "__del__", None)
                if inherited is not None:
                    inherited()

            def _graven_run(self, operation: str, run: Any, args: tuple[Any, ...]) -> Any:
                call = sink.start("sql.statement")
                if call is None:
                    return run(*args)
                statement = Statement(call, "sqlite3", operation, str(args[0]) if args else "")
                sets: Rows | None = None
                with sink.guard():
                    if operation == "executemany" and len(args) > 1:
                        sets = Rows()
                        args = (args[0], sets.passing(args[1]), *args[2:])
                    elif len(args) > 1:
                        call.input = {"parameters": _parameters(args[1])}
                try:
                    with call.running("sql.statement"):
                        answer = run(*args)
                except BaseException:
                    call.input = sets.members("parameters") if sets is not None else call.input
                    statement.end()
                    raise
                with sink.guard():
                    call.input = sets.members("parameters") if sets is not None else call.input
                    returns_rows = self.description is not None
                    named = {"columns": [column[0] for column in self.description]} if returns_rows else {}
                    self._graven_statement = statement if returns_rows else None
                    statement.executed(self.rowcount, returns_rows, lastrowid=self.lastrowid, **named)
                return answer

            def _graven_rows(self, rows: list[Any], ended: bool) -> None:
                statement = self._graven_statement
                if statement is not None:
                    with sink.guard():
                        for row in rows:
                            statement.rows.feed(row)
                    if ended:
                        self._graven_done()

            def _graven_done(self) -> None:
                statement, self._graven_statement = self._graven_statement, None
                if statement is not None:
                    statement.end()

        return named_as(Recorded, factory)

    return cursor_class


def _parameters(given: Any) -> Any:
    return dict(given) if hasattr(given, "keys") else list(given)
