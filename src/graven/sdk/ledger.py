"""What became of every event: counted always, reported in the application's log at a bounded rate.

At any moment `recorded + adopted == acknowledged + dropped + refused + pending`.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from graven.sdk.guard import internal

__all__ = ["LOGGER", "Ledger", "Loss", "Stats"]

LOGGER = logging.getLogger("graven.sdk")
_REPORT_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` events that the log will not get, and why.

    Reasons: `invalid` `unencodable` `queue_full` `spool_full` `spool_damaged` `refused`
    `unsent` (no spool to leave them in at the end) `closed` `reentrant`.
    """

    reason: str
    count: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stats:
    """Numbers of events since the start of the process (or its fork)."""

    recorded: int = 0
    """Calls to `record`."""
    adopted: int = 0
    """Left in the spool by processes that are gone, and sent, refused or lost by this one."""
    sent: int = 0
    """In requests that left, repetitions included."""
    acknowledged: int = 0
    """Durable in the log."""
    spooled: int = 0
    """Written to the disk spool at some time."""
    dropped: int = 0
    """Lost in this process: see `losses`."""
    refused: int = 0
    """Refused by the server for good."""
    pending: int = 0
    """Recorded and not yet settled: in memory or in the spool."""
    losses: dict[str, int] = field(default_factory=dict)
    """Reason → events."""


class Ledger:
    """Thread-safe counters. `on_loss` is called in the thread that met the loss, which may hold locks of the
    recorder: it should note and return. What it raises is logged; what it records is counted as `reentrant`."""

    def __init__(
        self,
        on_loss: Callable[[Loss], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        logger: logging.Logger = LOGGER,
    ) -> None:
        self._on_loss = on_loss
        self._logger = logger
        self._clock = clock
        self.after_fork()

    def after_fork(self) -> None:
        """Begin at zero, with fresh locks."""
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._losses: Counter[str] = Counter()
        self._reports: dict[str, tuple[float, int]] = {}

    def add(self, name: str, count: int = 1) -> None:
        """`name` is a field of `Stats`."""
        with self._lock:
            self._counts[name] += count

    def lose(self, reason: str, count: int, detail: str = "") -> None:
        """Count and report `count` events lost for `reason`."""
        with self._lock:
            self._losses[reason] += count
            self._counts["refused" if reason == "refused" else "dropped"] += count
        self.warn(reason, count, detail)
        if self._on_loss is not None:
            try:
                with internal():
                    self._on_loss(Loss(reason, count, detail))
            except Exception:  # noqa: BLE001 - the application's callback must not break the recorder
                self.warn("on_loss", 0, "the callback raised")

    def warn(self, reason: str, count: int, detail: str) -> None:
        """One line per reason and ten seconds; it says how many events the silence in between covered."""
        now = self._clock()
        with self._lock:
            last, silent = self._reports.get(reason, (-_REPORT_EVERY_S, 0))
            if now - last < _REPORT_EVERY_S:
                self._reports[reason] = (last, silent + count)
                return
            self._reports[reason] = (now, 0)
        with internal():
            if total := count + silent:
                noun, tail = "event" if total == 1 else "events", f": {detail}" if detail else ""
                self._logger.warning("%d %s not recorded (%s)%s", total, noun, reason, tail)
            else:
                self._logger.warning("%s: %s", reason, detail)

    def stats(self) -> Stats:
        with self._lock:
            counts = self._counts
            settled = counts["acknowledged"] + counts["dropped"] + counts["refused"]
            return Stats(
                recorded=counts["recorded"],
                adopted=counts["adopted"],
                sent=counts["sent"],
                acknowledged=counts["acknowledged"],
                spooled=counts["spooled"],
                dropped=counts["dropped"],
                refused=counts["refused"],
                pending=counts["recorded"] + counts["adopted"] - settled,
                losses=dict(self._losses),
            )
