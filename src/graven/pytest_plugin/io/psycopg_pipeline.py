"""psycopg's pipeline mode: results come later than their statements, in the order of sending."""

from collections.abc import Callable
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.cursor_runs import CursorRuns
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.statement import Statement

__all__ = ["Awaited", "patch_pipeline"]


class Awaited:
    """Which queued result belongs to which statement, and how many a statement still waits for."""

    def __init__(self) -> None:
        self._queued: dict[int, tuple[Any, Statement]] = {}
        self._left: dict[Statement, int] = {}
        self._sent: set[Statement] = set()
        self.executed: Callable[[Any, Statement], None] = lambda cursor, statement: None

    def queue(self, queued: Any, statement: Statement) -> None:
        """`queued` stands in the pipeline's queue; it is held here, so that its id stays its own."""
        self._queued[id(queued)] = (queued, statement)
        self._left[statement] = self._left.get(statement, 0) + 1

    def came(self, queued: Any) -> Statement | None:
        """Its result came: whose it was."""
        found = self._queued.pop(id(queued), None)
        if found is None:
            return None
        self._left[found[1]] -= 1
        return found[1]

    def sent(self, statement: Statement) -> bool:
        """All of it was sent. Whether nothing is awaited any more."""
        if self._left.get(statement):
            statement.call.hold(lambda: None)
            self._sent.add(statement)
            return False
        self.forget(statement)
        return True

    def complete(self, statement: Statement) -> bool:
        """Whether it was sent and the last result came, said once."""
        if statement in self._sent and not self._left.get(statement):
            self.forget(statement)
            return True
        return False

    def forget(self, statement: Statement) -> None:
        """It failed, or is done with."""
        self._left.pop(statement, None)
        self._sent.discard(statement)


def patch_pipeline(psycopg: Any, base: Any, patches: Patches, sink: Sink, runs: CursorRuns, awaited: Awaited) -> None:
    """Capture results that come through a pipeline."""

    def wrap_queue(gen: Any) -> Any:
        def _maybe_prepare_gen(self: Any, *args: Any, **kwargs: Any) -> Any:
            answer = yield from gen(self, *args, **kwargs)
            pipeline = self._conn._pipeline
            if pipeline:
                with sink.guard():
                    statement = runs.get(self)
                    if statement is not None:
                        awaited.queue(pipeline.result_queue[-1], statement)
            return answer

        return _maybe_prepare_gen

    def wrap_process(process: Any) -> Any:
        def _process_results(self: Any, queued: Any, results: Any) -> Any:
            statement = awaited.came(queued) if queued is not None else None
            if statement is None:
                return process(self, queued, results)
            cursor = queued[0]
            try:
                answer = process(self, queued, results)
            except BaseException as problem:
                statement.call.failed(problem)
                if runs.get(cursor) is statement:
                    runs.take(cursor)
                awaited.forget(statement)
                statement.end()
                raise
            with sink.guard():
                if awaited.complete(statement):
                    awaited.executed(cursor, statement)
            return answer

        return _process_results

    patches.wrap(base, "_maybe_prepare_gen", wrap_queue)
    patches.wrap(psycopg.Pipeline.__mro__[1], "_process_results", wrap_process)
