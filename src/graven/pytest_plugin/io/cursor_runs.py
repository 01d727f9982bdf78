"""The statement that each cursor is at, kept beside the cursors: they have slots, or belong to the application.

A cursor that is collected ends its statement. Fetches within fetches (a cursor class of the application whose
`fetchall` calls `fetchone`) count once, where the application called.
"""

import contextlib
import threading
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.statement import Statement

__all__ = ["CursorRuns"]


class CursorRuns:
    """Cursors are told apart by identity, whatever their `__eq__` says."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._open: dict[int, tuple[weakref.ref[Any], Statement]] = {}
        self._fetching = threading.local()

    def get(self, cursor: Any) -> Statement | None:
        """The statement whose rows the cursor holds."""
        found = self._open.get(id(cursor))
        return found[1] if found is not None else None

    def put(self, cursor: Any, statement: Statement) -> None:
        """From now on the cursor's rows belong to this statement."""
        key = id(cursor)
        self._open[key] = (weakref.ref(cursor, lambda _: self._end(key)), statement)

    def take(self, cursor: Any) -> Statement | None:
        """Forget the cursor's statement, without ending it."""
        found = self._open.pop(id(cursor), None)
        return found[1] if found is not None else None

    def done(self, cursor: Any) -> None:
        """The cursor turns to something else: what it was at has ended."""
        self._end(id(cursor))

    def rows(self, cursor: Any, rows: Iterable[Any], *, ended: bool) -> None:
        """The application took these rows; `ended` when there can be no more."""
        statement = self.get(cursor)
        if statement is not None:
            with self._sink.guard():
                for row in rows:
                    statement.rows.feed(row)
            if ended:
                self.done(cursor)

    def closing(self, close: Any) -> Any:
        """`close` of a cursor class, which ends what the cursor was at."""

        def closing(cursor: Any) -> Any:
            self.done(cursor)
            return close(cursor)

        return closing

    @contextlib.contextmanager
    def fetching(self, cursor: Any) -> Iterator[Statement | None]:
        """The statement to give rows to; None within another fetch, and where nothing is recorded.

        An exception ends the statement with it.
        """
        busy = getattr(self._fetching, "cursors", None)
        if busy is None:
            busy = self._fetching.cursors = set()
        key = id(cursor)
        if key in busy:
            yield None
            return
        busy.add(key)
        try:
            yield self.get(cursor)
        except Exception as problem:
            statement = self.get(cursor)
            if statement is not None:
                statement.call.failed(problem)
                self.done(cursor)
            raise
        finally:
            busy.discard(key)

    def _end(self, key: int) -> None:
        found = self._open.pop(key, None)
        if found is not None:
            found[1].end()
