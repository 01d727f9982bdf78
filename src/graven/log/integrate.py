"""The integration thread: committed entries become bundles, hash tiles, and a signed tree.

A round takes what the writer committed and does, each stage durable before the next (DESIGN.md §4):

    bundles → sync → hash tiles → sync → sign → head compare-and-swap → drop obsolete partial tiles
    → publish, when due → write idempotency runs and keyed requests → drop journal frames

Why this order: a signature must never cover a tile that a power cut can take back; a reader must never
see a checkpoint that the head could forget; and frames are the only copy until all the rest is durable.
A round that fails is never repeated from memory: the engine stops, and what is on disk decides.
Work is deterministic, so a round repeated after a crash writes the same objects again.
"""

import threading
import time
from collections.abc import Callable

from graven.errors import StorageFailed, Unavailable
from graven.log.compress import compress_bundle, decompress_bundle
from graven.log.drivers import Drivers
from graven.log.frontier import TILE_WIDTH, Frontier, Tile, edge_tiles
from graven.log.idempotency import KeyTable
from graven.log.messages import LogOptions
from graven.log.pending import Group, Pending
from graven.log.publish import Publisher, Schedule, Waiters
from graven.log.requests import RequestTable
from graven.storage.contracts import HeadState
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.note import Signer
from graven.tlog.tiles import TilePath

__all__ = ["Integrator", "partial_folder"]

ENTRIES_LEVEL = -1


def partial_folder(path: TilePath) -> str:
    """The folder that holds the partial tiles of the full tile at `path`."""
    return TilePath(path.level, path.index, TILE_WIDTH).path() + ".p"


