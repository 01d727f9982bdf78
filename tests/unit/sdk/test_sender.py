import random
import threading

from tests.support.sdk_transport import ScriptedTransport

from graven.sdk.answers import Accepted, Later, Refused
from graven.sdk.backoff import Backoff
from graven.sdk.frozen import freeze
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.sender import Sender
from graven.sdk.spoolroot import SpoolRoot


class World:
    def __init__(self, folder, script):
        self.root = SpoolRoot(folder, "here", 1_000_000, 100_000)
        self.ledger = Ledger()
        self.outbox = Outbox(self.root, self.ledger, memory_bytes=1_000_000)
        self.transport = ScriptedTransport(script)
        keys = iter(range(1000))
        self.sender = Sender(
            self.outbox, self.transport, self.ledger, self.root, Backoff(0.0, 0.0, random.random),
            lambda: f"made-{next(keys)}",
        )  # fmt: skip

    def put(self, *events):
        self.ledger.add("recorded", len(events))
        self.outbox.put(freeze(list(events), f"key-{self.outbox.last_ordinal()}", "identity"))

    def run(self):
        """Send until everything is settled, then stop."""
        thread = threading.Thread(target=self.sender.run)
        thread.start()
        with self.outbox.changed:
            ordinal = self.outbox.last_ordinal()
            assert self.outbox.changed.wait_for(lambda: self.outbox.settled(ordinal), 30)
        self.sender.stop()
        thread.join()


def test_what_remains_of_a_refused_batch_goes_under_a_new_key(tmp_path):
    def script(batch, attempt):
        return Refused(422, "x", "m", frozenset({1})) if batch.count == 3 else Accepted(0)

    world = World(tmp_path, script)
    world.put(b"1", b"2", b"3")
    world.put(b"4")
    world.run()
    assert [(batch.key, batch.events()) for batch in world.transport.accepted] == [
        ("made-0", [b"1", b"3"]),
        ("key-1", [b"4"]),
    ]


def test_a_part_of_a_refused_batch_is_retried_under_its_own_key(tmp_path):
    answers = [Refused(413, "x", "m"), Later("busy"), Accepted(0), Later("busy"), Accepted(0)]
    world = World(tmp_path, lambda batch, attempt: answers[attempt - 1])
    world.put(b"1", b"2")
    world.run()
    assert [batch.key for batch in world.transport.attempts] == ["key-0", "made-0", "made-0", "made-1", "made-1"]


def test_a_stop_in_the_middle_of_a_divided_batch_leaves_the_whole_to_the_next(tmp_path):
    def script(batch, attempt):
        if attempt == 1:
            return Refused(413, "x", "m")
        world.sender.stop()
        return Accepted(0)

    world = World(tmp_path, script)
    world.put(b"1", b"2")
    world.sender.run()
    assert world.transport.closed.is_set()
    successor = World(tmp_path, lambda batch, attempt: Accepted(0))
    successor.put(b"3")
    successor.run()
    assert successor.transport.accepted[0].events() == [b"1", b"2"]


def test_batches_of_the_dead_are_counted_as_adopted(tmp_path):
    dead = World(tmp_path, lambda batch, attempt: Accepted(0))
    dead.put(b"1", b"2")
    dead.outbox.close()
    world = World(tmp_path, lambda batch, attempt: Accepted(0))
    world.put(b"3")
    world.run()
    stats = world.ledger.stats()
    assert (stats.recorded, stats.adopted, stats.acknowledged, stats.pending) == (1, 2, 3, 0)


def test_a_batch_that_cannot_be_opened_is_kept_whole_when_it_is_refused(tmp_path):
    world = World(tmp_path, lambda batch, attempt: Refused(400, "x", "no"))
    world.ledger.add("recorded", 2)
    broken = freeze([b"1", b"2"], "key", "identity")
    world.outbox.put(type(broken)("key", "gzip", 2, b"not gzip"))
    world.run()
    assert world.ledger.stats().refused == 2
    (kept,) = (tmp_path / "refused").iterdir()
    assert b'"event":"bm90IGd6aXA="' in kept.read_bytes()
