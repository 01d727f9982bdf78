"""Restarting a log whose writer stopped: throw the engine away, wait, open another from disk.

What was in memory is worth nothing after a failed write, so nothing is carried over. Between the fault and
the new engine every request gets the error that stopped the old one.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from graven.errors import GravenError, RefusedToStart
from graven.log.engine import Engine
from graven.log.messages import Incident

__all__ = ["BACKOFF_S", "Hooks", "Supervisor"]

BACKOFF_S = (0.2, 1.0, 5.0, 15.0, 60.0)
"""Seconds to wait before each attempt; the last one repeats."""


T = TypeVar("T")


class Hooks(NamedTuple):
    """What an engine calls back."""

    on_incident: Callable[[Incident], None]
    on_published: Callable[[bytes], None]
    on_failure: Callable[[GravenError], None]


class Supervisor:
    """Holds the current engine and replaces it after a failure. `engine` is read by any thread."""

    def __init__(
        self,
        name: str,
        open_engine: Callable[[Hooks], Engine],
        *,
        supervise: bool,
        on_incident: Callable[[Incident], None],
        on_published: Callable[[bytes], None],
    ) -> None:
        self._name = name
        self._open = open_engine
        self._supervise = supervise
        self.callback_failures = 0
        self._on_incident = self._harmless(on_incident)
        self._hooks = Hooks(self._on_incident, self._harmless(on_published), self._failed)
        self._closing = threading.Event()
        self._restarting: threading.Thread | None = None
        self._lock = threading.Lock()
        self.restarts = 0
        self.refused: RefusedToStart | None = None
        """Why the log could not be opened again; it stays stopped until somebody acts."""
        self.engine = open_engine(self._hooks)
        self.engine.start()

    def _harmless(self, call: Callable[[T], None]) -> Callable[[T], None]:
        """A listener that fails must neither stop the log nor keep it from restarting; it is counted."""

        def guarded(argument: T) -> None:
            try:
                call(argument)
            except Exception:  # noqa: BLE001 - whatever a listener raises
                self.callback_failures += 1

        return guarded

    def close(self) -> None:
        """End the engine; clean when it did not fail. A second call does nothing."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            restarting = self._restarting
        if restarting is not None:
            restarting.join()
        # also one that failed: its threads may still be on their way out, and after this the lock is let go
        self.engine.close()

    def _failed(self, error: GravenError) -> None:
        """Called by the thread that failed: it must not wait for itself, so another one takes over."""
        self._on_incident(Incident("writer_stopped", self._name, f"{error.message}: {error.why}", {"code": error.code}))
        with self._lock:
            if not self._supervise or self._closing.is_set():
                return
            self._restarting = threading.Thread(target=self._restart, name=f"log-{self._name}-restart", daemon=True)
            self._restarting.start()

    def _restart(self) -> None:
        try:
            self.engine.close()
        except Exception as error:  # noqa: BLE001 - the old engine is worth nothing; what is on disk decides
            text = f"the stopped writer could not be closed: {type(error).__name__}: {error}"
            self._on_incident(Incident("restart_failed", self._name, text))
        attempt = 0
        while not self._closing.wait(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]):
            attempt += 1
            try:
                engine = self._open(self._hooks)
            except RefusedToStart as refused:
                # without its traceback, which would keep the engine that was refused, and all it has in memory
                self.refused = refused.with_traceback(None)
                refused.__cause__ = refused.__context__ = None
                text = f"{refused.message}: {refused.why}"
                self._on_incident(Incident("restart_refused", self._name, text, {"code": refused.code}))
                return
            except (GravenError, OSError):
                continue  # the disk is still not well; the incident of the stop stands
            except Exception as error:  # noqa: BLE001 - a fault of the program: tried again, but never in silence
                if attempt == 1:
                    text = f"reopening failed, and is tried again: {type(error).__name__}: {error}"
                    self._on_incident(Incident("restart_failed", self._name, text, {"attempts": attempt}))
                continue
            self.engine = engine
            engine.start()
            self.restarts += 1
            text = f"reopened from disk at size {engine.size} after {attempt} attempts"
            self._on_incident(Incident("writer_restarted", self._name, text, {"attempts": attempt}))
            return
