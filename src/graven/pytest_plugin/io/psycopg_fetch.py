"""Rows of psycopg's cursors, as the application takes them."""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches

__all__ = ["patch_fetches"]


def patch_fetches(psycopg: Any, patches: Patches, sink: Sink, runs: CursorRuns) -> None:
    """Capture fetching and iterating, of client and server cursors."""
    for owner in (psycopg.Cursor, psycopg.ServerCursor):
        for name in ("fetchone", "fetchmany", "fetchall", "__next__"):
            if name in vars(owner):
                patches.wrap(owner, name, _fetching(runs, name))
        if "__next__" not in vars(owner) and "__iter__" in vars(owner):  # before 3.3
            patches.wrap(owner, "__iter__", _iterating(runs))
        patches.wrap(owner, "close", runs.closing)
    for owner in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
        for name in ("fetchone", "fetchmany", "fetchall", "__anext__"):
            if name in vars(owner):
                patches.wrap(owner, name, _async_fetching(runs, name))
        if "__anext__" not in vars(owner) and "__aiter__" in vars(owner):
            patches.wrap(owner, "__aiter__", _async_iterating(runs))
        patches.wrap(owner, "close", _async_closing(runs))
    patches.wrap(psycopg.Cursor, "stream", _streaming(runs))
    patches.wrap(psycopg.AsyncCursor, "stream", _async_streaming(runs))


def _took(runs: CursorRuns, cursor: Any, name: str, answer: Any) -> None:
    if name in ("fetchmany", "fetchall"):
        runs.rows(cursor, answer, ended=(name == "fetchall" or not answer) and _is_last(cursor))
    elif answer is not None:
        runs.rows(cursor, [answer], ended=False)
    elif _is_last(cursor):
        runs.done(cursor)


def _is_last(cursor: Any) -> bool:
    """Whether no further result set waits for `nextset`."""
    return bool(cursor._iresult >= len(cursor._results) - 1)


def _fetching(runs: CursorRuns, name: str) -> Any:
    def wrap(fetch: Any) -> Any:
        def fetching(self: Any, *args: Any, **kwargs: Any) -> Any:
            with runs.fetching(self) as statement:
                try:
                    answer = fetch(self, *args, **kwargs)
                except StopIteration:
                    if _is_last(self):
                        runs.done(self)
                    raise
            if statement is not None:
                _took(runs, self, name, answer)
            return answer

        return fetching

    return wrap


def _async_fetching(runs: CursorRuns, name: str) -> Any:
    def wrap(fetch: Any) -> Any:
        async def fetching(self: Any, *args: Any, **kwargs: Any) -> Any:
            with runs.fetching(self) as statement:
                try:
                    answer = await fetch(self, *args, **kwargs)
                except StopAsyncIteration:
                    if _is_last(self):
                        runs.done(self)
                    raise
            if statement is not None:
                _took(runs, self, name, answer)
            return answer

        return fetching

    return wrap


def _iterating(runs: CursorRuns) -> Any:
    def wrap(iterate: Any) -> Any:
        def __iter__(self: Any) -> Any:  # noqa: N807 - it replaces that one
            for row in iterate(self):
                runs.rows(self, [row], ended=False)
                yield row
            runs.done(self)

        return __iter__

    return wrap


def _async_iterating(runs: CursorRuns) -> Any:
    def wrap(iterate: Any) -> Any:
        async def __aiter__(self: Any) -> Any:  # noqa: N807 - it replaces that one
            async for row in iterate(self):
                runs.rows(self, [row], ended=False)
                yield row
            runs.done(self)

        return __aiter__

    return wrap


def _streaming(runs: CursorRuns) -> Any:
    def wrap(stream: Any) -> Any:
        def streaming(self: Any, *args: Any, **kwargs: Any) -> Any:
            rows = stream(self, *args, **kwargs)
            try:
                for row in rows:
                    runs.rows(self, [row], ended=False)
                    yield row
            except Exception as problem:
                _broke(runs, self, problem)
                raise
            finally:
                rows.close()
                runs.done(self)

        return streaming

    return wrap


def _async_streaming(runs: CursorRuns) -> Any:
    def wrap(stream: Any) -> Any:
        async def streaming(self: Any, *args: Any, **kwargs: Any) -> Any:
            rows = stream(self, *args, **kwargs)
            try:
                async for row in rows:
                    runs.rows(self, [row], ended=False)
                    yield row
            except Exception as problem:
                _broke(runs, self, problem)
                raise
            finally:
                await rows.aclose()
                runs.done(self)

        return streaming

    return wrap


def _broke(runs: CursorRuns, cursor: Any, problem: BaseException) -> None:
    statement = runs.get(cursor)
    if statement is not None:
        statement.call.failed(problem)


def _async_closing(runs: CursorRuns) -> Any:
    def wrap(close: Any) -> Any:
        async def closing(self: Any) -> Any:
            runs.done(self)
            return await close(self)

        return closing

    return wrap
