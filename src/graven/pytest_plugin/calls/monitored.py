"""From Python 3.12: `sys.monitoring`, beside coverage, debuggers and profilers, which have tool ids of their own.

A function that is not asked for reports once and is then switched off by the interpreter.
"""

import sys
from types import CodeType
from typing import Any

from graven.pytest_plugin.calls.tree import CallTree, Raised

__all__ = ["Monitored"]


class Monitored:
    """Raises RuntimeError from `install` when all tool ids are taken."""

    def __init__(self, tree: CallTree) -> None:
        self._tree = tree
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        self._tool = -1

    def install(self) -> None:
        """Listen to all code, also in threads that run already."""
        monitoring = self._monitoring
        free = [tool for tool in (4, 3) if monitoring.get_tool(tool) is None]  # the others have known owners
        if not free:
            raise RuntimeError("no free tool id of sys.monitoring: calls are not recorded")
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, "graven")
        events = monitoring.events
        mask = 0
        for event, callback in (
            (events.PY_START, self._started),
            (events.PY_RESUME, self._resumed),
            (events.PY_THROW, self._thrown),
            (events.PY_YIELD, self._yielded),
            (events.PY_RETURN, self._returned),
            (events.PY_UNWIND, self._unwound),
        ):
            monitoring.register_callback(self._tool, event, callback)
            mask |= event
        monitoring.set_events(self._tool, mask)
        monitoring.restart_events()

    def uninstall(self) -> None:
        """Give the tool id back."""
        if self._tool >= 0:
            self._monitoring.set_events(self._tool, 0)
            for event in ("PY_START", "PY_RESUME", "PY_THROW", "PY_YIELD", "PY_RETURN", "PY_UNWIND"):
                self._monitoring.register_callback(self._tool, getattr(self._monitoring.events, event), None)
            self._monitoring.free_tool_id(self._tool)
            self._tool = -1

    def begin(self) -> None:
        """A phase of a test begins. Monitoring itself is for the whole process."""
        self._tree.begin()

    def end(self) -> None:
        """Nothing to do."""

    # sys._getframe(1) is the frame that the event is about; what these raise would get into the application

    def _started(self, code: CodeType, offset: int) -> Any:
        try:
            frame = sys._getframe(1)
            if not self._tree.wants(frame):
                return self._monitoring.DISABLE
            self._tree.entered(frame)
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)
        return None

    def _resumed(self, code: CodeType, offset: int) -> Any:
        try:
            frame = sys._getframe(1)
            if not self._tree.wants(frame):
                return self._monitoring.DISABLE
            self._tree.resumed(frame)
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)
        return None

    def _thrown(self, code: CodeType, offset: int, error: BaseException) -> None:
        try:
            self._tree.resumed(sys._getframe(1))
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)

    def _yielded(self, code: CodeType, offset: int, value: Any) -> Any:
        try:
            frame = sys._getframe(1)
            if not self._tree.wants(frame):
                return self._monitoring.DISABLE
            self._tree.suspended(frame, value)
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)
        return None

    def _returned(self, code: CodeType, offset: int, value: Any) -> Any:
        try:
            frame = sys._getframe(1)
            if not self._tree.wants(frame):
                return self._monitoring.DISABLE
            self._tree.returned(frame, value)
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)
        return None

    def _unwound(self, code: CodeType, offset: int, error: BaseException) -> None:
        try:
            frame = sys._getframe(1)
            if self._tree.is_open(frame):
                self._tree.raised(frame, Raised.of(error))
        except Exception as problem:  # noqa: BLE001 - see above
            self._tree.missed(problem)
