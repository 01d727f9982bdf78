"""psycopg2: connections from `psycopg2.connect` are of a subclass of the class that the caller chose, cursors too.

The C classes cannot be patched, so `type(connection) is psycopg2.extensions.connection` is false while capture is
on; `isinstance`, connection and cursor factories work as ever. Not seen: what C sends without being asked in Python
(the BEGIN before a statement, the FETCH and CLOSE of a named cursor, whose rows are seen), and connections made by
calling a connection class.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.copying import CopyFile, passing_file
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.rows import Rows
from graven.pytest_plugin.io.statement import Statement, named_as, parameters_now, run_transaction, statement_text

__all__ = ["patch"]


def patch(psycopg2: Any, patches: Patches, sink: Sink) -> None:
    """Replace the C function under `psycopg2.connect`, so that a `connect` imported before is captured too."""
    extensions = psycopg2.extensions
    original = psycopg2._connect
    connection_class = _connection_classes(extensions, sink)

    @functools.wraps(original)
    def _connect(dsn: Any, connection_factory: Any = None, **kwargs: Any) -> Any:
        if not sink.active:
            return original(dsn, connection_factory=connection_factory, **kwargs)
        factory = extensions.connection if connection_factory is None else connection_factory
        is_class = isinstance(factory, type) and issubclass(factory, extensions.connection)
        chosen = connection_class(factory) if is_class else factory
        connection = original(dsn, connection_factory=chosen, **kwargs)
        if not is_class:
            with contextlib.suppress(TypeError):  # a plain connection from a function cannot change its class
                connection.__class__ = connection_class(type(connection))
        return connection

    patches.replace(psycopg2, "_connect", _connect)


def _connection_classes(extensions: Any, sink: Sink) -> Any:
    cursor_class = _cursor_classes(extensions, sink)
    base: Any = extensions.connection

    class Behind(base):  # type: ignore[misc]
        """Behind the caller's class, which may choose the cursor factory (`DictConnection` does)."""

        def cursor(self, name: Any = None, cursor_factory: Any = None, *args: Any, **kwargs: Any) -> Any:
            factory = cursor_factory or self.cursor_factory or extensions.cursor
            if isinstance(factory, type) and issubclass(factory, extensions.cursor):
                factory = cursor_class(factory)
            return super().cursor(name, factory, *args, **kwargs)

    @functools.cache
    def connection_class(factory: Any) -> Any:
        class Recorded(*((Behind,) if factory is base else (factory, Behind))):  # type: ignore[misc]
            """The caller's connection, with recorded cursors."""

            graven_recorded = True

            def commit(self) -> None:
                self._graven_end("COMMIT", super().commit)

            def rollback(self) -> None:
                self._graven_end("ROLLBACK", super().rollback)

            def _graven_end(self, operation: str, run: Any) -> None:
                idle = True
                with contextlib.suppress(Exception):
                    idle = self.closed != 0 or self.status == extensions.STATUS_READY  # nothing will be sent
                if idle:
                    run()
                else:
                    run_transaction(sink, "postgresql", operation, run, uri=_uri(self))

        return named_as(Recorded, factory)

    return connection_class


