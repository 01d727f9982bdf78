"""SQLAlchemy: statements over drivers that are not captured themselves, by the engine's events.

Where the driver's cursor is a recorded one (sqlite3, say), the driver records, exactly once, with rows and with what
was really sent. Here rows are not seen, only `rowcount`.
"""

from typing import Any

from graven.pytest_plugin.io.call import Call, Sink
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.rows import Rows
from graven.pytest_plugin.io.statement import Statement

__all__ = ["patch"]

_KEY = "_graven_statement"


def patch(base: Any, patches: Patches, sink: Sink) -> None:
    """Listen to all engines, those that exist and those to come."""
    from sqlalchemy import event

    def before(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        with sink.guard():
            call = None if _recorded(cursor) else sink.start("sql.statement")
            if call is None or context is None:
                return
            operation = "executemany" if many else "execute"
            found = Statement(call, connection.dialect.name, operation, statement, _uri(connection))
            if many:
                rows = Rows()
                for row in parameters:
                    rows.feed(row)
                call.input = rows.members("parameters")
            else:
                call.input = {"parameters": parameters}
            setattr(context, _KEY, found)

    def after(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        with sink.guard():
            found = context.__dict__.pop(_KEY, None) if context is not None else None
            if found is not None:
                found.executed(cursor.rowcount, returns_rows=False)

    def failed(problem: Any) -> None:
        with sink.guard():
            context = problem.execution_context
            found = context.__dict__.pop(_KEY, None) if context is not None else None
            if found is not None:
                found.call.failed(problem.original_exception)
                found.end()

    def ended(operation: str) -> Any:
        def listener(connection: Any) -> None:
            with sink.guard():
                raw = connection.connection.driver_connection
                call = None if _recorded(raw) else sink.start("sql.statement")
                if call is not None:
                    _end(call, connection, operation)

        return listener

    listeners = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "handle_error": failed,
        "commit": ended("COMMIT"),
        "rollback": ended("ROLLBACK"),
    }
    for name, listener in listeners.items():
        event.listen(base.Engine, name, listener)
        patches.later(lambda name=name, listener=listener: event.remove(base.Engine, name, listener))  # type: ignore[misc]


def _recorded(thing: Any) -> bool:
    """Whether the driver's cursor or connection is a recorded one, also where an asynchronous one is wrapped."""
    for _ in range(4):
        if getattr(type(thing), "graven_recorded", False):
            return True
        inner = getattr(thing, "_cursor", None) or getattr(thing, "_connection", None)
        thing = inner if inner is not None else getattr(thing, "_conn", None)
    return False


def _uri(connection: Any) -> str:
    return str(connection.engine.url.render_as_string(hide_password=True))


def _end(call: Call, connection: Any, operation: str) -> None:
    call.method = {
        "protocol": connection.dialect.name,
        "operation": operation,
        "statement": operation,
        "uri": _uri(connection),
    }
    call.end()
