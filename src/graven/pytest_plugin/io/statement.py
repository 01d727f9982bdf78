"""One SQL statement from its execution to the last row that the application took.

Rows are seen as they are fetched. The record is made when they are exhausted, when the cursor does something else, is
closed or collected, or when the recorder flushes; the duration is that of the execution.
"""

from typing import Any

from graven.pytest_plugin.io.call import Call, Sink
from graven.pytest_plugin.io.rows import Rows

__all__ = ["Statement", "named_as", "parameters_now", "run_transaction", "statement_text"]


class Statement:
    """What is known of a statement."""

    def __init__(self, call: Call, protocol: str, operation: str, statement: str, uri: str = "") -> None:
        self.call = call
        self.rows = Rows()
        self._selected = False
        self._output: dict[str, Any] = {}
        call.method = {"protocol": protocol, "operation": operation, "statement": statement}
        if uri:
            call.method["uri"] = uri

    def executed(self, rowcount: Any, returns_rows: bool, **more: Any) -> None:
        """It ran. Without rows to come it is recorded now."""
        self._selected = returns_rows
        self._output = {"rowcount": rowcount, **more}
        if returns_rows:
            self.call.hold(self._fill)
        else:
            self.end()

    def end(self) -> None:
        """No more rows will be taken."""
        self.call.before_end = self._fill
        self.call.end()

    def _fill(self) -> None:
        if self.call.error is not None:
            return
        self.call.output = {**self._output, **(self.rows.members("rows") if self._selected else {})}


def run_transaction(sink: Sink, protocol: str, operation: str, run: Any, *args: Any, uri: str = "") -> Any:
    """Run and record a COMMIT or ROLLBACK."""
    call = sink.start("sql.statement")
    if call is None:
        return run(*args)
    call.method = {
        "protocol": protocol,
        "operation": operation,
        "statement": operation,
        **({"uri": uri} if uri else {}),
    }
    try:
        with call.running("sql.statement"):
            return run(*args)
    finally:
        call.end()


def named_as(recorded: Any, factory: Any) -> Any:
    """A recorded subclass under the name of the class that it stands for."""
    recorded.__name__, recorded.__qualname__ = factory.__name__, factory.__qualname__
    recorded.__module__ = factory.__module__
    return recorded


def parameters_now(given: Any) -> Any:
    """A copy of the parameters, which the application may change before the record is made."""
    if isinstance(given, dict):
        return dict(given)
    if isinstance(given, tuple | list):
        return list(given)
    return dict(given) if hasattr(given, "keys") else given


def statement_text(query: Any, context: Any) -> str:
    """A query as text: a string, bytes, or something that spells itself with a connection or cursor (`psycopg.sql`)."""
    if isinstance(query, bytes | bytearray):
        return query.decode("utf-8", "replace")
    if hasattr(query, "as_string"):
        return str(query.as_string(context))
    return str(query)
