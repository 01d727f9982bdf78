"""The open logs of a data directory, by name.

A log supervises its own writer; what happens to it arrives here as incidents (any thread, must not
block) and is recorded in `system`, counted and logged by one thread of ours.
"""

import difflib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from graven.errors import Conflict, GravenError, NotFound, RefusedToStart, StorageFailed
from graven.log.create import create_log
from graven.log.keys import check_origin
from graven.log.layout import SYSTEM_LOG, LogPaths, check_name, log_names
from graven.log.messages import Incident
from graven.log.opened import Log
from graven.log.start import open_log
from graven.server.control import Control
from graven.server.log_lines import logger
from graven.server.system import SystemRecorder, system_event
from graven.storage.blobs import DirectoryBlobs

__all__ = ["LogSet", "Published"]

Published = Callable[[str, bytes], None]
"""Called with a log's name and every checkpoint it publishes; from any thread, must not block."""

_ATTEMPTS = 60
_PAUSE_S = 1.0
_MOST_WAITING = 10_000
_STOP_S = 10.0


class LogSet:
    """`system` is opened first and closed last. The hooks are set before anything is opened."""

    def __init__(self, data_dir: Path, control: Control, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.data_dir = data_dir
        self._control = control
        self._clock = clock
        self.on_published: Published = lambda name, checkpoint: None
        self.on_opened: Callable[[Log], None] = lambda log: None
        self.incidents: Counter[str] = Counter()
        self._logs: dict[str, Log] = {}
        self._queue: queue.SimpleQueue[Incident | None] = queue.SimpleQueue()
        self._unwritten = 0  # reports beyond the bound; an approximate count is enough
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._record_incidents, name="incidents", daemon=True)
        self._lock = threading.Lock()

    @property
    def system(self) -> SystemRecorder:
        """The recorder of `system`; only after `open_system`."""
        return self._system

    def open_system(self, *, create: bool) -> None:
        """Open `system`, making it only when `create` (the first start was not finished)."""
        if create and SYSTEM_LOG not in log_names(self.data_dir):
            # made by another server at this very moment: its lock says so better than "choose another name"
            with suppress(Conflict):
                create_log(self.data_dir, SYSTEM_LOG, clock=self._clock)
        self._check_present()
        self._system = SystemRecorder(self._open(SYSTEM_LOG), clock=self._clock)
        self._sweep_blobs()
        self._thread.start()
        if self._control.made and self._system.log.size:
            text = "control.sqlite was lost: every token but a new one of the owner is void"
            self.report(Incident("control_lost", SYSTEM_LOG, text))

    def _sweep_blobs(self) -> None:
        """Remove half-written uploads of a killed process; the lock of `system` makes this the only writer."""
        blobs = LogPaths(self.data_dir, SYSTEM_LOG).blobs
        try:
            DirectoryBlobs(blobs).sweep()
        except StorageFailed:  # they take room and harm nothing: no reason not to start
            logger().exception("half-written uploads could not be removed", folder=str(blobs))

    def open_all(self) -> None:
        """Open every other log there is."""
        for name in log_names(self.data_dir):
            if name not in self._logs:
                self._open(name)

    def create(self, name: str, origin: str | None, *, by: str) -> Log:
        """Record, create and open a log; InvalidInput on the name or origin, Conflict when it exists."""
        with self._lock:
            event = system_event(
                "log.create", targets=(("log", name),), attributes={"by": by, "origin": origin or "random"}
            )
            self._refuse_early(name, origin)
            self.system.record(event)
            create_log(self.data_dir, name, origin=origin, clock=self._clock)
            key = LogPaths(self.data_dir, name).vkey.read_text("utf-8").strip()
            self.system.record(system_event("key.create", targets=(("log", name),), attributes={"by": by, "key": key}))
            return self._open(name)

    def get(self, name: str) -> Log:
        """The open log; NotFound with a suggestion."""
        log = self._logs.get(name)
        if log is not None:
            return log
        close = difflib.get_close_matches(name, [n for n in self._logs if n != SYSTEM_LOG], n=1)
        raise NotFound(
            f"there is no log {name!r}",
            hint=f"did you mean {close[0]}?" if close else f"graven log create {name}",
            code="unknown_log",
            details={"log": name},
        )

    def all(self) -> list[Log]:
        """Every open log, in order of opening."""
        return list(self._logs.values())

    def report(self, incident: Incident) -> None:
        """Count, log and record an incident; from any thread, never blocks."""
        self.incidents[incident.kind] += 1
        if self._queue.qsize() < _MOST_WAITING:
            self._queue.put(incident)
        else:
            self._unwritten += 1
        # last: the record must not depend on what writing a line to standard error may raise
        logger().warning("incident", kind=incident.kind, log=incident.log, message=incident.message)

    def close(self, final: Callable[[], None] = lambda: None) -> None:
        """Close all logs; `final` runs when only `system` is left, to record the stop."""
        with ExitStack() as stack:  # one log that cannot stop clean must not keep the others from it
            stack.callback(self._logs.clear)
            if SYSTEM_LOG in self._logs:
                stack.callback(self._logs[SYSTEM_LOG].close)
                stack.callback(final)
                stack.callback(self._stop_recording)
            for name, log in self._logs.items():
                if name != SYSTEM_LOG:
                    stack.callback(log.close)

    def _stop_recording(self) -> None:
        """Record the incidents that wait, as far as that takes no longer than a stop may."""
        if self._thread.is_alive():
            self._stopping.set()
            self._queue.put(None)
            self._thread.join(timeout=_STOP_S)
            if self._thread.is_alive() or self._unwritten:
                waiting = max(0, self._queue.qsize() - 1)  # without the mark of the end
                logger().error("incidents were not recorded in system", waiting=waiting, lost=self._unwritten)

    def _open(self, name: str) -> Log:
        log = open_log(
            self.data_dir,
            name,
            clock=self._clock,
            on_incident=self.report,
            on_published=lambda checkpoint: self.on_published(name, checkpoint),
        )
        self._logs[name] = log
        self._control.write(("INSERT OR IGNORE INTO logs VALUES (?, ?)", (name, log.origin)))
        self.on_opened(log)
        return log

    def _check_present(self) -> None:
        """RefusedToStart when a log that was served here before is gone: nobody can delete one."""
        present = set(log_names(self.data_dir))
        for name, origin in self._control.rows("SELECT name, origin FROM logs ORDER BY name"):
            if name not in present:
                raise RefusedToStart(
                    f"the log {name} ({origin}) was served from {self.data_dir} before and is gone",
                    why="logs are never deleted; starting without it would hide the loss",
                    hint="restore its directory from a backup",
                    code="log_missing",
                )

    def _refuse_early(self, name: str, origin: str | None) -> None:
        """What `create_log` would refuse must not be announced in `system` first."""
        if origin is not None:
            check_origin(origin)
        if check_name(name) in self._logs:
            raise Conflict(f"the log {name} exists already", hint="choose another name", code="log_exists")

    def _record_incidents(self) -> None:
        while (incident := self._queue.get()) is not None:
            if self._record_incident(incident) and (lost := self._unwritten):
                text = f"{lost} earlier incidents are not recorded here: too many waited; see the server's own log"
                if self._record_incident(Incident("incidents_lost", SYSTEM_LOG, text, {"count": lost})):
                    self._unwritten -= lost

    def _record_incident(self, incident: Incident) -> bool:
        """Try for a minute, for `system` may itself be restarting; once only when the server stops."""
        for attempt in range(_ATTEMPTS):
            try:
                self.system.incident(incident)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next incident has to be recorded
                if attempt == _ATTEMPTS - 1 or self._stopping.wait(_PAUSE_S):
                    raised = None if isinstance(error, GravenError) else error  # a log that is stopped is no bug
                    facts = {"kind": incident.kind, "log": incident.log, "why": str(error)}
                    logger().error("an incident could not be recorded", exc_info=raised, **facts)
                    return False
            else:
                return True
        return False
