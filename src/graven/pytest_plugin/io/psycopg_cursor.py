"""psycopg 3: what its cursors and connections send, sync and async, at the generators that both kinds share.

Classes are patched in place, so types, subclasses and cursor factories are untouched. Recorded are the statements of
cursors (`execute`, `executemany`, `stream`, `copy`, named ones as their DECLARE) and what connections send by
themselves (BEGIN, COMMIT, SAVEPOINT, FETCH, DEALLOCATE). In pipeline mode a statement ends when its result came.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.psycopg_copy import patch_copy
from graven.pytest_plugin.io.psycopg_fetch import patch_fetches
from graven.pytest_plugin.io.psycopg_pipeline import Awaited, patch_pipeline
from graven.pytest_plugin.io.rows import Rows
from graven.pytest_plugin.io.statement import Statement, parameters_now, statement_text

__all__ = ["patch"]


def patch(psycopg: Any, patches: Patches, sink: Sink) -> None:
    """Capture all cursors and connections of psycopg."""
    runs, awaited = CursorRuns(sink), Awaited()
    base = psycopg.Cursor.__mro__[1]  # the base class of sync and async cursors
    connection = psycopg.Connection.__mro__[1]
    for owner in (base, connection):
        patches.replace(owner, "graven_recorded", True)
    _patch_sending(psycopg, base, patches, sink, runs, awaited)
    _patch_commands(connection, patches, sink)
    patch_pipeline(psycopg, base, patches, sink, runs, awaited)
    patch_fetches(psycopg, patches, sink, runs)
    patch_copy(psycopg, base, patches, sink, runs, _begin)


def _begin(sink: Sink, runs: CursorRuns, cursor: Any, operation: str, query: Any) -> Statement | None:
    runs.done(cursor)
    call = sink.start("sql.statement")
    if call is None:
        return None
    statement = Statement(call, "postgresql", operation, "", _uri(cursor.connection))
    with sink.guard():
        call.method["statement"] = _text(query, cursor)
    return statement


def _patch_sending(  # noqa: C901 - small wrappers that share their state
    psycopg: Any, base: Any, patches: Patches, sink: Sink, runs: CursorRuns, awaited: Awaited
) -> None:
    def sent(cursor: Any, statement: Statement) -> None:
        with sink.guard():
            if awaited.sent(statement):
                executed(cursor, statement)

    def executed(cursor: Any, statement: Statement) -> None:
        more = {"result_sets": len(cursor._results)} if len(cursor._results) > 1 else {}
        streams = statement.call.method["operation"] == "stream"  # which knows its columns with the first row
        statement.executed(cursor.rowcount, streams or cursor.description is not None, **more)

    def wrap_execute(operation: str, as_sent: Any = None) -> Any:
        def wrap(gen: Any) -> Any:
            def sending(self: Any, query: Any, params: Any = None, *args: Any, **kwargs: Any) -> Any:
                statement = _begin(sink, runs, self, operation, query)
                if statement is None:
                    return (yield from gen(self, query, params, *args, **kwargs))
                with sink.guard():
                    if params is not None:
                        statement.call.input = {"parameters": parameters_now(params)}
                    if as_sent is not None:
                        statement.call.method["statement"] = _text(as_sent(self, query), self)
                    runs.put(self, statement)
                try:
                    answer = yield from gen(self, query, params, *args, **kwargs)
                except BaseException as problem:
                    _failed(runs, awaited, self, statement, problem)
                    raise
                sent(self, statement)
                return answer

            return sending

        return wrap

    def wrap_many(gen: Any) -> Any:
        def sending(self: Any, query: Any, params_seq: Any, returning: bool) -> Any:
            statement = _begin(sink, runs, self, "executemany", query)
            if statement is None:
                return (yield from gen(self, query, params_seq, returning))
            sets = Rows()
            runs.put(self, statement)
            try:
                answer = yield from gen(self, query, _passing(sets, params_seq, sink), returning)
            except BaseException as problem:
                statement.call.input = sets.members("parameters")
                _failed(runs, awaited, self, statement, problem)
                raise
            statement.call.input = sets.members("parameters")
            sent(self, statement)
            return answer

        return sending

    awaited.executed = executed
    patches.wrap(base, "_execute_gen", wrap_execute("execute"))
    patches.wrap(base, "_stream_send_gen", wrap_execute("stream"))
    for name in ("_executemany_gen_pipeline", "_executemany_gen_no_pipeline"):
        patches.wrap(base, name, wrap_many)
    server = next(c for c in psycopg.ServerCursor.__mro__ if "_declare_gen" in vars(c))
    declare = server._make_declare_statement
    patches.wrap(server, "_declare_gen", wrap_execute("execute", declare))


def _patch_commands(connection: Any, patches: Patches, sink: Sink) -> None:
    def wrap(gen: Any) -> Any:
        def _exec_command(self: Any, command: Any, *args: Any, **kwargs: Any) -> Any:
            call = sink.start("sql.statement")
            if call is None:
                return (yield from gen(self, command, *args, **kwargs))
            with sink.guard():
                text = _text(command, self)
                call.method = {
                    "protocol": "postgresql",
                    "operation": text.split(None, 1)[0],
                    "statement": text,
                    "uri": _uri(self),
                }
            try:
                return (yield from gen(self, command, *args, **kwargs))
            except BaseException as problem:
                call.failed(problem)
                raise
            finally:
                call.end()

        return _exec_command

    patches.wrap(connection, "_exec_command", wrap)


def _failed(runs: CursorRuns, awaited: Awaited, cursor: Any, statement: Statement, problem: BaseException) -> None:
    if not awaited.sent(statement):
        return  # a pipeline: what came back is the failure of an earlier statement, the own result is still to come
    statement.call.failed(problem)
    if runs.get(cursor) is statement:
        runs.take(cursor)
    statement.end()


def _passing(sets: Rows, params_seq: Any, sink: Sink) -> Iterator[Any]:
    for params in params_seq:
        with sink.guard():
            sets.feed(params)
        yield params


def _text(query: Any, context: Any) -> str:
    if type(query).__name__ == "Template" and hasattr(query, "interpolations"):  # a t-string of Python 3.14
        return "".join(part if isinstance(part, str) else f"{{{part.expression}}}" for part in query)
    return statement_text(query, context)


def _uri(connection: Any) -> str:
    with contextlib.suppress(Exception):
        info = connection.info
        return f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"
    return ""
