"""Whatever the queue does and the server answers: order is kept, and each event is settled exactly once."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.answers import Accepted, Later, Refused
from graven.sdk.batcher import Batcher
from graven.sdk.refusal import take_apart


@given(st.lists(st.one_of(st.integers(1, 30), st.none()), max_size=60), st.integers(1, 7), st.integers(1, 80))
def test_batches_hold_each_event_once_and_in_order(steps, batch_events, batch_bytes):
    batcher = Batcher(
        batch_events=batch_events, batch_bytes=batch_bytes, batch_age_s=1.0, queue_events=20, queue_bytes=300
    )
    put, taken = [], []
    for at, step in enumerate(steps):
        if step is None:
            taken += batcher.take()
        else:
            event = b"%d " % at + b"x" * step
            if batcher.add(event, 0.0):
                put.append(event)
        assert len(batcher) == len(put) - len(taken)
        assert batcher.size_bytes == sum(map(len, put[len(taken) :])) <= 300
    while batch := batcher.take():
        assert len(batch) <= batch_events
        assert len(batch) == 1 or sum(map(len, batch)) <= batch_bytes
        taken += batch
    assert taken == put


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.booleans())
def test_taking_a_batch_apart_neither_loses_nor_repeats(count, poisoned, names_items):
    """Against a server that refuses any batch with a poisoned event in it."""
    events = [b"%d" % n for n in range(count)]
    bad = {event for event in events if int(event) in poisoned}
    todo, accepted, lost = [events], [], []
    while todo:
        batch = todo.pop(0)
        items = frozenset(at for at, event in enumerate(batch) if event in bad)
        if not items:
            accepted += batch
            continue
        parts = take_apart(batch, Refused(422, "x", "m", items if names_items else frozenset()), may_split=True)
        lost += [event for event, _ in parts.lost]
        todo[:0] = parts.keep
    assert accepted == [event for event in events if event not in bad]
    assert set(lost) == bad


ANSWERS = st.sampled_from(["accept", "later", "refuse-first", "refuse-all", "unauthorised"])


@settings(max_examples=30, deadline=None)
@given(st.lists(ANSWERS, max_size=12), st.lists(st.integers(1, 30), max_size=6), st.booleans())
def test_whatever_the_server_answers_events_keep_their_order_and_the_numbers_add_up(answers, bursts, with_spool):
    script = iter(answers)

    def answer(batch, attempt):
        match next(script, "accept"):
            case "later":
                return Later("away")
            case "refuse-first":
                return Refused(422, "x", "m", frozenset({0}))
            case "refuse-all":
                return Refused(400, "x", "m")
            case "unauthorised":
                return Refused(401, "x", "m")
        return Accepted(0)

    with tempfile.TemporaryDirectory() as directory:
        transport = ScriptedTransport(answer)
        client = scripted_client(
            transport, Path(directory), batch_events=10, spool_bytes=1_000_000 if with_spool else 0,
            backoff_base_s=0.0, backoff_cap_s=0.0,
        )  # fmt: skip
        n = 0
        for burst in bursts:
            for _ in range(burst):
                client.record("a", input=n)
                n += 1
        assert client.flush(60)
        client.close()
        stats = client.stats()
        arrived = [event["input"] for event in transport.events]
        assert arrived == sorted(set(arrived)), "in order, each once"
        assert stats.recorded == n == stats.acknowledged + stats.refused
        assert stats.acknowledged == len(arrived)
        refused = [
            json.loads(line)["event"]["input"]
            for path in sorted(Path(directory).glob("refused/*"))
            for line in path.read_bytes().splitlines()
        ]
        if with_spool:
            assert sorted(arrived + refused) == list(range(n))
