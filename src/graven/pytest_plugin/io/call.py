"""One captured call, from its start to its record; and who is inside of whom.

`Sink` is where calls end: it never raises into the application, and counts what it could not record. Nesting is kept
in context variables: the enclosing call's span, and the actions that an outer layer already answers for in this
context (requests sits on urllib3; one request is one record).
"""

import contextlib
import contextvars
import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from graven.sdk.composer import rfc3339

__all__ = ["Call", "Context", "Sink", "enclosing_span", "enter_span", "error_of"]

Context = tuple[str, str, str]
"""Trace id, parent span id, run."""

_SDK_THREADS = frozenset({"graven-packer", "graven-sender"})

_beginnings = itertools.count(1)

_span: contextvars.ContextVar[str | None] = contextvars.ContextVar("graven_io_span", default=None)
_covered: contextvars.ContextVar[frozenset[str]] = contextvars.ContextVar("graven_io_covered", default=frozenset())


def enclosing_span() -> str | None:
    """The span of the call that this context is in."""
    return _span.get()


def enter_span(span_id: str | None) -> None:
    """From now on calls of this context are children of that one, until it is changed again."""
    _span.set(span_id)


def error_of(problem: BaseException) -> dict[str, Any]:
    """The event's `error`; a broken `__str__` costs the message only."""
    kind = type(problem)
    try:
        message = str(problem)
    except Exception:  # noqa: BLE001 - the application's own code runs here
        message = "(its message could not be read)"
    return {"type": f"{kind.__module__}.{kind.__qualname__}", "message": message[:8192]}


class Sink:
    """Takes finished calls to `record`. Closed, it takes nothing, so what outlives an uninstall is inert."""

    def __init__(
        self, record: Callable[[Mapping[str, Any]], object], context: Callable[[], Context | None] | None = None
    ) -> None:
        self._record = record
        self._context = context
        self._lock = threading.RLock()  # a collected cursor ends its call wherever the collector happens to run
        self.phase: Callable[[], str] | None = None
        """Where a call's phase of the test comes from, when it begins: it may end in a later one."""
        self._open: dict[str, Call] = {}
        self._quiet = threading.local()
        self.active = True
        self.failures = 0

    def set_context(self, context: Callable[[], Context | None] | None) -> None:
        """Where outgoing requests take their trace from."""
        self._context = context

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Swallow and count a failure of the capture itself; never wrap the application's code in it."""
        try:
            yield
        except Exception:  # noqa: BLE001 - the capture must not break the application
            self.failed()

    def failed(self) -> None:
        """Count a failure of the capture itself."""
        with self._lock:
            self.failures += 1

    @property
    def in_test(self) -> bool:
        """Whether a test runs; without a context to ask, always."""
        return self._context is None or self._context() is not None

    def start(self, action: str) -> "Call | None":
        """A call to fill, or `None` when an outer layer records it, or the recorder itself is at work."""
        if not self.active or action in _covered.get() or self.recording:
            return None
        return Call(self, action)

    @contextlib.contextmanager
    def covering(self, *actions: str) -> Iterator[None]:
        """Within the block, in this context, nothing records these: somebody else answers for them."""
        covered = _covered.set(_covered.get() | set(actions))
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):  # a generator may be closed in another context
                _covered.reset(covered)

    @property
    def recording(self) -> bool:
        """Whether this thread is inside `record` or one of the SDK's: what the recorder does is not the test's doing.

        Without the latter, sending a record would be a request to record, without end.
        """
        return bool(getattr(self._quiet, "on", False)) or threading.current_thread().name in _SDK_THREADS

    def carried(self, span_id: str) -> dict[str, str]:
        """`traceparent` and `baggage` for a request, empty without context."""
        context = None
        with self.guard():
            context = self._context() if self._context is not None else None
        if context is None:
            return {}
        return {"traceparent": f"00-{context[0]}-{span_id}-01", "baggage": f"graven-run={quote(context[2], safe='')}"}

    def deliver(self, call: "Call") -> None:
        """Hand the members over, once."""
        with self._lock:
            self._open.pop(call.span_id, None)
        if not self.active or self.recording:
            return
        self._quiet.on = True
        try:
            with self.guard():
                self._record(call.members())
        finally:
            self._quiet.on = False

    def hold(self, call: "Call") -> None:
        """The call stays open until its stream ends; `close` records it as it is then."""
        with self._lock:
            self._open[call.span_id] = call

    def flush(self) -> None:
        """Record what is still open, as it is now."""
        with self._lock:
            open_calls = list(self._open.values())
        for call in open_calls:
            call.end()

    def close(self) -> None:
        """Flush, then take nothing more."""
        self.flush()
        self.active = False


class Call:
    """What is known of a call so far. `end` records it; later ends do nothing."""

    def __init__(self, sink: Sink, action: str) -> None:
        self.sink = sink
        self.action = action
        self.span_id = secrets.token_hex(8)
        self.parent = _span.get()
        self.method: dict[str, str] = {}
        self.input: Any = None
        self.output: Any = None
        self.error: dict[str, Any] | None = None
        self.outcome = "success"
        self.before_end: Callable[[], None] | None = None
        self.timed = True
        self._place = next(_beginnings)
        self._phase = ""
        with sink.guard():
            self._phase = sink.phase() if sink.phase is not None else ""
        self._began = rfc3339(time.time_ns())
        self._started_ns = time.perf_counter_ns()
        self._duration_ns: int | None = None
        self._ended = False

    @contextlib.contextmanager
    def running(self, *covers: str) -> Iterator[None]:
        """While the call runs: calls within are its children, and layers below do not record `covers`.

        An exception of the application is noted and passes through unchanged.
        """
        span = _span.set(self.span_id)
        covered = _covered.set(_covered.get() | set(covers))
        try:
            yield
        except BaseException as problem:
            self.failed(problem)
            raise
        finally:
            with contextlib.suppress(ValueError):  # a generator may be closed in another context
                _covered.reset(covered)
                _span.reset(span)
            self.stop()

    def failed(self, problem: BaseException) -> None:
        """Note how it went wrong."""
        self.outcome = "error"
        self.error = error_of(problem)

    def stop(self) -> None:
        """The duration ends here (the first time), though a body may still come."""
        if self._duration_ns is None:
            self._duration_ns = time.perf_counter_ns() - self._started_ns

    def hold(self, before_end: Callable[[], None]) -> None:
        """Wait for a stream; `before_end` fills in what passed."""
        self.before_end = before_end
        self.sink.hold(self)

    def end(self) -> None:
        """Record it."""
        if self._ended:
            return
        self._ended = True
        self.stop()
        if self.before_end is not None:
            with self.sink.guard():
                self.before_end()
        self.sink.deliver(self)

    def members(self) -> dict[str, Any]:
        """The members of event/1; absent ones are left out."""
        trace = {"span_id": self.span_id}
        if self.parent is not None:
            trace["parent_span_id"] = self.parent
        found: dict[str, Any] = {
            "action": self.action,
            "time": self._began,
            "outcome": self.outcome,
            "method": self.method,
            "input": self.input,
            "output": self.output,
            "error": self.error,
            "duration_ns": self._duration_ns if self.timed else None,
            "trace": trace,
            # a call is recorded when it ends: rows that nobody fetches keep one open until the test is over
            "attributes": {"began": self._place},
            "qa": {"phase": self._phase} if self._phase else None,
        }
        return {name: value for name, value in found.items() if value is not None}
