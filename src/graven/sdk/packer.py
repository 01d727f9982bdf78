"""The queue of encoded events and the thread that cuts it into frozen batches for the outbox.

It also watches the request in flight: once that is slow, what waits in memory goes to the disk.
"""

import secrets
import threading
import time

from graven.sdk.batcher import Batcher
from graven.sdk.composer import Composed
from graven.sdk.frozen import Encoding, freeze, zstandard
from graven.sdk.guard import internal
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.sender import Sender
from graven.sdk.settings import Settings

__all__ = ["Packer", "make_key", "wait_until"]

_LOOK_AGAIN_S = 0.05


class Packer:
    """`changed` guards everything. The events of one packer are one `producer` epoch."""

    def __init__(self, settings: Settings, outbox: Outbox, sender: Sender, ledger: Ledger) -> None:
        # Re-entrant: a signal handler or a finaliser that records may interrupt a recording thread.
        self.changed = threading.Condition(threading.RLock())
        self._outbox = outbox
        self._sender = sender
        self._ledger = ledger
        self._encoding = _encoding(settings)
        self._slow_after_s = settings.spool_after_s
        self._epoch = secrets.token_hex(8)
        self._seq = 0
        self._cut_all = False
        self._packing = False
        self.stopping = False
        self._stopped = False
        self._batcher = Batcher(
            batch_events=settings.batch_events,
            batch_bytes=settings.batch_bytes,
            batch_age_s=settings.batch_age_s,
            queue_events=settings.queue_events,
            queue_bytes=settings.queue_bytes,
        )

    def add(self, composed: Composed) -> bool:
        """Give the event its place and queue it; False when the queue is full or was stopped.

        A refused event keeps its number, so that its loss shows as a gap in the log.
        """
        now = time.monotonic()
        with self.changed:
            self._seq += 1
            body = composed.with_producer(self._epoch, self._seq)
            queued = not self.stopping and self._batcher.add(body, now)
            if queued and (len(self._batcher) == 1 or self._batcher.full()):
                self.changed.notify_all()
        return queued

    def skip(self) -> None:
        """Use up a number for an event that will not come."""
        with self.changed:
            self._seq += 1

    def idle(self) -> bool:
        """Nothing waits to be batched or is being batched."""
        with self.changed:
            return not len(self._batcher) and not self._packing

    def cut(self, deadline: float | None) -> bool:
        """Have everything that waits cut into batches now; False when that takes too long (monotonic
        seconds; None: for ever) or the thread has ended."""
        with self.changed:
            self._cut_all = True
            self.changed.notify_all()
            while self._cut_all:
                if self._stopped or not wait_until(self.changed, deadline):
                    return False
        return True

    def stop(self) -> None:
        """Let `run` end."""
        with self.changed:
            self.stopping = True
            self.changed.notify_all()

    def run(self) -> None:
        """Cut batches until `stop`; no failure ends this loop."""
        with internal():
            while True:
                try:
                    if not self._step():
                        return
                except Exception as error:  # noqa: BLE001 - a bug here must not end all recording
                    self._ledger.warn("internal", 0, f"{type(error).__name__}: {error}")
                    time.sleep(1.0)

    def pack_rest(self) -> None:
        """Batch what is left, once `run` has ended or when it never began."""
        while events := self._batcher.take():
            self._outbox.put(freeze(events, make_key(), self._encoding))

    def _step(self) -> bool:
        """Wait for a batch that is due and pass it on; False to stop."""
        with self.changed:
            self._packing = False
            due_in = self._batcher.due_in(time.monotonic())
            if due_in is None and self._cut_all:
                self._cut_all = False
                self.changed.notify_all()
            if self.stopping:
                self._stopped = True
                self.changed.notify_all()
                return False
            if due_in is None or (due_in > 0 and not self._cut_all):
                waits = [wait for wait in (due_in, self._slow_in()) if wait is not None]
                self.changed.wait(max(min(waits), 0.001) if waits else None)
                events = []
            else:
                events = self._batcher.take()
                self._packing = True
        if events:
            self._outbox.put(freeze(events, make_key(), self._encoding))
        elif (slow_in := self._slow_in()) is not None and slow_in <= 0:
            self._outbox.persist()
        return True

    def _slow_in(self) -> float | None:
        """Seconds until the request in flight counts as slow, None when there is nothing to look after."""
        if self._outbox.mode == "spool" or not self._outbox.waiting():
            return None
        since = self._sender.in_flight_since
        return _LOOK_AGAIN_S if since is None else since + self._slow_after_s - time.monotonic()


def make_key() -> str:
    """A new `Idempotency-Key`: 128 random bits."""
    return secrets.token_hex(16)


def wait_until(condition: threading.Condition, deadline: float | None) -> bool:
    """Wait for a change of the condition (held); False when the deadline (monotonic seconds) has passed."""
    if deadline is None:
        condition.wait()
        return True
    left = deadline - time.monotonic()
    if left <= 0:
        return False
    condition.wait(left)
    return True


def _encoding(settings: Settings) -> Encoding:
    match settings.compression:
        case "none":
            return "identity"
        case "gzip":
            return "gzip"
        case _:
            return "zstd" if zstandard() is not None else "gzip"
