"""The writer thread: takes every batch that waits, commits them as one frame, then acknowledges each.

Order within a group: idempotency → stamp → indexes → one frame, one `fdatasync` (the commit point) →
hand to integration → acknowledge. Nothing is acknowledged before the journal returned. Whatever fails
from the journal call on is fatal: the state of the disk is unknown, so everything that waits is answered
`writer_stopped` (or `storage_full`), and only a reload from disk may go on.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from graven.errors import Busy, Conflict, GravenError, StorageFailed, Unavailable
from graven.event.batch import HEAD_SIZE, PreparedBatch
from graven.event.envelope import entry_head
from graven.log.idempotency import KeyTable
from graven.log.messages import Appended, KeyedRequest, LogOptions, encode_answer
from graven.log.notes import FrameNote, KeptRequest, encode_note
from graven.log.pending import Group, group_from_tails
from graven.log.requests import RequestTable
from graven.log.run_format import Known
from graven.storage.contracts import Journal

__all__ = ["Done", "Writer", "stopped_error"]

Done = Callable[[Appended | GravenError], None]

_UNSTORED_REQUESTS = 1_024
"""Keyed requests kept in memory while nothing but known entries comes."""


def stopped_error(cause: BaseException) -> Unavailable:
    """What every request gets after `cause` stopped the writer."""
    full = isinstance(cause, GravenError) and cause.code == "storage_full"
    return Unavailable(
        "the disk is full" if full else "the writer stopped",
        why=str(cause),
        hint="free disk space; the log goes on by itself"
        if full
        else "send the same request again: what was committed is recognised",
        code="storage_full" if full else "writer_stopped",
    )


class _Waiting(NamedTuple):
    batch: PreparedBatch
    keyed: KeyedRequest | None
    done: Done
    size_bytes: int


class _Group:
    """What one frame will hold, while batches are added to it."""

    __slots__ = ("digests", "keys", "positions", "replies", "requests", "tails")

    def __init__(self) -> None:
        self.tails: list[bytes] = []
        self.keys: list[bytes] = []
        self.digests: list[bytes] = []
        self.positions: dict[bytes, int] = {}
        self.requests: dict[str, tuple[KeyedRequest, Appended]] = {}
        self.replies: list[tuple[Done, Appended | GravenError]] = []


class Writer:
    """Owns the sequence. `submit` from any thread; `run` is the thread's body."""

    def __init__(
        self,
        journal: Journal,
        keys: KeyTable,
        requests: RequestTable,
        *,
        next_index: int,
        last_received_ns: int,
        clock: Callable[[], int],
        options: LogOptions,
        commit: Callable[[Group], None],
        wait_for_room: Callable[[], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        """`commit` hands a durable group to integration; `wait_for_room` blocks while integration lags
        and raises when it stopped; `fail` is told of whatever ends the thread other than `stop`."""
        self._journal = journal
        self._keys = keys
        self._requests = requests
        self._next = next_index
        self._last_ns = last_received_ns
        self._clock = clock
        self._options = options
        self._commit = commit
        self._wait_for_room = wait_for_room
        self._fail = fail
        self._wake = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._queued_bytes = 0
        self._stopping = False
        self._error: Unavailable | None = None
        self.groups = 0
        self.duplicates = 0
        self.callback_failures = 0

    @property
    def queued_bytes(self) -> int:
        """Bytes of the batches that wait, not counting the group being written."""
        return self._queued_bytes

    def submit(self, batch: PreparedBatch, keyed: KeyedRequest | None, done: Done) -> None:
        """Queue a batch. `done` is called once: from the writer thread, or at once with Busy/Unavailable."""
        size = sum(map(len, batch.tails)) + HEAD_SIZE * len(batch.tails)
        with self._wake:
            refused: GravenError | None = self._error
            if refused is None and self._stopping:
                refused = Unavailable("the log is closing", hint="send it again later", code="writer_stopped")
            if refused is None and self._queue and self._queued_bytes + size > self._options.queue_bytes:
                refused = Busy(
                    f"{self._queued_bytes} bytes wait for the disk, the limit is {self._options.queue_bytes}",
                    hint="send the same request again after Retry-After",
                )
            if refused is None:
                self._queue.append(_Waiting(batch, keyed, done, size))
                self._queued_bytes += size
                self._wake.notify()
        if refused is not None:
            self._answer(done, refused)

    def stop(self) -> None:
        """Take no more batches; the thread ends when it has finished those it has."""
        with self._wake:
            self._stopping = True
            self._wake.notify()

    def abort(self, error: Unavailable) -> None:
        """Answer everything that waits, and everything later, with `error`."""
        with self._wake:
            if self._error is None:
                self._error = error
            waiting = list(self._queue)
            self._queue.clear()
            self._queued_bytes = 0
            self._wake.notify()
        for item in waiting:
            self._answer(item.done, self._error)

    def run(self) -> None:
        """Until `stop` and an empty queue, or `abort`, or a failure."""
        while self.turn():
            pass

    def turn(self) -> bool:
        """Wait for batches, commit and answer one group of them; False when the thread must end."""
        taken = self._take()
        if not taken:
            return False
        group = _Group()
        try:
            self._wait_for_room()
            for item in taken:
                self._admit(group, item)
            self._write(group)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread must not go on
            stopped = stopped_error(error)
            # First stop taking, then answer, so that nobody is told to retry into the same fault.
            self.abort(stopped)
            for item in taken:
                self._answer(item.done, stopped)
            self._fail(error)
            return False
        for done, reply in group.replies:
            self._answer(done, reply)
        return True

    def _take(self) -> list[_Waiting]:
        """All that wait, up to a frame's size but at least one; empty when the thread must end."""
        with self._wake:
            while not self._queue and not self._stopping and self._error is None:
                self._wake.wait()
            taken: list[_Waiting] = []
            size = 0
            while self._queue and (not taken or size + self._queue[0].size_bytes <= self._options.group_bytes):
                item = self._queue.popleft()
                size += item.size_bytes
                taken.append(item)
            self._queued_bytes -= size
            return taken

    def _answer(self, done: Done, reply: Appended | GravenError) -> None:
        try:
            done(reply)
        except Exception:  # noqa: BLE001 - a caller that went away must not stop the log; counted in stats
            self.callback_failures += 1

    def _admit(self, group: _Group, item: _Waiting) -> None:
        """Resolve idempotency of one batch and add what is new; refusals concern this batch only."""
        try:
            answer = self._replay(group, item.keyed)
            if answer is None:
                answer = self._resolve(group, item.batch)
                if item.keyed is not None:
                    group.requests[item.keyed.key] = (item.keyed, answer)
        except StorageFailed:
            raise
        except GravenError as refused:
            group.replies.append((item.done, refused))
            return
        group.replies.append((item.done, answer))

    def _replay(self, group: _Group, keyed: KeyedRequest | None) -> Appended | None:
        if keyed is None:
            return None
        if (inflight := group.requests.get(keyed.key)) is not None:
            first, answer = inflight
            if first.body_digest != keyed.body_digest:
                raise Conflict(
                    f"the idempotency key {keyed.key!r} is in use with another body",
                    hint="use a new key for every new request",
                    code="idempotency_key_reused",
                )
            return Appended(answer.first, answer.count, answer.duplicates, answer.ids, replayed=True)
        return self._requests.find(keyed, max(self._last_ns, self._clock()))

    def _resolve(self, group: _Group, batch: PreparedBatch) -> Appended:
        """Answer for `batch`, whose new entries are appended to the group; Conflict refuses it whole."""
        base = len(group.tails)
        first = self._next + base
        keys = batch.keys
        known = self._keys.find(keys)
        if not known and len(set(keys)) == len(keys) and group.positions.keys().isdisjoint(keys):
            # nearly every batch: all new, so whole lists move and nothing is looked at one by one
            group.tails += batch.tails
            group.keys += keys
            group.digests += batch.digests
            group.positions.update(zip(keys, range(base, base + len(keys)), strict=True))
            return Appended(first if keys else None, len(keys), {}, batch.made_ids)
        for key in keys:
            if (at := group.positions.get(key)) is not None:
                known[key] = Known(self._next + at, group.digests[at])
        fresh: dict[bytes, Known] = {}
        chosen: list[int] = []
        duplicates: dict[int, int] = {}
        for position, (key, digest) in enumerate(zip(keys, batch.digests, strict=True)):
            before = known.get(key) or fresh.get(key)
            if before is None:
                fresh[key] = Known(first + len(chosen), digest)
                chosen.append(position)
            elif before.digest == digest:
                duplicates[position] = before.index
            else:
                raise Conflict(
                    f"item {position} has the source and id of entry {before.index}, with other data",
                    why="an id stands for one event of its source for ever",
                    hint="give the event its own id, or leave the id out",
                    details={"item": position, "index": before.index},
                )
        group.tails += [batch.tails[position] for position in chosen]
        group.keys += fresh
        group.positions.update(zip(fresh, range(base, base + len(fresh)), strict=True))
        group.digests += [batch.digests[position] for position in chosen]
        self.duplicates += len(duplicates)
        ids = {position: made for position, made in batch.made_ids.items() if position not in duplicates}
        return Appended(first if chosen else None, len(chosen), duplicates, ids)

    def _write(self, group: _Group) -> None:
        """Commit the group: everything after this call's journal append is on record."""
        if not group.tails and not group.requests:
            return
        self._last_ns = now_ns = max(self._last_ns, self._clock())
        kept = [
            KeptRequest(key, keyed.body_digest, now_ns, encode_answer(answer))
            for key, (keyed, answer) in group.requests.items()
        ]
        entries = group_from_tails(self._next, entry_head(now_ns), group.tails)
        digests = b"".join(group.digests)
        note = encode_note(FrameNote(b"".join(group.keys), digests, kept))
        # a group of known entries under a new request key is a frame of zero entries
        self._journal.append(self._next, entries.count, [entries.data], note)
        self._requests.remember(kept)
        self.groups += 1
        if entries.count:
            self._keys.add(self._next, group.keys, digests)
            self._next = entries.next_index
            self._commit(entries)
        elif self._requests.unstored >= _UNSTORED_REQUESTS:
            # integration stores them, but without a new entry it has nothing to do
            self._requests.store(now_ns)
