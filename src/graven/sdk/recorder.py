"""The core that `Client` and `AsyncClient` share: queue, two threads, flush, close, fork, exit.

`record` composes and queues; it waits for nothing. One thread cuts batches and hands them to the outbox,
another sends them (`sender`). Both are daemons and start with the first event: a process that forks its
workers after making a client gets a live client in each of them.
"""

import atexit
import os
import random
import secrets
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from graven.errors import InvalidEvent
from graven.event.model import Event
from graven.event.redact import Redactor
from graven.sdk.backoff import Backoff
from graven.sdk.batcher import Batcher
from graven.sdk.composer import Composer
from graven.sdk.context import ActorLike
from graven.sdk.frozen import Encoding, freeze, zstandard
from graven.sdk.guard import internal, is_internal
from graven.sdk.ledger import LOGGER, Ledger, Loss, Stats
from graven.sdk.outbox import Outbox
from graven.sdk.redaction import sdk_rules, secrets_in
from graven.sdk.sender import Sender
from graven.sdk.settings import Settings
from graven.sdk.spoolroot import SpoolRoot, destination_of
from graven.sdk.transport import HttpTransport, Transport

__all__ = ["Recorder"]

_PACKER_PATIENCE_S = 5.0
"""Packing waits for nothing but the disk."""

_LIVE: "weakref.WeakSet[Recorder]" = weakref.WeakSet()
_LEFT_TO_THE_PARENT: list[Any] = []
"""What a forked child must neither use nor finalise: connections whose other owner goes on using them."""


