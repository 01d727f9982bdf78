import pytest

from graven.sdk.frozen import FrozenBatch
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.spoolroot import SpoolRoot


def batch(n: int, size: int = 10) -> FrozenBatch:
    return FrozenBatch(f"{n}", "identity", 1, bytes(size))


class World:
    def __init__(self, folder, limit=100_000, memory=1000):
        self.now = 0.0
        self.folder = folder
        self.root = SpoolRoot(folder, "here", limit, 1000)
        self.ledger = Ledger(clock=lambda: self.now)
        self.outbox = Outbox(self.root, self.ledger, memory_bytes=memory, clock=lambda: self.now)

    def drain(self):
        keys = []
        while (head := self.outbox.head()) is not None:
            keys.append(head.batch.key)
            self.outbox.settle(head)
        return keys

    def files(self):
        return list(self.folder.rglob("*.seg")) if self.folder.exists() else []


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "spool")


def test_nothing_touches_the_disk_while_the_server_keeps_up(world):
    for n in range(5):
        world.outbox.put(batch(n))
    assert world.drain() == list("01234")
    assert not world.folder.exists()


def test_the_batch_in_flight_goes_to_disk_first_and_is_settled_there(world):
    for n in range(3):
        world.outbox.put(batch(n))
    head = world.outbox.head()
    world.outbox.persist()
    world.outbox.put(batch(3))
    assert world.ledger.stats().spooled == 4
    world.outbox.settle(head)
    assert world.drain() == ["1", "2", "3"]
    assert world.files() == []


def test_too_much_in_memory_goes_to_disk(tmp_path):
    world = World(tmp_path / "spool", memory=25)
    for n in range(5):
        world.outbox.put(batch(n))
    assert world.files()
    assert world.drain() == list("01234")


def test_once_the_disk_is_drained_memory_is_used_again(world):
    world.outbox.put(batch(0))
    world.outbox.persist()
    assert world.drain() == ["0"]
    world.outbox.put(batch(1))
    assert world.outbox.mode == "direct"
    assert world.drain() == ["1"]


def test_a_full_spool_keeps_the_oldest_and_counts_the_newest(tmp_path):
    world = World(tmp_path / "spool", limit=900, memory=100)
    world.outbox.persist()
    for n in range(50):
        world.outbox.put(batch(n, 50))
    kept = world.drain()
    assert kept == [str(n) for n in range(len(kept))]
    assert world.ledger.stats().losses == {"spool_full": 50 - len(kept)}


def test_without_a_spool_memory_is_the_bound():
    ledger = Ledger()
    outbox = Outbox(None, ledger, memory_bytes=100)
    for n in range(5):
        outbox.put(batch(n, 40))
    assert ledger.stats().dropped == 3
    outbox.close()
    assert ledger.stats().losses == {"spool_full": 3, "unsent": 2}


def test_a_disk_that_refuses_leaves_batches_in_memory(world, monkeypatch):
    monkeypatch.setattr(world.root, "create", lambda: (_ for _ in ()).throw(OSError("read-only")))
    world.outbox.put(batch(0))
    world.outbox.persist()
    world.outbox.put(batch(1))
    assert world.drain() == ["0", "1"]


def test_flush_waits_for_what_was_there_and_no_longer(world):
    world.outbox.put(batch(0))
    ordinal = world.outbox.last_ordinal()
    world.outbox.put(batch(1))
    assert not world.outbox.settled(ordinal)
    world.outbox.settle(world.outbox.head())
    assert world.outbox.settled(ordinal)
    assert not world.outbox.settled(world.outbox.last_ordinal())


def test_batches_of_the_dead_are_sent_with_the_living_taking_turns(world):
    dead = World(world.folder)
    for n in range(3):
        dead.outbox.put(batch(n))
    dead.outbox.close()
    for n in range(7, 10):
        world.outbox.put(batch(n))
    keys = world.drain()
    assert [key for key in keys if key < "5"] == list("012")
    assert [key for key in keys if key > "5"] == list("789")
    assert keys.index("7") < keys.index("2"), "a flood of old batches does not stop new ones"


def test_what_is_left_at_the_end_stays_on_disk(world):
    for n in range(3):
        world.outbox.put(batch(n))
    world.outbox.close()
    assert world.ledger.stats().dropped == 0
    assert World(world.folder).drain() == list("012")


def test_a_batch_that_comes_after_the_end_is_counted(world):
    world.outbox.close()
    world.outbox.put(batch(0))
    assert world.ledger.stats().losses == {"closed": 1}


def test_a_damaged_batch_is_counted_and_does_not_stop_the_others(world):
    for n in range(3):
        world.outbox.put(batch(n))
    world.outbox.persist()
    (segment,) = world.files()
    data = bytearray(segment.read_bytes())
    data[40] ^= 1
    segment.write_bytes(data)
    assert world.drain() == ["1", "2"]
    assert world.ledger.stats().losses == {"spool_damaged": 1}
