"""Frozen batches on their way to the server, in order: on disk first, then in memory.

Nothing touches the disk while the server keeps up. Once it does not (a failed or slow request, too much in
memory, the end of the process), everything in memory goes behind what is on disk, the batch in flight
included, and new batches follow it there, until the disk is drained. So the order is always disk, then
memory, and the oldest batch is the one in flight.

When neither disk nor memory has room, the batch that comes is dropped and counted: the oldest is kept.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from graven.errors import InvalidInput
from graven.sdk.frozen import FrozenBatch
from graven.sdk.ledger import Ledger
from graven.sdk.spool import SpoolFolder
from graven.sdk.spoolroot import SpoolRoot

__all__ = ["Head", "Outbox"]

_ADOPT_EVERY_S = 30.0


class Head(NamedTuple):
    """The batch to send next; `orphan`: it was left by a process that is gone."""

    batch: FrozenBatch
    orphan: bool


class _Outstanding(NamedTuple):
    ordinal: int
    events: int


class Outbox:
    """`changed` guards everything and is notified of every change. `root` None: no disk."""

    def __init__(
        self,
        root: SpoolRoot | None,
        ledger: Ledger,
        *,
        memory_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.closed = False
        self.mode: Literal["direct", "spool"] = "direct"
        self._root = root
        self._ledger = ledger
        self._limit = memory_bytes
        self._clock = clock
        self._memory: deque[FrozenBatch] = deque()
        self._memory_bytes = 0
        self._disk: SpoolFolder | None = None
        self._orphan: SpoolFolder | None = None
        self._orphan_turn = False
        self._adopted_at = -_ADOPT_EVERY_S
        self._outstanding: deque[_Outstanding] = deque()
        self._ordinal = 0

    def put(self, batch: FrozenBatch) -> None:
        """Queue a batch behind all others."""
        with self.changed:
            if self.closed:
                self._ledger.lose("closed", batch.count)
                return
            if not self._outstanding:
                self.mode = "direct"
            self._memory.append(batch)
            self._memory_bytes += len(batch.body)
            self._ordinal += 1
            self._outstanding.append(_Outstanding(self._ordinal, batch.count))
            if self.mode == "spool" or self._memory_bytes > self._limit:
                self.persist()
            if self._memory_bytes > self._limit and len(self._memory) > 1:
                self._memory.pop()
                self._memory_bytes -= len(batch.body)
                self._outstanding.pop()
                self._ledger.lose("spool_full", batch.count, "the server is away and the spool is full")
            self.changed.notify_all()

    def persist(self) -> None:
        """Move what is in memory to the disk, as far as it has room; from now on batches go there."""
        with self.changed:
            self.mode = "spool"
            while self._memory and self._root is not None:
                batch = self._memory[0]
                if not self._root.has_room(len(batch.body) + 256, self._clock()):
                    return
                try:
                    if self._disk is None:
                        self._disk = self._root.create()
                    self._disk.append(batch)
                except OSError as error:
                    self._ledger.warn("spool_failed", 0, f"{error}")
                    return
                self._memory.popleft()
                self._memory_bytes -= len(batch.body)
                self._ledger.add("spooled", batch.count)

    def head(self) -> Head | None:
        """The batch to send next, or None. Orphans and own batches take turns: nobody waits for a flood."""
        with self.changed:
            self._orphan_turn = not self._orphan_turn
            if self._orphan_turn and (batch := self._orphan_head()) is not None:
                return Head(batch, orphan=True)
            if (batch := self._own_head()) is not None:
                return Head(batch, orphan=False)
            if (batch := self._orphan_head()) is not None:
                return Head(batch, orphan=True)
            return None

    def settle(self, head: Head) -> None:
        """The batch of `head` was acknowledged or refused: forget it."""
        with self.changed:
            if self.closed:
                return
            if head.orphan:
                if self._orphan is not None:
                    self._orphan.pop()
            else:
                self._pop_own()
            self.changed.notify_all()

    def has_orphans(self) -> bool:
        """Batches of a process that is gone are being sent."""
        return self._orphan is not None

    def waiting(self) -> bool:
        """Something in memory waits for the network."""
        return bool(self._memory)

    def last_ordinal(self) -> int:
        """The number of the newest batch."""
        with self.changed:
            return self._ordinal

    def settled(self, ordinal: int) -> bool:
        """Every batch up to `ordinal` was settled."""
        with self.changed:
            return not self._outstanding or self._outstanding[0].ordinal > ordinal

    def close(self) -> None:
        """Leave on disk what can be left there, count the rest as lost, let go of the folders."""
        with self.changed:
            if self.closed:
                return
            self.persist()
            unsent = sum(batch.count for batch in self._memory)
            if unsent:
                self._ledger.lose("unsent", unsent, "the server is away and there is no room on disk")
            self._memory.clear()
            self._memory_bytes = 0
            self.closed = True
            for folder in (self._disk, self._orphan):
                if folder is not None:
                    folder.close()
            self.changed.notify_all()

    def abandon(self) -> None:
        """For a forked child: the parent goes on owning all of this. Takes no lock."""
        for folder in (self._disk, self._orphan):
            if folder is not None:
                folder.abandon()

    def _pop_own(self) -> None:
        self._outstanding.popleft()
        if self._disk is not None and len(self._disk):
            self._disk.pop()
            if not len(self._disk) and not self._memory:
                self.mode = "direct"
        else:
            self._memory_bytes -= len(self._memory.popleft().body)

    def _own_head(self) -> FrozenBatch | None:
        while self._disk is not None and len(self._disk):
            try:
                return self._disk.head()
            except InvalidInput as error:
                self._ledger.lose("spool_damaged", self._outstanding[0].events, error.message)
                self._pop_own()
                self.changed.notify_all()
        return self._memory[0] if self._memory else None

    def _orphan_head(self) -> FrozenBatch | None:
        while True:
            if self._orphan is None and not self._adopt():
                return None
            assert self._orphan is not None  # noqa: S101 - for the type checker
            try:
                if (batch := self._orphan.head()) is not None:
                    return batch
            except InvalidInput as error:
                self._ledger.warn("spool_damaged", 0, f"one batch of an earlier process: {error.message}")
                self._orphan.pop()
                continue
            self._orphan.close()
            self._orphan = None
            self.changed.notify_all()

    def _adopt(self) -> bool:
        now = self._clock()
        if self._root is None or now - self._adopted_at < _ADOPT_EVERY_S:
            return False
        self._orphan = self._root.adopt()
        if self._orphan is None:
            self._adopted_at = now
            return False
        if torn := self._orphan.damaged_bytes:
            self._ledger.warn("spool_damaged", 0, f"{torn} bytes of an unfinished write were left out")
        return True
