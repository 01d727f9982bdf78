"""The core that `Client` and `AsyncClient` share: composing, flush, close, fork.

`record` composes and queues; it waits for nothing. One thread cuts batches (`packer`), another sends them
(`sender`), with the `outbox` in between. Both are daemons and start with the first event: a process that
forks its workers after making a client gets a live client in each of them.
"""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from graven.errors import InvalidEvent, StorageFailed
from graven.event.model import Event
from graven.event.redact import Redactor
from graven.sdk.attachments import AttachmentStore
from graven.sdk.backoff import Backoff
from graven.sdk.composer import Composer
from graven.sdk.context import ActorLike
from graven.sdk.copies import Memory
from graven.sdk.guard import internal, is_internal
from graven.sdk.ledger import LOGGER, Ledger, Loss, Stats
from graven.sdk.lifecycle import close_in_worker, forget, look_after
from graven.sdk.outbox import Outbox
from graven.sdk.packer import Packer, make_key, wait_until
from graven.sdk.redaction import sdk_rules, secrets_in
from graven.sdk.sender import Sender
from graven.sdk.settings import Settings
from graven.sdk.spoolroot import SpoolRoot, destination_of
from graven.sdk.transport import HttpTransport, Transport

__all__ = ["Recorder"]

_PACKER_PATIENCE_S = 5.0
"""Packing waits for nothing but the disk."""

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
        logger: logging.Logger = LOGGER,
        memory: Memory | None = None,
    ) -> None:
        self.settings = settings
        self._logger = logger
        self._make_transport = transport
        self._ledger = Ledger(on_loss, logger=logger)
        key = settings.redaction_key or secrets.token_bytes(32)
        self._redactor = redactor or Redactor(sdk_rules(), f"sdk-{secrets.token_hex(4)}", key)
        self._composer = Composer(
            source=settings.source,
            redactor=self._redactor,
            event_bytes=settings.event_bytes,
            actor=actor,
            memory=memory,
        )
        self._closed = False
        self._begin()
        look_after(self)

    def _begin(self) -> None:
        """State of a process that has recorded nothing yet."""
        settings = self.settings
        root = None
        if settings.spool_bytes > 0 and settings.spool_dir is not None:
            destination = destination_of(settings.server, settings.log)
            root = SpoolRoot(settings.spool_dir, destination, settings.spool_bytes, settings.refused_bytes)
        self._attachments = None if root is None else AttachmentStore(root, limit_bytes=settings.attachment_bytes)
        backoff = Backoff(settings.backoff_base_s, settings.backoff_cap_s, random.random)
        self._outbox = Outbox(root, self._ledger, memory_bytes=settings.memory_bytes)
        make = self._make_transport
        transport = HttpTransport(settings, self._attachments) if make is None else make()
        self._sender = Sender(self._outbox, transport, self._ledger, root, backoff, make_key)
        self._packer = Packer(settings, self._outbox, self._sender, self._ledger)
        self._lock = threading.RLock()
        self._packing: threading.Thread | None = None
        self._sending: threading.Thread | None = None

    def record(self, what: str | Event | Mapping[str, Any], fields: Mapping[str, Any]) -> str | None:
        """Queue one event; gives its id, or None when it was counted as lost."""
        self._ledger.add("recorded")
        if is_internal():  # a __repr__ or an on_loss callback that records what records it
            self._ledger.lose("reentrant", 1, "an event recorded while another one was being made")
            return None
        try:
            with internal():
                composed = self._composer.compose(what, fields)
        except InvalidEvent as error:
            self._skip("invalid", f"{error.message} {error.hint}".rstrip())
            return None
        except Exception as error:  # noqa: BLE001 - whatever the application passed, it must not break
            self._skip("unencodable", f"{type(error).__name__}: {error}")
            return None
        if self._closed:
            self._skip("closed", "recorded after close()")
            return None
        if not self._packer.add(composed):
            self._ledger.lose("closed" if self._packer.stopping else "queue_full", 1)
            return None
        if self._sending is None:
            self._start()
        return composed.id

    def lost(self, reason: str, detail: str) -> None:
        """Count one event that never came to be."""
        self._ledger.add("recorded")
        self._skip(reason, detail)

    def attach(self, content: bytes) -> tuple[str, int]:
        """Keep content for the events that will name it; see `AttachmentStore.keep`."""
        if self._attachments is None:
            raise StorageFailed("attachments wait in the spool, and there is none", hint="set spool_bytes above 0")
        with internal():
            return self._attachments.keep(content)

    def _skip(self, reason: str, detail: str) -> None:
        self._packer.skip()
        self._ledger.lose(reason, 1, detail)

    def secrets_in(self, value: Any) -> frozenset[str]:
        """See `graven.sdk.redaction.secrets_in`; empty when it cannot be told."""
        try:
            return secrets_in(self._redactor, value)
        except Exception as error:  # noqa: BLE001 - as in `record`
            self._ledger.warn("internal", 0, f"{type(error).__name__}: {error}")
            return frozenset()

    def stats(self) -> Stats:
        return self._ledger.stats()

    def flush(self, timeout_s: float | None, *, give_up_when_unreachable: bool = False) -> bool:
        """Wait until what was recorded before this call is settled; False when that takes too long."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        outbox = self._outbox
        if self._packer.idle() and outbox.settled(outbox.last_ordinal()):
            return True
        if not self._start() or not self._packer.cut(deadline):
            return False
        ordinal = outbox.last_ordinal()
        with outbox.changed:
            while not outbox.settled(ordinal):
                if outbox.closed or (give_up_when_unreachable and self._sender.unreachable):
                    return False
                if not wait_until(outbox.changed, deadline):
                    return False
        return True

    def close(self, timeout_s: float) -> None:
        """Take no more, wait at most about `timeout_s` for the server, leave the rest in the spool. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        deadline = time.monotonic() + timeout_s
        try:
            self.flush(timeout_s, give_up_when_unreachable=True)
            self._drain_orphans(deadline)
        finally:  # an interrupted wait must not cost what can be saved
            self._finish(max(deadline - time.monotonic(), 0.1))
        forget(self)

    def close_at_exit(self) -> None:
        """Close within the time that the end of a process may take."""
        self.close(self.settings.exit_timeout_s)

    def after_fork_in_child(self) -> None:
        """Begin anew: what waits in memory or on disk belongs to the parent, who will send it."""
        _LEFT_TO_THE_PARENT.append((self._sender, self._packing, self._sending))
        self._outbox.abandon()
        self._ledger.after_fork()
        self._begin()

    def _drain_orphans(self, deadline: float) -> None:
        """Use what is left of the time for what earlier processes left: short-lived ones would never."""
        outbox = self._outbox
        with outbox.changed:
            while self._sending is not None and outbox.has_orphans():
                if outbox.closed or self._sender.unreachable or not wait_until(outbox.changed, deadline):
                    return

    def _finish(self, patience_s: float) -> None:
        # First the packer, then the sender, who closes the outbox: the last batch must find it open.
        self._packer.stop()
        if _joined(self._packing, _PACKER_PATIENCE_S):
            self._packer.pack_rest()
        self._outbox.persist()
        self._sender.stop()
        if _joined(self._sending, patience_s):
            self._outbox.close()
        if (left := self.stats().pending) and self.settings.spool_bytes > 0:
            # a warning: who runs a script once would otherwise believe that its events are in the log
            with internal():
                self._logger.warning(
                    "%d %s not acknowledged by %s yet: kept in %s, sent by the next client of that server and log",
                    left,
                    "event" if left == 1 else "events",
                    self.settings.server,
                    self.settings.spool_dir,
                )

    def _start(self) -> bool:
        """Start the threads once; False when the interpreter refuses, because it is shutting down."""
        with self._lock:
            if self._sending is not None:
                return True
            try:
                if self._packing is None:
                    self._packing = _started(self._packer.run, "graven-packer")
                self._sending = _started(self._sender.run, "graven-sender")
                if self._attachments is not None:
                    self._attachments.forget_old()
            except RuntimeError:
                return False
        close_in_worker(self)
        return True


def _started(run: Callable[[], None], name: str) -> threading.Thread:
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def _joined(thread: threading.Thread | None, timeout_s: float) -> bool:
    """The thread has ended, or never began."""
    if thread is None:
        return True
    if thread is threading.current_thread():
        return False
    thread.join(timeout_s)
    return not thread.is_alive()