def _cursor_classes(extensions: Any, sink: Sink) -> Any:  # noqa: C901 - a class of small methods
    runs = CursorRuns(sink)

    @functools.cache
    def cursor_class(factory: Any) -> Any:  # noqa: C901 - as above
        if getattr(factory, "graven_recorded", False):
            return factory

        class Recorded(factory):  # type: ignore[misc]
            """The caller's cursor."""

            graven_recorded = True

            def execute(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("execute", super().execute, args, kwargs)

            def executemany(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("executemany", super().executemany, args, kwargs)

            def callproc(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("callproc", super().callproc, args, kwargs)

            def copy_expert(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("copy", super().copy_expert, args, kwargs, file=(1, "file"))

            def copy_from(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("copy", super().copy_from, args, kwargs, file=(0, "file"))

            def copy_to(self, *args: Any, **kwargs: Any) -> Any:
                return self._graven_run("copy", super().copy_to, args, kwargs, file=(0, "file"))

            def fetchone(self) -> Any:
                with runs.fetching(self) as statement:
                    row = super().fetchone()
                if statement is not None:
                    runs.rows(self, [] if row is None else [row], ended=row is None)
                return row

            def fetchmany(self, *args: Any, **kwargs: Any) -> Any:
                with runs.fetching(self) as statement:
                    rows = super().fetchmany(*args, **kwargs)
                if statement is not None:
                    runs.rows(self, rows, ended=not rows)
                return rows

            def fetchall(self) -> Any:
                with runs.fetching(self) as statement:
                    rows = super().fetchall()
                if statement is not None:
                    runs.rows(self, rows, ended=True)
                return rows

            def __next__(self) -> Any:
                with runs.fetching(self) as statement:
                    try:
                        row = super().__next__()
                    except StopIteration:
                        runs.done(self)
                        raise
                if statement is not None:
                    runs.rows(self, [row], ended=False)
                return row

            def close(self) -> None:
                runs.done(self)
                super().close()

            def _graven_run(
                self, operation: str, run: Any, args: Any, kwargs: dict[str, Any], file: tuple[int, str] | None = None
            ) -> Any:
                runs.done(self)
                call = sink.start("sql.statement")
                if call is None:
                    return run(*args, **kwargs)
                statement = Statement(call, "postgresql", operation, "", _uri(self.connection))
                seen = _Given(operation, args, kwargs, file)
                with sink.guard():
                    seen.look()
                    args, kwargs = seen.args, seen.kwargs
                    call.method["statement"] = statement_text(seen.query, self)
                    call.input = seen.members()
                try:
                    with call.running("sql.statement"):
                        answer = run(*args, **kwargs)
                except BaseException:
                    with sink.guard():
                        call.input = seen.members()
                    statement.end()
                    raise
                with sink.guard():
                    call.input = seen.members()
                    if self.query and (self.name is not None or operation in ("copy", "callproc")):
                        call.method["statement"] = statement_text(self.query, self)  # as it was sent: DECLARE, COPY …
                    returns_rows = bool(self.connection.async_) or self.name is not None or self.description is not None
                    if returns_rows:
                        runs.put(self, statement)
                    more = {} if seen.file is None else seen.file.received()
                    statement.executed(self.rowcount, returns_rows, **more)
                return answer

        return named_as(Recorded, factory)

    return cursor_class


class _Given:
    """The arguments of one call: what to pass on in their place, and what passed."""

    def __init__(self, operation: str, args: Any, kwargs: dict[str, Any], file: tuple[int, str] | None) -> None:
        self.args = list(args)
        self.kwargs = dict(kwargs)
        self.file: CopyFile | None = None
        self.query: Any = ""
        self._operation = operation
        self._file_at = file
        self._sets: Rows | None = None
        self._parameters: Any = None

    def look(self) -> None:
        """Find query, parameters and file. What it raises is the caller's mistake, which the driver will tell."""
        args, kwargs = list(self.args), dict(self.kwargs)
        if self._file_at is not None:
            self.query = "COPY" if self._file_at[0] == 0 else args[0] if args else kwargs["sql"]
            self.file = self._swap(*self._file_at, passing_file)
            return
        self.query = args[0] if args else next(iter(kwargs.values()), "")
        if self._operation == "executemany":
            self._sets = Rows()
            self._swap(1, "vars_list", self._sets.passing)
        else:
            self._parameters = parameters_now(
                args[1] if len(args) > 1 else kwargs.get("vars", kwargs.get("parameters"))
            )

    def _swap(self, at: int, name: str, make: Callable[[Any], Any]) -> Any:
        """Put `make(argument)` in the argument's place."""
        place: Any = self.args if len(self.args) > at else self.kwargs
        key: Any = at if place is self.args else name
        place[key] = made = make(place[key])
        return made

    def members(self) -> dict[str, Any] | None:
        if self._sets is not None:
            return self._sets.members("parameters")
        if self.file is not None:
            return self.file.sent() or None
        return None if self._parameters is None else {"parameters": self._parameters}


def _uri(connection: Any) -> str:
    with contextlib.suppress(Exception):
        info = connection.info
        return f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"
    return ""
