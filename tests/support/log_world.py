"""One log on a memory disk that outlives its engines: append, integrate, crash, reload, and judge.

Engines are driven without threads (`Writer.turn`, `Integrator.round`), so every run is the same.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from graven.errors import GravenError
from graven.event.batch import PreparedBatch
from graven.event.envelope import entry_tail
from graven.log.drivers import Drivers
from graven.log.engine import Engine
from graven.log.highwater import HighWater
from graven.log.messages import Appended, Incident, KeyedRequest, LogOptions
from graven.log.publish import CHECKPOINT
from graven.storage.contracts import Head, HeadState, Journal, Objects
from graven.storage.faulty import Faults, FaultyHead, FaultyJournal, FaultyObjects
from graven.storage.memory import MemoryDisk, MemoryHead, MemoryJournal, MemoryObjects
from graven.tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from graven.tlog.merkle import EMPTY_ROOT, CompactRange, leaf_hashes
from graven.tlog.note import Signer
from graven.tlog.proof import parse_proof, verify_proof
from graven.tlog.tiles import TilePath, all_tiles, parse_tile_path
from graven.verify.compressed import plain_bundle

SECOND = 10**9
START_NS = 1_800_000_000 * SECOND
SIGNER = Signer("test.example/log", bytes(range(32)))
OPTIONS = LogOptions(supervise=False, segment_bytes=2_000)


class Clock:
    """Unix nanoseconds that only a test moves; each look takes a microsecond."""

    def __init__(self, now_ns: int = START_NS) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        self.now_ns += 1_000
        return self.now_ns


def tail_of(event_id: str, value: object = 1) -> bytes:
    return entry_tail(
        token="t", ip="127.0.0.1", id=event_id, source="s", format="event/1", data=b'{"value":%d}' % hash_int(value)
    )


def hash_int(value: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(value).encode()).digest()[:4], "big")


def batch_of(*ids: str, value: object = 1) -> PreparedBatch:
    """A batch with these event ids; other `value`, other data."""
    batch = PreparedBatch()
    for event_id in ids:
        batch.tails.append(tail_of(event_id, value))
        batch.keys.append(hashlib.sha256(b"key" + event_id.encode()).digest()[:16])
        batch.digests.append(hashlib.sha256(repr(value).encode()).digest()[:16])
    return batch


def numbered(start: int, count: int) -> PreparedBatch:
    return batch_of(*(f"e{number}" for number in range(start, start + count)))


def open_files(folder: Path, name: str) -> list[Path]:
    """Files below `folder` whose name begins with `name`, one for each descriptor that this process holds."""
    files = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of the listing itself is gone by now
            files.append(link.readlink())
    return [file for file in files if file.is_relative_to(folder) and file.name.startswith(name)]


def request(key: str, body: str = "") -> KeyedRequest:
    return KeyedRequest(key, hashlib.sha256(body.encode()).digest())


class World:
    """The disk, the clock, and what was reported; `engine` is the one that runs at the moment."""

    def __init__(self, folder: Path, *, options: LogOptions = OPTIONS, highwater: bool = True) -> None:
        self.folder = folder
        (folder / "idempotency").mkdir(parents=True)
        self.disk = MemoryDisk()
        self.clock = Clock()
        self.options = options
        self.incidents: list[Incident] = []
        self.published: list[bytes] = []
        self.highwater = HighWater(folder / "state", SIGNER.verifier) if highwater else None
        checkpoint = sign_checkpoint(Checkpoint(SIGNER.name, 0, EMPTY_ROOT), SIGNER)
        MemoryHead(self.disk).swap(None, HeadState(checkpoint, self.clock()))
        MemoryObjects(self.disk).replace(CHECKPOINT, checkpoint)
        self.engine: Engine | None = None

    def open(self, faults: Faults | None = None, *, signer: Signer = SIGNER) -> Engine:
        journal: Journal = MemoryJournal(self.disk, segment_bytes=self.options.segment_bytes)
        head: Head = MemoryHead(self.disk)
        objects: Objects = MemoryObjects(self.disk)
        if faults is not None:
            journal, head, objects = (
                FaultyJournal(journal, faults),
                FaultyHead(head, faults),
                FaultyObjects(objects, faults),
            )
        self.engine = Engine(
            "log",
            Drivers(journal, head, objects, self.folder),
            signer,
            self.highwater,
            clock=self.clock,
            options=self.options,
            on_incident=self.incidents.append,
            on_published=self.published.append,
            on_failure=lambda error: None,
        )
        return self.engine

    def append(
        self, batch: PreparedBatch, keyed: KeyedRequest | None = None, *, engine: Engine | None = None
    ) -> Appended:
        """Submit and commit; raises what was answered."""
        answers = self.append_all([(batch, keyed)], engine=engine)
        if isinstance(answers[0], GravenError):
            raise answers[0]
        return answers[0]

    def append_all(
        self,
        batches: Sequence[tuple[PreparedBatch, KeyedRequest | None]],
        *,
        engine: Engine | None = None,
    ) -> list[Appended | GravenError]:
        """Submit all, so that they become one group, and commit; the answers in order."""
        engine = engine or self.running
        answers: dict[int, Appended | GravenError] = {}
        for number, (batch, keyed) in enumerate(batches):
            engine.writer.submit(batch, keyed, answer_to(answers, number))
        if len(answers) < len(batches):
            engine.writer.turn()
        return [answers[number] for number in range(len(batches))]

    @property
    def running(self) -> Engine:
        assert self.engine is not None
        return self.engine

    def crash(self, random: Random | None = None) -> None:
        """Forget the engine as a kill does; with `random`, unsynced objects too, as a power cut does."""
        if self.engine is not None:
            self.engine.discard()
            self.engine = None
        if random is not None:
            self.disk.power_cut(random)

    def close(self) -> None:
        self.running.integrator.round()
        self.running.close()
        self.engine = None

    def entries(self) -> list[bytes]:
        engine = self.running
        return list(engine.entries(0, engine.size))

    def ids(self) -> list[str]:
        return [entry.split(b'"id":"')[1].split(b'"')[0].decode() for entry in self.entries()]


def answer_to(answers: dict[int, Appended | GravenError], number: int) -> Callable[[Appended | GravenError], None]:
    def done(answer: Appended | GravenError) -> None:
        assert number not in answers, "answered twice"
        answers[number] = answer

    return done


def judge(disk: MemoryDisk, entries: Sequence[bytes]) -> Checkpoint:
    """The published tree is a prefix of `entries`, and every object is what these entries say it must be."""
    published = open_checkpoint(disk.objects[CHECKPOINT], SIGNER.verifier)
    assert disk.head is not None
    head = open_checkpoint(disk.head.checkpoint, SIGNER.verifier)
    assert published.size <= head.size <= len(entries)
    hashes = leaf_hashes(entries)
    for checkpoint in (published, head):
        tree = CompactRange()
        tree.extend(hashes[: checkpoint.size])
        assert checkpoint.root == tree.root()
    for needed in all_tiles(head.size):
        assert needed.path() in disk.objects, needed
    for path, data in disk.objects.items():
        if path != CHECKPOINT:
            _judge_object(parse_tile_path(path), data, entries, hashes, head.size)
    return published


def _judge_object(path: TilePath, data: bytes, entries: Sequence[bytes], hashes: list[bytes], size: int) -> None:
    start = path.index * 256
    if path.level == -1:
        part = entries[start : start + path.width]
        assert plain_bundle(data, path.width) == b"".join(len(e).to_bytes(2, "big") + e for e in part), path
        return
    step = 256**path.level
    for number in range(path.width):
        tree = CompactRange()
        tree.extend(hashes[(start + number) * step : (start + number + 1) * step])
        assert data[number * 32 : number * 32 + 32] == tree.root(), path


def prove_all(engine: Engine) -> None:
    """Every published entry has a proof that a stranger accepts."""
    for index in range(engine.integrator.published[0]):
        verify_proof(parse_proof(engine.proof(index)), engine.entry(index), SIGNER.verifier)
