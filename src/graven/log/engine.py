"""One life of a log: opened from disk, checked, running with two threads, ended by `close` or a fault.

An engine that failed is never repaired; the log throws it away and opens another from what is on disk.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from graven.errors import GravenError, NotFound, RefusedToStart, Tampered, Unavailable
from graven.event.envelope import parse_time
from graven.log.checks import (
    check_clock,
    check_highwater,
    check_published,
    load_frontier,
    load_head,
    load_published,
)
from graven.log.drivers import Drivers
from graven.log.highwater import HighWater
from graven.log.idempotency import KeyTable
from graven.log.integrate import Integrator, partial_folder
from graven.log.messages import Incident, LogOptions
from graven.log.publish import Publisher, Waiters
from graven.log.replay import replay
from graven.log.requests import RequestTable
from graven.log.tree import Tree
from graven.log.writer import Writer, stopped_error
from graven.tlog.note import Signer
from graven.tlog.proof import TlogProof, format_proof
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, covers

__all__ = ["Engine"]

_HOUR_NS = 3_600 * 10**9


class Engine:
    """Construction runs every start-up check that needs the storage (RefusedToStart) and the replay.

    `start` starts the threads. `on_failure(error)` is called once, from the thread that failed.
    """

    def __init__(
        self,
        name: str,
        drivers: Drivers,
        signer: Signer,
        highwater: HighWater | None,
        *,
        clock: Callable[[], int],
        options: LogOptions,
        on_incident: Callable[[Incident], None],
        on_published: Callable[[bytes], None],
        on_failure: Callable[[GravenError], None],
    ) -> None:
        self.name = name
        self._drivers = drivers
        self._on_incident = on_incident
        self._on_failure = on_failure
        self._failing = threading.Lock()
        self.stopped: Unavailable | None = None
        key = signer.verifier
        tree = self.tree = Tree(drivers.objects)

        # 1. the head, and whether anybody can have seen more than it covers
        state, head = load_head(drivers.head, key)
        published, shown = load_published(drivers.objects, key)
        check_clock(clock(), state.time_ns, options.clock_tolerance_s, name)
        mark = highwater.load() if highwater is not None else None
        check_highwater(mark, head, tree)
        # 2. the right edge of what was signed
        frontier, last_entry = load_frontier(tree, head)
        check_published(shown, head, tree)
        # 3. what was committed after that
        keys = KeyTable(
            drivers.folder / "idempotency", on_damage=lambda text: self._report("idempotency_damaged", text)
        )
        self.keys = keys
        self._requests = RequestTable(
            drivers.folder / "requests.sqlite",
            cap=options.keyed_requests,
            keep_ns=int(options.keyed_hours * _HOUR_NS),
        )
        try:
            if self._requests.made and head.size:
                text = "requests.sqlite was lost, and with it the keyed requests of the last hours"
                self._report("requests_lost", text)
            replayed = replay(drivers.journal, head.size, keys, self._requests)
            self.pending = replayed.pending
            recovery = drivers.journal.recovery
            if recovery.torn is not None:
                text = f"a torn journal tail of {recovery.torn_bytes} bytes was set aside as {recovery.torn}"
                self._report("journal_torn", text, file=recovery.torn, bytes=recovery.torn_bytes)
            if replayed.lost_keys:
                text = f"no idempotency keys for the {replayed.lost_keys} entries before {replayed.first}"
                self._report("idempotency_damaged", text)
            # 4. what a kill left undone: publication, and partial tiles that a full one replaced
            publisher = Publisher(
                drivers.objects,
                highwater,
                on_published=on_published,
                on_highwater_failure=lambda text: self._report("highwater_unwritable", text),
            )
            if shown.text != head.text:
                publisher.publish(state.checkpoint)
                published = state.checkpoint
            elif head.size > (mark.size if mark is not None else 0):
                # it could not be written at the publication, or was lost: nobody may have appended since
                publisher.keep_mark(state.checkpoint)
            self._clean_partials(replayed.first, head.size)

            self._waiters = Waiters()
            self.integrator = Integrator(
                drivers,
                signer,
                self.pending,
                frontier,
                state,
                published=(head.size, published),
                keys=keys,
                requests=self._requests,
                publisher=publisher,
                waiters=self._waiters,
                clock=clock,
                options=options,
                fail=self._fail,
            )
            newest = self.pending.entry(self.pending.next_index - 1) or last_entry
            self.writer = Writer(
                drivers.journal,
                keys,
                self._requests,
                next_index=self.pending.next_index,
                last_received_ns=_received_ns(newest) if newest is not None else 0,
                clock=clock,
                options=options,
                commit=self.integrator.commit,
                wait_for_room=self.integrator.wait_for_room,
                fail=self._fail,
            )
        except BaseException:
            self._requests.close()  # the drivers are the caller's, this is ours
            raise
        self._threads = [
            threading.Thread(target=self.writer.run, name=f"log-{name}-writer", daemon=True),
            threading.Thread(target=self.integrator.run, name=f"log-{name}-integrator", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    # -- reading ----------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Committed entries, integrated or not."""
        return self.pending.next_index

    @property
    def journal_bytes(self) -> int:
        return self._drivers.journal.size_bytes()

    @property
    def keyed_requests(self) -> int:
        return len(self._requests)

    def entry(self, index: int) -> bytes:
        """The entry at `index` of the committed log; NotFound beyond it."""
        if not 0 <= index < self.size:
            raise NotFound(f"the log has no entry {index}", why=f"its size is {self.size}", code="entry_not_found")
        # not a loop: entries move from waiting to resting once, and never back
        waiting = self.pending.entry(index)
        return waiting if waiting is not None else self._bundle(index)[index % FULL_WIDTH]

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Entries [start, stop) of the committed log, in order; a bundle in memory at a time."""
        stop = min(stop, self.size)
        index = max(start, 0)
        while index < stop:
            waiting = self.pending.entry(index)
            if waiting is not None:
                yield waiting
                index += 1
                continue
            bundle = self._bundle(index)
            part = bundle[index % FULL_WIDTH : index % FULL_WIDTH + stop - index]
            yield from part
            index += len(part)

    def _bundle(self, index: int) -> list[bytes]:
        return self.tree.bundle(index // FULL_WIDTH, self.integrator.signed_size)

    def proof(self, index: int) -> bytes:
        """The tlog-proof of entry `index` in the published tree; NotFound (`not_published`) beyond it."""
        size, checkpoint = self.integrator.published
        if not 0 <= index < size:
            known = 0 <= index < self.size
            raise NotFound(
                f"entry {index} is not in the published tree",
                why=f"the published size is {size}",
                hint="it is committed; ask again in a second" if known else "",
                code="not_published" if known else "entry_not_found",
            )
        return format_proof(TlogProof(index, tuple(self.tree.inclusion(index, size)), checkpoint))

    def object(self, path: TilePath) -> bytes | None:
        """Plain bytes of a tile or bundle within the published tree, at any width; None beyond it.

        Raises Tampered when the tree covers it and storage does not have it.
        """
        size = self.integrator.published[0]
        if not covers(size, path):
            return None
        data = self.tree.read(path)
        if data is None:
            raise Tampered(f"{path.path()} is missing from the tree of size {size}")
        return data

    # -- the end ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Finish what was accepted, publish it, stop clean; when the engine failed, just let go.

        Raises StorageFailed when the clean stop could not be marked; nothing is lost by that.
        """
        self.writer.stop()
        self._join(self._threads[0])
        self.integrator.stop()
        self._join(self._threads[1])
        self._waiters.close()
        if self.stopped is not None:
            self.discard()
            return
        self._requests.close()
        self._drivers.close(clean=True)

    def discard(self) -> None:
        """Let go of an engine that failed or was never started; nothing is written."""
        self._requests.close()
        with suppress(GravenError):  # a failed driver may fail to close as well
            self._drivers.close(clean=False)

    @staticmethod
    def _join(thread: threading.Thread) -> None:
        if thread.ident is not None:
            thread.join()

    def _fail(self, error: BaseException) -> None:
        with self._failing:
            if self.stopped is not None:
                return
            self.stopped = stopped_error(error)
        self.writer.abort(self.stopped)
        self.integrator.abort()
        self._on_failure(self.stopped)

    def _report(self, kind: str, message: str, **details: str | int) -> None:
        self._on_incident(Incident(kind, self.name, message, details))

    def _clean_partials(self, first: int, size: int) -> None:
        """Delete partial tiles that full ones replaced since the journal's first frame.

        Frames are dropped only after such partials, so nothing older can be left (see integrate.py).
        """
        for level in range(ENTRIES_LEVEL, (size.bit_length() + 7) // 8):
            shift = 8 * (max(level, 0) + 1)
            for index in range(min(first, size) >> shift, size >> shift):
                folder = partial_folder(TilePath(level, index, FULL_WIDTH))
                for name in list(self._drivers.objects.list(folder)):
                    self._drivers.objects.delete(name)


def _received_ns(entry: bytes) -> int:
    try:
        return parse_time(entry[19:49].decode("ascii"))
    except (UnicodeDecodeError, GravenError) as error:
        raise RefusedToStart(
            "the last entry does not say when it was received",
            why="it is proven by the tree, but was not written by this program",
            code="bundle_damaged",
        ) from error
