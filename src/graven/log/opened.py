"""`Log`: the one face of an open log, whatever engine works behind it at the moment."""

import threading
from collections.abc import Callable, Iterator, Sequence

from graven.errors import GravenError, StorageFailed
from graven.event.batch import PreparedBatch
from graven.log.engine import Engine
from graven.log.messages import Appended, Incident, KeyedRequest
from graven.log.supervise import Hooks, Supervisor
from graven.log.writer import Done
from graven.storage.contracts import Blobs
from graven.tlog.keys import VerifierKey
from graven.tlog.tiles import TilePath

__all__ = ["Log"]


class Log:
    """An open log; made by `open_log`. Every method may be called from any thread.

    When a write fails the log stops (`stopped`), answers everything with that error, and reopens itself
    from disk (DESIGN.md §4); `stopped` is None again then. It stays stopped when the disk contradicts itself.
    """

    def __init__(
        self,
        name: str,
        key: VerifierKey,
        blobs: Blobs,
        open_engine: Callable[[Hooks], Engine],
        release: Callable[[], None],
        *,
        supervise: bool = True,
        on_incident: Callable[[Incident], None],
        on_published: Callable[[bytes], None],
    ) -> None:
        self.name = name
        self.verifier_key = key
        self.blobs = blobs
        self._release = release
        self._supervisor = Supervisor(
            name, open_engine, supervise=supervise, on_incident=on_incident, on_published=on_published
        )

    @property
    def _engine(self) -> Engine:
        return self._supervisor.engine

    @property
    def origin(self) -> str:
        return self.verifier_key.name

    @property
    def size(self) -> int:
        """Committed entries."""
        return self._engine.size

    @property
    def published_size(self) -> int:
        """Entries of the tree that the published checkpoint signs."""
        return self._engine.integrator.published[0]

    @property
    def stopped(self) -> GravenError | None:
        """Why nothing can be appended at the moment, or None."""
        return self._supervisor.refused or self._engine.stopped

    def checkpoint(self) -> bytes:
        """The published checkpoint, a signed note."""
        return self._engine.integrator.published[1]

    def submit(self, batch: PreparedBatch, *, keyed: KeyedRequest | None = None, done: Done) -> None:
        """Queue a batch whose blobs are durable already; `done` gets the answer exactly once.

        It is called from the writer thread after the commit point, or at once with Busy (too much waits)
        or Unavailable (`writer_stopped`, `storage_full`). Conflict refuses the batch whole.
        """
        self._engine.writer.submit(batch, keyed, done)

    def append(self, batch: PreparedBatch, keyed: KeyedRequest | None = None) -> Appended:
        """Store the batch's blobs, submit it and wait; raises what `submit` would have answered."""
        for digest, content in batch.blobs.items():
            if (stored := self.blobs.put(content)) != digest:
                raise StorageFailed(f"a blob was stored as {stored}, expected {digest}")
        answered = threading.Event()
        answers: list[Appended | GravenError] = []

        def done(answer: Appended | GravenError) -> None:
            answers.append(answer)
            answered.set()

        self.submit(batch, keyed=keyed, done=done)
        answered.wait()
        if isinstance(answers[0], GravenError):
            raise answers[0]
        return answers[0]

    def known(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Those idempotency keys that committed entries have, with the index of each; as far back as they are kept."""
        return {key: known.index for key, known in self._engine.keys.find(keys).items()}

    def wait_published(self, index_exclusive: int, done: Callable[[bool], None]) -> None:
        """Bring publication forward and call `done(True)` once that many entries are published.

        `done(False)` when the log stops before. Time limits are the caller's: a late call is harmless.
        """
        self._engine.integrator.wait_published(index_exclusive, done)

    def entry(self, index: int) -> bytes:
        """A committed entry, integrated or not; NotFound beyond the log, Tampered when damaged."""
        return self._engine.entry(index)

    def entries(self, start: int, stop: int) -> Iterator[bytes]:
        """Committed entries [start, stop), cut at the size of the log."""
        return self._engine.entries(start, stop)

    def proof(self, index: int) -> bytes:
        """The tlog-proof of a published entry; NotFound (`not_published`, `entry_not_found`)."""
        return self._engine.proof(index)

    def object(self, path: TilePath) -> bytes | None:
        """Plain bytes of a tile or bundle at any width within the published tree; None beyond it."""
        return self._engine.object(path)

    def close(self) -> None:
        """Finish what was accepted, publish it, stop clean, let go of the lock."""
        try:
            self._supervisor.close()
        finally:
            self._release()

    def stats(self) -> dict[str, float]:
        """Gauges and counters for metrics; byte counts end in `_bytes`. Counters begin anew at a restart."""
        engine = self._engine
        writer, integrator = engine.writer, engine.integrator
        return {
            "size": engine.size,
            "published_size": integrator.published[0],
            "signed_size": integrator.signed_size,
            "queued_bytes": writer.queued_bytes,
            "pending_bytes": engine.pending.size_bytes,
            "journal_bytes": engine.journal_bytes,
            "keyed_requests": engine.keyed_requests,
            "groups": writer.groups,
            "rounds": integrator.rounds,
            "duplicates": writer.duplicates,
            "callback_failures": writer.callback_failures + self._supervisor.callback_failures,
            "restarts": self._supervisor.restarts,
            "stopped": float(self.stopped is not None),
        }
