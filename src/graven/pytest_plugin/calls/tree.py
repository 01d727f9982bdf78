"""Open calls and their records, whoever reports the events.

A frame is known by its id from its start to its end: the interpreter keeps the object that long, a suspended
generator's too, so it need not be held here, which would keep its variables alive. The span of the innermost call is
in the context of whoever runs: set while a frame runs, put back when it is suspended, so that tasks do not mix.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, NamedTuple

from graven.pytest_plugin.io.call import Call, Sink, enclosing_span, enter_span, error_of
from graven.pytest_plugin.values import Values
from graven.sdk.capture import Limits
from graven.sdk.guard import is_internal

__all__ = ["MOST_CALLS", "MOST_DEPTH", "CallTree", "Raised"]

MOST_CALLS = 2000
"""Calls recorded of one attempt of a test; of the rest there is a count."""

MOST_DEPTH = 64
"""Calls within calls that are recorded; of deeper ones there is a count."""

_LIMITS = Limits(depth=6, items=32, nodes=300)
_OPTIMIZED, _VARARGS, _VARKEYWORDS, _ASYNC_GENERATOR = 0x1, 0x4, 0x8, 0x200
_GENERATOR, _COROUTINE = 0x20, 0x80
_MOST_ERRORS = 8
_SILENT = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
_OWN = "graven"


class Raised(NamedTuple):
    """An exception as it was when it was raised: the object is not kept, nor the variables behind its traceback."""

    shown: dict[str, Any]
    is_close: bool

    @classmethod
    def of(cls, error: BaseException) -> "Raised":
        """`is_close`: it is what ends a generator whose user had enough."""
        return cls(error_of(error), isinstance(error, GeneratorExit))


class _Open:
    __slots__ = ("call", "depth", "errors", "is_going_on", "outer", "yields")

    def __init__(self, call: Call, depth: int) -> None:
        self.call = call
        self.depth = depth
        self.outer: tuple[str | None, _Open | None] = (None, None)
        self.yields = 0
        self.errors: list[Raised] = []
        """What was raised in the frame since it went on last (told by tracing only)."""
        self.is_going_on = True


_innermost: ContextVar[_Open | None] = ContextVar("graven_innermost_call", default=None)


class CallTree:
    """`packages` are names of modules or packages; what lies below a package is meant too."""

    def __init__(self, packages: Sequence[str], sink: Sink) -> None:
        self._packages = tuple(packages)
        self._sink = sink
        self._values = Values()
        self._wanted: dict[Any, bool] = {}
        self._open: dict[int, _Open] = {}
        self._started = 0
        self.left_out = 0

    def wants(self, frame: FrameType) -> bool:
        """Whether this frame runs a function of the chosen packages."""
        name = frame.f_globals.get("__name__")
        try:
            wanted = self._wanted.get(name)
        except TypeError:  # a name that cannot be hashed
            return False
        if wanted is None:
            wanted = self._wanted[name] = self._is_chosen(name)
        return wanted and bool(frame.f_code.co_flags & _OPTIMIZED) and frame.f_code.co_name not in _SILENT

    def _is_chosen(self, name: Any) -> bool:
        if not isinstance(name, str) or name.partition(".")[0] == _OWN:
            return False
        return any(name == package or name.startswith(f"{package}.") for package in self._packages)

    def is_open(self, frame: FrameType) -> bool:
        """Whether a call of this frame is being recorded."""
        return id(frame) in self._open

    def entered(self, frame: FrameType) -> None:
        """A call began: its arguments, as they are now."""
        if is_internal() or not self._sink.in_test:
            return
        around = _innermost.get()
        depth = 1 if around is None else around.depth + 1
        self._open.pop(id(frame), None)  # of a generator that went without a word (from Python 3.13 they do)
        if self._started >= MOST_CALLS or depth > MOST_DEPTH:
            self.left_out += 1
            return
        call = self._sink.start("function.call")
        if call is None:
            return
        self._started += 1
        code = frame.f_code
        call.method = {
            "protocol": "python",
            "operation": f"{frame.f_globals.get('__name__')}.{code.co_qualname}",
            "uri": f"{code.co_filename}:{code.co_firstlineno}",
        }
        opened = _Open(call, depth)
        frame_id = id(frame)
        call.hold(lambda: self._unfinished(frame_id, opened))
        self._open[frame_id] = opened
        call.input = {"arguments": self._arguments(frame, code)}
        self._run(opened)

    def resumed(self, frame: FrameType) -> None:
        """A generator or coroutine goes on."""
        opened = self._open.get(id(frame))
        if opened is not None:
            opened.errors, opened.is_going_on = [], True
            self._run(opened)

    def suspended(self, frame: FrameType, value: Any) -> None:
        """A generator yields, or a coroutine awaits."""
        opened = self._open.get(id(frame))
        if opened is not None:
            flags = frame.f_code.co_flags
            if flags & _GENERATOR or (
                flags & _ASYNC_GENERATOR and type(value).__name__ == "async_generator_wrapped_value"
            ):
                opened.yields += 1
            self._leave(opened)

    def returned(self, frame: FrameType, value: Any) -> None:
        """A call ended with a value."""
        opened = self._close(frame)
        if opened is not None:
            opened.call.stop()
            output: dict[str, Any] = {"result": self._values(value, _LIMITS)}
            if frame.f_code.co_flags & (_GENERATOR | _ASYNC_GENERATOR):
                output["yields"] = opened.yields
            opened.call.output = output
            opened.call.end()

    def raised(self, frame: FrameType, *errors: Raised) -> None:
        """A call ended with an exception: one of these, where it is not known which."""
        opened = self._close(frame)
        if opened is not None:
            opened.call.stop()
            if errors and errors[-1].is_close and frame.f_code.co_flags & (_GENERATOR | _ASYNC_GENERATOR):
                opened.call.output = {"yields": opened.yields, "closed": True}  # its user had enough of it
            else:
                names = ", ".join(dict.fromkeys(error.shown["type"] for error in errors)) or "not seen"
                guess = {"type": "builtins.BaseException", "message": f"(one of those raised: {names})"}
                opened.call.outcome = "error"
                opened.call.error = errors[0].shown if len(errors) == 1 else guess
            opened.call.end()

    def passes(self, frame: FrameType, error: BaseException) -> None:
        """An exception was raised in the frame, or came out of a call; it may yet be caught."""
        opened = self._open.get(id(frame))
        if opened is not None:
            opened.is_going_on = False
            raised = Raised.of(error)
            if raised not in opened.errors:
                opened.errors = [*opened.errors[-_MOST_ERRORS + 1 :], raised]

    def goes_on(self, frame: FrameType) -> None:
        """A line runs: a handler, or what comes after."""
        opened = self._open.get(id(frame))
        if opened is not None:
            opened.is_going_on = True

    def is_ending(self, frame: FrameType) -> bool:
        """Whether nothing ran since an exception was raised."""
        opened = self._open.get(id(frame))
        return opened is not None and not opened.is_going_on

    def passed(self, frame: FrameType, *, last_only: bool) -> list[Raised]:
        """What was raised in the frame: the last, or all."""
        opened = self._open.get(id(frame))
        found = opened.errors if opened is not None else []
        return found[-1:] if last_only else list(found)

    def begin(self) -> None:
        """A phase of a test begins: what seems to enclose it are calls whose end was not seen."""
        if _innermost.get() is not None:
            enter_span(None)
            _innermost.set(None)

    def missed(self, problem: BaseException) -> None:
        """An event could not be dealt with."""
        if isinstance(problem, RecursionError):
            self.left_out += 1  # no room on the stack: the application's doing
        else:
            self._sink.failed(problem)

    def flush(self) -> None:
        """Record what is open, and how much was left out; the next attempt begins from nothing."""
        had_open = bool(self._open)
        self._sink.flush()
        if self.left_out:
            call = self._sink.start("function.call")
            if call is not None:
                call.method = {"protocol": "python", "operation": "more"}
                call.output = {"left_out": self.left_out}
                call.outcome, call.timed = "unknown", False
                call.end()
        self._started = self.left_out = 0
        if had_open:
            enter_span(None)
            _innermost.set(None)

    def close(self) -> None:
        """Record what is open, and take no more."""
        self.flush()
        self._sink.close()
        self._values.close()

    def _run(self, opened: _Open) -> None:
        opened.outer = (enclosing_span(), _innermost.get())
        enter_span(opened.call.span_id)
        _innermost.set(opened)

    def _leave(self, opened: _Open) -> None:
        span, around = opened.outer
        opened.outer = (None, None)
        enter_span(span)
        _innermost.set(around)

    def _close(self, frame: FrameType) -> _Open | None:
        opened = self._open.pop(id(frame), None)
        if opened is not None:
            opened.errors = []
            opened.call.before_end = None
            self._leave(opened)
        return opened

    def _unfinished(self, frame_id: int, opened: _Open) -> None:
        if self._open.get(frame_id) is opened:
            del self._open[frame_id]
        opened.call.outcome = "unknown"
        opened.call.output = {"unfinished": True, **({"yields": opened.yields} if opened.yields else {})}

    def _arguments(self, frame: FrameType, code: CodeType) -> dict[str, Any]:
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & _VARARGS) + bool(code.co_flags & _VARKEYWORDS)
        found = frame.f_locals
        names = (name for name in code.co_varnames[:count] if name in found)
        return {name: self._values(found[name], _LIMITS) for name in names}
