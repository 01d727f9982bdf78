"""Python 3.11: `sys.settrace`, in front of a tracer that is there already (coverage, a debugger), which gets every
event as it would without us.

A profile function would be cheaper to share, but it is not told which exception ends a call. A tracer that somebody
sets while a test runs (`pdb.set_trace()`), and a stack that is full, end this one until the next phase of a test.
"""

import dis
import sys
import threading
from types import FrameType, FunctionType, MethodType
from typing import Any

from graven.pytest_plugin.calls.tree import CallTree

__all__ = ["Traced"]

_RESUME, _RETURN, _YIELD, _RERAISE = (
    dis.opmap.get(name, -1) for name in ("RESUME", "RETURN_VALUE", "YIELD_VALUE", "RERAISE")
)
_SUSPENDS = 0x20 | 0x80 | 0x200  # generators, coroutines, asynchronous generators


class Traced:
    """Traces while a test runs: the thread of the test, and threads that start meanwhile."""

    def __init__(self, tree: CallTree) -> None:
        self._tree = tree
        self._threads: Any = None
        self._before = threading.local()
        self._running = False

    def install(self) -> None:
        """Nothing yet: see `begin`."""

    def uninstall(self) -> None:
        """As `end`."""
        self.end()

    def begin(self) -> None:
        """A phase of a test begins in this thread."""
        self._tree.begin()
        if sys.gettrace() != self._global:
            before: Any = sys.gettrace()
            self._before.tracer = before
            if before is not None and not isinstance(before, FunctionType | MethodType):
                # A tracer written in C saw these frames begin and must see them go on and end.
                frame: FrameType | None = sys._getframe()
                while frame is not None:
                    if frame.f_trace is None:
                        frame.f_trace = before
                    frame = frame.f_back
            sys.settrace(self._global)
        if not self._running:
            self._running = True
            self._threads = threading.gettrace()
            threading.settrace(self._in_thread)

    def end(self) -> None:
        """The test is over in this thread."""
        if sys.gettrace() == self._global:
            sys.settrace(getattr(self._before, "tracer", None))
        if self._running:
            self._running = False
            if threading.gettrace() == self._in_thread:
                threading.settrace(self._threads)

    def _in_thread(self, frame: FrameType, event: str, arg: Any) -> Any:
        self._before.tracer = self._threads
        sys.settrace(self._global)
        return self._global(frame, event, arg)

    def _global(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Called at every call of a Python function."""
        before = getattr(self._before, "tracer", None)
        inner = None
        if before is not None:
            inner = before(frame, event, arg)
            now = sys.gettrace()
            if now != self._global:  # coverage puts itself first at each call: it is faster so
                self._before.tracer = now
                sys.settrace(self._global)
        try:
            if not self._running or not self._tree.wants(frame):
                return inner
            code = frame.f_code.co_code
            # RESUME says whether the function starts here, or goes on after a yield or an await
            if code[frame.f_lasti] == _RESUME and not code[frame.f_lasti + 1] & 3:
                self._tree.entered(frame)
            else:
                self._tree.resumed(frame)
        except Exception as problem:  # noqa: BLE001 - what a tracer raises would get into the application
            self._tree.missed(problem)
            return inner
        if inner is None and not frame.f_code.co_flags & _SUSPENDS:
            frame.f_trace_lines = False
        return self._local(inner)

    def _local(self, inner: Any) -> Any:
        tree = self._tree

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal inner
            try:
                if event == "exception":
                    tree.passes(frame, arg[1])
                elif event == "return":
                    self._left(frame, arg)
                elif event == "line":
                    tree.goes_on(frame)
            except Exception as problem:  # noqa: BLE001 - as above
                tree.missed(problem)
            if inner is not None:
                inner = inner(frame, event, arg)
            return local

        return local

    def _left(self, frame: FrameType, value: Any) -> None:
        opcode = frame.f_code.co_code[frame.f_lasti]
        if opcode == _RETURN:
            self._tree.returned(frame, value)
        elif opcode == _YIELD and not self._tree.is_ending(frame):
            self._tree.suspended(frame, value)
        else:
            self._tree.raised(frame, *self._tree.passed(frame, last_only=opcode != _RERAISE))