class Recorder:
    """`record` never raises and never waits; everything else says how long it may wait."""

    def __init__(
        self,
        settings: Settings,
        *,
        actor: ActorLike | None = None,
        on_loss: Callable[[Loss], None] | None = None,
        transport: Callable[[], Transport] | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.settings = settings
        self._make_transport = transport or (lambda: HttpTransport(settings))
        self._ledger = Ledger(on_loss)
        key = settings.redaction_key or secrets.token_bytes(32)
        self._redactor = redactor or Redactor(sdk_rules(), f"sdk-{secrets.token_hex(4)}", key)
        self._composer = Composer(
            source=settings.source, redactor=self._redactor, event_bytes=settings.event_bytes, actor=actor
        )
        self._encoding = _encoding(settings)
        self._begin()
        _LIVE.add(self)
        _register_hooks()

    def _begin(self) -> None:
        """State of a process that has recorded nothing yet."""
        settings = self.settings
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self._closed = False
        self._stopping = False
        self._cut_all = False
        self._packing = False
        self._packed = False
        self._started = False
        # Re-entrant: a signal handler or a finaliser that records may interrupt a recording thread.
        self._changed = threading.Condition(threading.RLock())
        self._batcher = Batcher(
            batch_events=settings.batch_events,
            batch_bytes=settings.batch_bytes,
            batch_age_s=settings.batch_age_s,
            queue_events=settings.queue_events,
            queue_bytes=settings.queue_bytes,
        )
        root = None
        if settings.spool_bytes > 0 and settings.spool_dir is not None:
            destination = destination_of(settings.server, settings.log)
            root = SpoolRoot(settings.spool_dir, destination, settings.spool_bytes, settings.refused_bytes)
        self._outbox = Outbox(root, self._ledger, memory_bytes=settings.memory_bytes)
        self._sender = Sender(
            self._outbox,
            self._make_transport(),
            self._ledger,
            root,
            Backoff(settings.backoff_base_s, settings.backoff_cap_s, random.random),
            _make_key,
        )
        self._threads: list[threading.Thread] = []

    # --- recording ---

    def record(self, what: str | Event | Mapping[str, Any], fields: Mapping[str, Any]) -> str | None:
        """Queue one event; gives its id, or None when it was counted as lost."""
        if is_internal():  # a __repr__ or an on_loss callback that records what records it
            self._ledger.add("recorded")
            self._ledger.lose("reentrant", 1, "an event recorded while another one was being made")
            return None
        self._ledger.add("recorded")
        try:
            with internal():
                composed = self._composer.compose(what, fields)
        except InvalidEvent as error:
            self._skip("invalid", f"{error.message} {error.hint}".rstrip())
            return None
        except Exception as error:  # noqa: BLE001 - whatever the application passed, it must not break
            self._skip("unencodable", f"{type(error).__name__}: {error}")
            return None
        now = time.monotonic()
        with self._changed:
            self._seq += 1
            body = composed.with_producer(self._epoch, self._seq)
            closed = self._closed
            queued = not closed and self._batcher.add(body, now)
            if queued and (len(self._batcher) == 1 or self._batcher.full()):
                self._changed.notify_all()
        if not queued:
            self._ledger.lose("closed" if closed else "queue_full", 1)
            return None
        if not self._started:
            self._start()
        return composed.id

    def lost(self, reason: str, detail: str) -> None:
        """Count one event that never came to be."""
        self._ledger.add("recorded")
        self._skip(reason, detail)

    def secrets_in(self, value: Any) -> frozenset[str]:
        """See `graven.sdk.redaction.secrets_in`; empty when it cannot be told."""
        try:
            return secrets_in(self._redactor, value)
        except Exception as error:  # noqa: BLE001 - as in `record`
            self._ledger.warn("internal", 0, f"{type(error).__name__}: {error}")
            return frozenset()

    def _skip(self, reason: str, detail: str) -> None:
        with self._changed:
            self._seq += 1  # the loss shows as a gap in the log
        self._ledger.lose(reason, 1, detail)

    def stats(self) -> Stats:
        return self._ledger.stats()

    # --- waiting ---

    def flush(self, timeout_s: float | None, *, give_up_when_unreachable: bool = False) -> bool:
        """Wait until what was recorded before this call is settled; False when that takes too long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        outbox = self._outbox
        with self._changed:
            if not len(self._batcher) and outbox.settled(outbox.last_ordinal()) and not self._packing:
                return True
            if not self._start():
                return False
            self._cut_all = True
            self._changed.notify_all()
            while self._cut_all:
                if self._packed or not _wait(self._changed, deadline):
                    return False
        ordinal = outbox.last_ordinal()
        with outbox.changed:
            while not outbox.settled(ordinal):
                if outbox.closed or (give_up_when_unreachable and self._sender.unreachable):
                    return False
                if not _wait(outbox.changed, deadline):
                    return False
        return True

    def close(self, timeout_s: float) -> None:
        """Take no more, wait at most about `timeout_s` for the server, leave the rest in the spool. Idempotent."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
        try:
            deadline = time.monotonic() + timeout_s
            self.flush(timeout_s, give_up_when_unreachable=True)
            self._drain_orphans(deadline)
        finally:  # an interrupted wait must not cost what can be saved
            self._finish(max(deadline - time.monotonic(), 0.1))
        _LIVE.discard(self)

    def _drain_orphans(self, deadline: float) -> None:
        """Use what is left of the time for what earlier processes left: short-lived ones would never."""
        outbox = self._outbox
        with outbox.changed:
            while self._started and outbox.has_orphans() and not (outbox.closed or self._sender.unreachable):
                if not _wait(outbox.changed, deadline):
                    return

    def _finish(self, patience_s: float) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        # First the packer, then the sender, who closes the outbox: the last batch must find it open.
        if self._join("graven-packer", _PACKER_PATIENCE_S):
            self._pack_all()
        self._outbox.persist()
        self._sender.stop()
        if self._join("graven-sender", patience_s):
            self._outbox.close()
        left = self.stats().pending
        if left:
            LOGGER.info("%d events were not acknowledged yet: they stay in the spool", left)

    def _join(self, name: str, timeout_s: float) -> bool:
        for thread in self._threads:
            if thread.name == name and thread is not threading.current_thread():
                thread.join(timeout_s)
                return not thread.is_alive()
        return True

    # --- the packing thread ---

    def _start(self) -> bool:
        """Start the threads once; False when the interpreter refuses (it is shutting down)."""
        with self._changed:
            if self._started:
                return True
            threads = [
                threading.Thread(target=self._pack, name="graven-packer", daemon=True),
                threading.Thread(target=self._sender.run, name="graven-sender", daemon=True),
            ]
            try:
                for thread in threads:
                    thread.start()
                    self._threads.append(thread)
            except RuntimeError:
                return False
            self._started = True
        _close_with_multiprocessing(self)
        return True

    def _pack(self) -> None:
        with internal():
            while True:
                try:
                    if not self._pack_step():
                        return
                except Exception as error:  # noqa: BLE001 - a bug here must not end all recording
                    self._ledger.warn("internal", 0, f"{type(error).__name__}: {error}")
                    time.sleep(1.0)

    def _pack_step(self) -> bool:
        """Wait for a batch that is due and pass it on; False to stop."""
        with self._changed:
            self._packing = False
            now = time.monotonic()
            due_in = self._batcher.due_in(now)
            if due_in is None and self._cut_all:
                self._cut_all = False
                self._changed.notify_all()
            if self._stopping:
                self._packed = True
                self._changed.notify_all()
                return False
            if due_in is None or (due_in > 0 and not self._cut_all):
                slow_in = self._slow_in(now)
                waits = [wait for wait in (due_in, slow_in) if wait is not None]
                self._changed.wait(max(min(waits), 0.001) if waits else None)
                events = None
            else:
                events = self._batcher.take()
                self._packing = True
        if events is None:
            slow_in = self._slow_in(time.monotonic())
            if slow_in is not None and slow_in <= 0:
                self._outbox.persist()
        else:
            self._outbox.put(freeze(events, _make_key(), self._encoding))
        return True

    def _pack_all(self) -> None:
        while events := self._batcher.take():
            self._outbox.put(freeze(events, _make_key(), self._encoding))

    def _slow_in(self, now: float) -> float | None:
        """Seconds until the request in flight counts as slow, None when there is nothing to look at."""
        since = self._sender.in_flight_since
        if since is None or self._outbox.mode == "spool":
            return 0.05 if self._outbox.waiting() and self._outbox.mode == "direct" else None
        return since + self.settings.spool_after_s - now

    # --- fork ---

    def after_fork_in_child(self) -> None:
        """What waits in memory or on disk belongs to the parent, who will send it."""
        _LEFT_TO_THE_PARENT.append((self._sender, self._threads))
        self._outbox.abandon()
        self._ledger.after_fork()
        closed = self._closed
        self._begin()
        self._closed = closed


def _wait(condition: threading.Condition, deadline: float | None) -> bool:
    """Wait for the condition (held); False when the deadline has passed."""
    if deadline is None:
        condition.wait()
        return True
    left = deadline - time.monotonic()
    if left <= 0:
        return False
    condition.wait(left)
    return True


def _make_key() -> str:
    return secrets.token_hex(16)


def _encoding(settings: Settings) -> Encoding:
    match settings.compression:
        case "none":
            return "identity"
        case "gzip":
            return "gzip"
        case _:
            return "zstd" if zstandard() is not None else "gzip"


def _close_all() -> None:
    for recorder in list(_LIVE):
        recorder.close(recorder.settings.exit_timeout_s)


def _close_with_multiprocessing(recorder: Recorder) -> None:
    """A child of `multiprocessing` ends without `atexit`; its own finalisers do run."""
    process = sys.modules.get("multiprocessing.process")
    util = sys.modules.get("multiprocessing.util")
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, recorder.close, args=(recorder.settings.exit_timeout_s,), exitpriority=100)


def _after_fork() -> None:
    for recorder in list(_LIVE):
        recorder.after_fork_in_child()


_HOOKS_LOCK = threading.Lock()
_hooks_registered = False


def _register_hooks() -> None:
    global _hooks_registered
    with _HOOKS_LOCK:
        if _hooks_registered:
            return
        _hooks_registered = True
        atexit.register(_close_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_after_fork)
