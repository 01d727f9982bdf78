"""One captured call, from its start to its record; and who is inside of whom.

`Sink` is where calls end: it never raises into the application, and counts what it could not record. Nesting is kept
in context variables: the enclosing call's span, and the actions that an outer layer already answers for in this
context (requests sits on urllib3; one request is one record).
"""

import collections
import contextlib
import contextvars
import itertools
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from graven.pytest_plugin.looking import refuse_while_looking
from graven.sdk.composer import rfc3339
from graven.sdk.guard import is_internal

__all__ = ["Call", "Context", "Sink", "enclosing_span", "enter_span", "error_of"]

Context = tuple[str, str, str]
"""Trace id, parent span id, run."""

_SDK_THREADS = frozenset({"graven-packer", "graven-sender"})

_beginnings = itertools.count(1)
_READERS = frozenset({"graven.sdk.asgi", "graven.sdk.wsgi"})

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


def _name_of(error: BaseException) -> str:
    """Its type and where it happened: its message may quote what has not been redacted."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    where = f" in {traceback.tb_frame.f_code.co_qualname}" if traceback is not None else ""
    return f"{type(error).__name__}{where}"


class Sink:
    """Takes finished calls to `record`. Closed, it takes nothing, so what outlives an uninstall is inert.

    A call may end in a destructor, and the collector runs destructors in whatever is allocating: in the midst of
    recording another call, or while a lock is held. Hence the re-entrant lock, and `_late`.
    """

    def __init__(
        self, record: Callable[[Mapping[str, Any]], object], context: Callable[[], Context | None] | None = None
    ) -> None:
        self._record = record
        self._context = context
        self._lock = threading.RLock()  # a collected cursor ends its call wherever the collector happens to run
        self.phase: Callable[[], str] | None = None
        """Where a call's phase of the test comes from, when it begins: it may end in a later one."""
        self._open: dict[str, Call] = {}
        self._late: collections.deque[Call] = collections.deque()
        self._quiet = threading.local()
        self.active = True
        self.failures = 0
        self.first_failure = ""

    def set_context(self, context: Callable[[], Context | None] | None) -> None:
        """Where outgoing requests take their trace from."""
        self._context = context

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Swallow and count a failure of the capture itself; never wrap the application's code in it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the capture must not break the application
            self.failed(error)

    def failed(self, error: BaseException) -> None:
        """Count a failure of the capture itself, and keep the name of the first."""
        with self._lock:
            self.failures += 1
            self.first_failure = self.first_failure or _name_of(error)

    @property
    def in_test(self) -> bool:
        """Whether a test runs; without a context to ask, always."""
        return self._context is None or self._context() is not None

    def start(self, action: str) -> "Call | None":
        """A call to fill, or `None` when an outer layer records it, or the recorder itself is at work.

        Raises `ReachesOut` when the call would be made only because the recorder looks at a value.
        """
        refuse_while_looking(action)
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
        """Whether this thread is inside `record`, or is one of the SDK's or of the recorder's own: what the recorder
        does is not the test's doing.

        Without the SDK's, sending a record would be a request to record, without end.
        """
        quiet = getattr(self._quiet, "on", False) or is_internal()
        return bool(quiet) or threading.current_thread().name in _SDK_THREADS

    def carried(self, span_id: str, *, in_process: bool = False) -> dict[str, str]:
        """`traceparent` and `baggage` for a request, empty without context.

        An application `in_process` gets them only where Graven's middleware is loaded to read them: a suite may well
        compare all headers that its application was sent.
        """
        if in_process and sys.modules.keys().isdisjoint(_READERS):
            return {}
        context = None
        with self.guard():
            context = self._context() if self._context is not None else None
        if context is None:
            return {}
        return {"traceparent": f"00-{context[0]}-{span_id}-01", "baggage": f"graven-run={quote(context[2], safe='')}"}

    def deliver(self, call: "Call") -> None:
        """Hand the members over, once: now, or when what is being recorded in this thread is."""
        with self._lock:
            self._open.pop(call.span_id, None)
        if not self.active:
            return
        self._late.append(call)
        if not self.recording:
            self._hand_over()

    def _hand_over(self) -> None:
        self._quiet.on = True
        try:
            while True:
                try:
                    call = self._late.popleft()
                except IndexError:
                    return
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
        if self.active and not self.recording:
            self._hand_over()

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

    def go_on(self) -> None:
        """What seemed to be its end was none: neither the failure nor the duration counts."""
        self.outcome, self.error, self._duration_ns = "success", None, None

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