class Integrator:
    """Grows the tree from `frontier`, whose signed checkpoint is `state`. `run` is the thread's body."""

    def __init__(
        self,
        drivers: Drivers,
        signer: Signer,
        pending: Pending,
        frontier: Frontier,
        state: HeadState,
        *,
        published: tuple[int, bytes],
        keys: KeyTable,
        requests: RequestTable,
        publisher: Publisher,
        waiters: Waiters,
        clock: Callable[[], int],
        options: LogOptions,
        fail: Callable[[BaseException], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`published` is the size and bytes of the checkpoint that readers see now."""
        self._drivers = drivers
        self._objects = drivers.objects
        self._signer = signer
        self._pending = pending
        self._frontier = frontier
        self._state = state
        self._keys = keys
        self._requests = requests
        self._publisher = publisher
        self._waiters = waiters
        self._clock = clock
        self._options = options
        self._fail = fail
        self._monotonic = monotonic
        self._schedule = Schedule(every_s=options.publish_every_s, soon_s=options.publish_soon_s)
        self._wake = threading.Condition()
        self._absorbed = frontier.size  # leaves hashed into the frontier
        self._bundled = frontier.size  # entries whose full bundles are put; partial ones come at the round
        self._full: list[Tile] = []  # hash tiles that became full since the last round
        self._signed = frontier.size
        self._unsigned_bytes = 0
        self.published = published
        self._stopping = False
        self._stopped = False
        self.rounds = 0

    @property
    def signed_size(self) -> int:
        """Size of the tree that the head holds."""
        return self._signed

    # -- called by other threads ------------------------------------------------------------------

    def commit(self, group: Group) -> None:
        """Take a durable group; the writer calls it after the commit point."""
        self._pending.add(group)
        with self._wake:
            self._wake.notify_all()

    def wait_for_room(self) -> None:
        """Block while too many bytes wait for integration; raises Unavailable when it stopped."""
        if self._pending.size_bytes < self._options.pending_bytes:
            return
        with self._wake:
            while self._pending.size_bytes >= self._options.pending_bytes and not self._stopped:
                self._wake.wait()
            if self._stopped:
                raise Unavailable("integration stopped", code="writer_stopped")

    def wait_published(self, size: int, done: Callable[[bool], None]) -> None:
        """Call `done(True)` once a checkpoint of at least `size` is published; bring that forward."""
        if self.published[0] >= size:
            done(True)
            return
        self._waiters.add(size, done)
        with self._wake:
            self._schedule.wish(self._monotonic())
            self._wake.notify_all()
        if self.published[0] >= size:  # published between the look and the wish
            self._waiters.reached(self.published[0])

    def stop(self) -> None:
        """Finish: integrate and publish everything committed, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()

    def abort(self) -> None:
        """End the thread without finishing; everybody who waits is told so."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        self._waiters.close()

    # -- the thread -------------------------------------------------------------------------------

    def run(self) -> None:
        while self._guarded(self._step):
            pass
        self._waiters.close()

    def round(self) -> None:
        """Integrate and publish everything committed, now, in the calling thread: for tools and tests."""
        self._guarded(self._everything)

    def _guarded(self, work: Callable[[], bool]) -> bool:
        if self._stopped:
            return False
        try:
            return work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, nothing may be signed after it
            self.abort()
            self._fail(error)
            return False

    def _everything(self) -> bool:
        while self._absorbed < self._pending.next_index:
            self._absorb()
        self.integrate(publish=True)
        return True

    def _step(self) -> bool:
        """Wait for work, do one piece of it; False when the thread must end."""
        with self._wake:
            while True:
                if self._stopped:
                    return False
                if self._pending.next_index > self._absorbed:
                    break
                now_s = self._monotonic()
                unpublished = self._pending.next_index > self.published[0]
                if unpublished and (self._stopping or now_s >= self._schedule.due_s()):
                    break
                if self._stopping:
                    return False
                self._wake.wait(max(0.0, self._schedule.due_s() - now_s) if unpublished else None)
        self._absorb()
        due = self._stopping or self._monotonic() >= self._schedule.due_s()
        if due or self._unsigned_bytes >= self._options.round_bytes:
            self.integrate(publish=due)
        return True

    def _absorb(self) -> None:
        """Hash the leaves of new groups and put the bundles they fill; nothing is signed yet."""
        for group in self._pending.since(self._absorbed):
            self._full += self._frontier.extend(group.take_leaf_hashes())
            self._absorbed = group.next_index
            while self._bundled // TILE_WIDTH < self._absorbed // TILE_WIDTH:
                index = self._bundled // TILE_WIDTH
                self._put_bundle(TilePath(ENTRIES_LEVEL, index, TILE_WIDTH))
                self._bundled = (index + 1) * TILE_WIDTH
            self._unsigned_bytes += len(group.data)
            if self._unsigned_bytes >= self._options.round_bytes:
                return

    def integrate(self, *, publish: bool) -> None:
        """One round over everything absorbed: on return the head holds a tree of that size."""
        size = self._absorbed
        if size > self._signed:
            old_edges = [*edge_tiles(self._signed), *_edge_bundle(self._signed)]
            for path in _edge_bundle(size):
                self._put_bundle(path)
            self._objects.sync()
            for tile in (*self._full, *self._frontier.partials()):
                self._objects.put(tile.path.path(), tile.hashes)
            self._objects.sync()
            self._sign(size)
            self._full.clear()
            self._unsigned_bytes = 0
            self._drop_partials(old_edges, size)
        if publish and self._signed > self.published[0]:
            self._publisher.publish(self._state.checkpoint)
            self.published = (self._signed, self._state.checkpoint)
            self._waiters.reached(self._signed)
            with self._wake:
                self._schedule.published(now_s := self._monotonic())
                if self._waiters:  # a wish that came during this round was for entries after it
                    self._schedule.wish(now_s)
        self._keys.write_sealed(self._signed)
        self._requests.store(self._state.time_ns)
        self._drivers.journal.drop_below(min(self._signed, self._keys.durable_below))
        self._pending.drop_below(self._signed)
        self.rounds += 1
        with self._wake:
            self._wake.notify_all()

    def _sign(self, size: int) -> None:
        checkpoint = Checkpoint(self._signer.name, size, self._frontier.root())
        signed = sign_checkpoint(checkpoint, self._signer)
        # the head's time only moves forward, so that a clock set back later is noticed at the next start
        state = HeadState(signed, max(self._clock(), self._state.time_ns))
        self._drivers.head.swap(self._state.checkpoint, state)
        self._state = state
        self._signed = size

    def _put_bundle(self, path: TilePath) -> None:
        """Put one bundle, compressed. An existing one must hold the same entries (StorageFailed)."""
        start = path.index * TILE_WIDTH
        plain = b"".join(self._records(start, start + path.width))
        name = path.path()
        try:
            self._objects.put(name, compress_bundle(plain))
        except StorageFailed as error:
            if error.code != "immutable_changed":
                raise
            # compressors differ between versions, entries do not: compare what is compressed
            existing = self._objects.get(name)
            if existing is None or decompress_bundle(existing, path.width) != plain:
                raise StorageFailed(
                    f"{name} exists with other entries",
                    why="a bundle is immutable; going on would sign a tree that contradicts it",
                    code="immutable_changed",
                    details={"path": name},
                ) from error

    def _records(self, start: int, stop: int) -> list[bytes | memoryview]:
        """Bundle encoding of entries [start, stop): integrated ones from the partial bundle, new ones as they wait."""
        pieces: list[bytes | memoryview] = []
        if start < self._signed:
            # the signed tree ends inside this bundle: its partial bundle has what no longer waits
            path = TilePath(ENTRIES_LEVEL, start // TILE_WIDTH, self._signed - start).path()
            data = self._objects.get(path)
            if data is None:
                raise StorageFailed(f"{path} vanished", why="the signed tree covers it", details={"path": path})
            pieces.append(decompress_bundle(data, self._signed - start))
            start = self._signed
        pieces += self._pending.records(start, stop)
        return pieces

    def _drop_partials(self, old_edges: list[TilePath], size: int) -> None:
        """Delete the partial tiles that a full one has just replaced."""
        for path in old_edges:
            level = max(path.level, 0)
            if size >> (8 * level) >= (path.index + 1) * TILE_WIDTH:
                for name in list(self._objects.list(partial_folder(path))):
                    self._objects.delete(name)


def _edge_bundle(size: int) -> list[TilePath]:
    """The partial bundle of a tree of `size` entries, if it has one."""
    width = size % TILE_WIDTH
    return [TilePath(ENTRIES_LEVEL, size // TILE_WIDTH, width)] if width else []
