"""PyMySQL: statements of its cursors, and what its connections send by themselves (SET NAMES, COMMIT and the like).

Classes are patched in place, so types and subclasses are untouched. An `executemany` is one record, though PyMySQL
sends an INSERT with many values, or one statement for each set of parameters.
"""

from typing import Any

from graven.pytest_plugin.io.call import Call, Sink
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.rows import Rows
from graven.pytest_plugin.io.statement import Statement, parameters_now, statement_text

__all__ = ["patch"]


def patch(pymysql: Any, patches: Patches, sink: Sink) -> None:
    """Capture all cursors and connections of PyMySQL."""
    cursors = pymysql.cursors
    runs = CursorRuns(sink)
    _patch_connection(pymysql.connections.Connection, patches, sink)
    patches.replace(cursors.Cursor, "graven_recorded", True)
    for owner in (cursors.Cursor, cursors.SSCursor):
        for operation in ("execute", "executemany", "_query"):
            if operation in vars(owner):
                patches.wrap(owner, operation, _running(sink, runs, operation))
        for name in ("fetchone", "fetchmany", "fetchall"):
            patches.wrap(owner, name, _fetching(runs, name))
        patches.wrap(owner, "close", runs.closing)


def _running(sink: Sink, runs: CursorRuns, operation: str) -> Any:
    def wrap(run: Any) -> Any:
        def running(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            call = sink.start("sql.statement")
            if call is None:
                return run(self, query, *args, **kwargs)
            runs.done(self)
            # `_query` comes here for what is not under one of the others: `callproc`
            name = "execute" if operation == "_query" else operation
            statement = Statement(call, "mysql", name, "", _uri(self.connection))
            sets: Rows | None = None
            with sink.guard():
                call.method["statement"] = statement_text(query, self)
                given = args[0] if args else kwargs.get("args")
                if operation == "executemany":
                    sets = Rows()
                    if isinstance(given, list | tuple):
                        for row in given:
                            sets.feed(row)
                    elif args and given:
                        args = (sets.passing(given), *args[1:])
                    elif given:
                        kwargs = {**kwargs, "args": sets.passing(given)}
                elif operation == "execute" and given is not None:
                    call.input = {"parameters": parameters_now(given)}
            try:
                with call.running("sql.statement"):
                    answer = run(self, query, *args, **kwargs)
            except BaseException:
                call.input = sets.members("parameters") if sets is not None else call.input
                statement.end()
                raise
            with sink.guard():
                call.input = sets.members("parameters") if sets is not None else call.input
                returns_rows = self.description is not None
                if returns_rows:
                    runs.put(self, statement)
                # an unbuffered result knows its size at its end only
                rowcount = -1 if returns_rows and self._rows is None else self.rowcount
                statement.executed(rowcount, returns_rows, lastrowid=self.lastrowid)
            return answer

        return running

    return wrap


def _fetching(runs: CursorRuns, name: str) -> Any:
    def wrap(fetch: Any) -> Any:
        def fetching(self: Any, *args: Any, **kwargs: Any) -> Any:
            with runs.fetching(self) as statement:
                answer = fetch(self, *args, **kwargs)
            if statement is not None:
                last = not getattr(self._result, "has_next", False)
                if name == "fetchone":
                    runs.rows(self, [] if answer is None else [answer], ended=answer is None and last)
                else:
                    runs.rows(self, answer, ended=(name == "fetchall" or not answer) and last)
            return answer

        return fetching

    return wrap


def _patch_connection(connection: Any, patches: Patches, sink: Sink) -> None:
    sending: dict[int, Call] = {}

    def wrap_sender(run: Any) -> Any:
        def sends(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = sink.start("sql.statement")
            if call is None:
                return run(self, *args, **kwargs)
            sending[id(self)] = call
            try:
                with call.running("sql.statement"):
                    return run(self, *args, **kwargs)
            finally:
                sending.pop(id(self), None)
                if call.method:  # something was sent
                    call.end()

        return sends

    def wrap_command(execute: Any) -> Any:
        def _execute_command(self: Any, command: Any, sql: Any) -> Any:
            call = sending.get(id(self))
            if call is not None and command == 3:  # COM_QUERY
                with sink.guard():
                    text = statement_text(sql, self)
                    operation = "query" if len(text.split()) > 1 else text
                    call.method = {
                        "protocol": "mysql",
                        "operation": operation,
                        "statement": text,
                        "uri": _uri(self),
                    }
            return execute(self, command, sql)

        return _execute_command

    def wrap_connect(connect: Any) -> Any:
        def connecting(self: Any, *args: Any, **kwargs: Any) -> Any:
            with sink.covering("io.undeclared"):
                return connect(self, *args, **kwargs)

        return connecting

    patches.replace(connection, "graven_recorded", True)
    for name in ("query", "commit", "rollback", "begin", "show_warnings", "_send_autocommit_mode", "set_character_set"):
        if name in vars(connection):
            patches.wrap(connection, name, wrap_sender)
    patches.wrap(connection, "_execute_command", wrap_command)
    patches.wrap(connection, "connect", wrap_connect)


def _uri(connection: Any) -> str:
    def shown(part: Any) -> str:
        return part.decode("utf-8", "replace") if isinstance(part, bytes) else str(part or "")

    if connection is None:
        return ""
    where = connection.unix_socket or f"{connection.host}:{connection.port}"
    return f"mysql://{shown(connection.user)}@{where}/{shown(connection.db)}"
