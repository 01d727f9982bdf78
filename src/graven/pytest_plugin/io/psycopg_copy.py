"""psycopg's COPY: the statement, with the bytes that went in or came out."""

from collections.abc import Callable
from typing import Any

from graven.pytest_plugin.io.body import Tee, body_members
from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.copying import feed
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.statement import Statement, parameters_now

__all__ = ["patch_copy"]

_Begin = Callable[[Sink, CursorRuns, Any, str, Any], Statement | None]


class _Copied:
    """What passed of one COPY."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.sent = Tee()
        self.received = Tee()
        self.parameters: Any = None

    def fill(self, cursor: Any) -> None:
        call = self.statement.call
        given = {} if self.parameters is None else {"parameters": self.parameters}
        if self.sent.size:
            given |= body_members(self.sent)
        call.input = given or None
        if call.error is None:
            result = cursor._results[0] if cursor._results else None
            count = result.command_tuples if self.sent.size and result is not None else cursor.rowcount
            received = body_members(self.received) if self.received.size else {}
            call.output = {"rowcount": -1 if count is None else count, **received}


def patch_copy(  # noqa: C901 - small wrappers that share their state
    psycopg: Any, base: Any, patches: Patches, sink: Sink, runs: CursorRuns, begin: _Begin
) -> None:
    """Capture `Cursor.copy` and `AsyncCursor.copy`."""
    from psycopg import copy as copying

    open_copies: dict[int, _Copied] = {}  # by the id of the cursor, which its Copy keeps alive

    def end(cursor: Any, problem: BaseException | None) -> None:
        copied = open_copies.pop(id(cursor), None)
        if copied is not None:
            if problem is not None:
                copied.statement.call.failed(problem)
            with sink.guard():
                copied.fill(cursor)
            copied.statement.call.end()

    def wrap_start(gen: Any) -> Any:
        def _start_copy_gen(self: Any, query: Any, params: Any = None) -> Any:
            statement = begin(sink, runs, self, "copy", query)
            if statement is None:
                return (yield from gen(self, query, params))
            copied = _Copied(statement)
            with sink.guard():
                copied.parameters = parameters_now(params) if params is not None else None
            open_copies[id(self)] = copied
            try:
                return (yield from gen(self, query, params))
            except BaseException as problem:
                end(self, problem)
                raise

        return _start_copy_gen

    def wrap_read(gen: Any) -> Any:
        def _read_gen(self: Any) -> Any:
            chunk = yield from gen(self)
            copied = open_copies.get(id(self.cursor))
            if copied is not None and chunk:
                with sink.guard():
                    copied.received.feed(chunk)
            return chunk

        return _read_gen

    def note(writer: Any, data: Any) -> None:
        copied = open_copies.get(id(writer.cursor))
        if copied is not None:
            with sink.guard():
                feed(copied.sent, data)

    def wrap_write(write: Any) -> Any:
        def writing(self: Any, data: Any) -> None:
            note(self, data)
            write(self, data)

        return writing

    def wrap_async_write(write: Any) -> Any:
        async def writing(self: Any, data: Any) -> None:
            note(self, data)
            await write(self, data)

        return writing

    def wrap_finish(finish: Any) -> Any:
        def finishing(self: Any, exc: BaseException | None) -> None:
            try:
                finish(self, exc)
            except BaseException as problem:
                end(self.cursor, problem)
                raise
            end(self.cursor, exc)

        return finishing

    def wrap_async_finish(finish: Any) -> Any:
        async def finishing(self: Any, exc: BaseException | None) -> None:
            try:
                await finish(self, exc)
            except BaseException as problem:
                end(self.cursor, problem)
                raise
            end(self.cursor, exc)

        return finishing

    patches.wrap(base, "_start_copy_gen", wrap_start)
    patches.wrap(psycopg.Copy.__mro__[1], "_read_gen", wrap_read)
    for name in ("LibpqWriter", "QueuedLibpqWriter"):
        owner = getattr(copying, name)
        if "write" in vars(owner):
            patches.wrap(owner, "write", wrap_write)
        owner = getattr(copying, f"Async{name}")
        if "write" in vars(owner):
            patches.wrap(owner, "write", wrap_async_write)
    patches.wrap(psycopg.Copy, "finish", wrap_finish)
    patches.wrap(psycopg.AsyncCopy, "finish", wrap_async_finish)
