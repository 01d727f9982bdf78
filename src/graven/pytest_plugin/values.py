"""Values of the tested program → JSON, although each may run code of its own that raises, recurses or never ends.

Plain data is captured here and now. Everything else is captured by a helper thread that is waited for; when
it takes too long it is told to stop and left alone, the value is marked unreadable, and no value of that
type is asked again in this process.
"""

import contextvars
import ctypes
import queue
import threading
from collections.abc import Callable
from typing import Any

from graven.pytest_plugin.looking import looking
from graven.sdk.capture import Capture, Limits
from graven.sdk.guard import internal
from graven.sdk.plain import copied, plainness

__all__ = ["VALUE_LIMITS", "Values"]

VALUE_LIMITS = Limits(depth=8, items=128, nodes=2000)
_PATIENCE_S = 0.5
_PLAIN = frozenset({str, int, float, bool, type(None), bytes})
_PLAIN_ITEMS = 256  # below the depth at which the interpreter stops recursion


class Values:
    """One per process. `unreadable` counts the values that had to be given up."""

    def __init__(self, *, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._helper: _Helper | None = None
        self._slow: set[type] = set()
        self.unreadable = 0
        self._plain = plainness(VALUE_LIMITS)

    def __call__(self, value: Any, limits: Limits = VALUE_LIMITS) -> Any:
        """The JSON-able form. Only what interrupts the test run itself (`KeyboardInterrupt`) gets out."""
        if limits is VALUE_LIMITS and self._plain.is_plain({"value": value}):
            try:
                return copied(value)
            except UnicodeEncodeError:
                return Capture(limits)(value)
        if _is_plain(value, _PLAIN_ITEMS) >= 0:
            return Capture(limits)(value)
        kind = type(value)
        if kind in self._slow:
            return _given_up(kind, "an earlier value of this type took too long")
        if self._helper is None:
            self._helper = _Helper()
        answer = self._helper.ask(lambda: Capture(limits)(value), self._patience_s)
        if answer is None:
            self._helper, self.unreadable = None, self.unreadable + 1
            self._slow.add(kind)
            return _given_up(kind, f"took longer than {self._patience_s} s")
        result, error = answer
        if error is not None:
            self.unreadable += 1
            return _given_up(kind, type(error).__qualname__)
        return result

    def close(self) -> None:
        """Let the helper end."""
        if self._helper is not None:
            self._helper.work.put(None)
            self._helper = None


class _Helper:
    def __init__(self) -> None:
        self.work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="graven-values", daemon=True)
        self._thread.start()

    def ask(self, make: Callable[[], Any], patience_s: float) -> tuple[Any, BaseException | None] | None:
        """(value, None) or (None, what it raised); None when it took too long: the helper is of no use then."""
        answers: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        context = contextvars.copy_context()

        def work() -> None:
            try:
                with internal(), looking():
                    answers.put((context.run(make), None))
            except BaseException as error:  # noqa: BLE001 - SystemExit of a __repr__ included
                answers.put((None, error))

        self.work.put(work)
        try:
            return answers.get(timeout=patience_s)
        except queue.Empty:
            self._interrupt()
            return None

    def _interrupt(self) -> None:
        """Raise in the helper at its next bytecode, or an endless `__repr__` would eat a core until the end."""
        self.work.put(None)
        ident = self._thread.ident
        if ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))

    def _run(self) -> None:
        try:
            while (work := self.work.get()) is not None:
                work()
                del work  # it holds the value, which must not live longer than the tested program wants
        except SystemExit:
            return


def _is_plain(value: Any, left: int) -> int:
    """Items left of the budget when the value is data of built-in types only, else -1. A value that contains
    itself uses the budget up."""
    kind = type(value)
    left -= 1
    if left < 0 or kind in _PLAIN:
        return left
    if kind is dict:
        for name, item in value.items():
            if type(name) is not str or (left := _is_plain(item, left)) < 0:
                return -1
        return left
    if kind is list or kind is tuple:
        for item in value:
            if (left := _is_plain(item, left)) < 0:
                return -1
        return left
    return -1


def _given_up(kind: type, why: str) -> dict[str, Any]:
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {"$unreadable": {"type": name, "error": why}}
