import sqlite3
from contextlib import closing

import pytest
from tests.support.log_world import OPTIONS, World, batch_of, numbered, request

from graven.errors import Busy, Conflict, Unavailable
from graven.event.batch import PreparedBatch
from graven.log.messages import Appended


@pytest.fixture
def world(tmp_path) -> World:
    world = World(tmp_path)
    world.open()
    return world


def test_new_entries_are_contiguous_and_in_order(world: World) -> None:
    assert world.append(batch_of("a", "b")) == Appended(0, 2)
    assert world.append(batch_of("c")) == Appended(2, 1)
    assert world.ids() == ["a", "b", "c"]


def test_an_entry_is_its_stamp_and_its_tail(world: World) -> None:
    batch = batch_of("a")
    world.append(batch)
    (entry,) = world.entries()
    assert entry.endswith(batch.tails[0])
    assert entry.startswith(b'{"v":1,"received":"2027-01-15T08:00:00.')


def test_received_never_goes_back_when_the_clock_does(world: World) -> None:
    for step in (5, -3, 0, 10):
        world.clock.now_ns += step * 10**9
        world.append(numbered(world.running.size, 1))
    world.close()
    world.clock.now_ns -= 2 * 10**9
    world.open()
    world.append(batch_of("late"))
    times = [entry[19:49] for entry in world.entries()]
    assert times == sorted(times)
    assert times[0] == times[2] < times[3] == times[4]


def test_the_same_event_again_is_a_duplicate_wherever_the_first_is(world: World) -> None:
    answers = world.append_all([(batch_of("a", "b", "a"), None), (batch_of("b", "c"), None)])
    assert answers == [Appended(0, 2, {2: 0}), Appended(2, 1, {0: 1})]
    assert world.append(batch_of("c", "a", "d")) == Appended(3, 1, {0: 2, 1: 0})
    assert world.append(batch_of("c")) == Appended(None, 0, {0: 2})


def test_other_data_under_a_known_id_refuses_the_batch_whole(world: World) -> None:
    world.append(batch_of("x", "a"))
    with pytest.raises(Conflict) as caught:
        world.append(batch_of("new", "a", value=2))
    assert caught.value.details == {"item": 1, "index": 1}
    assert world.ids() == ["x", "a"]


def test_other_data_under_an_id_of_the_same_group_is_a_conflict_too(world: World) -> None:
    answers = world.append_all([(batch_of("a"), None), (batch_of("a", value=2), None), (batch_of("b"), None)])
    assert answers[0] == Appended(0, 1)
    assert isinstance(answers[1], Conflict)
    assert answers[2] == Appended(1, 1)


def test_a_keyed_request_is_answered_again_in_flight_and_later_and_after_a_crash(world: World) -> None:
    sent = (batch_of("a"), request("k"))
    first, again = world.append_all([sent, sent])
    assert first == Appended(0, 1)
    assert again == Appended(0, 1, replayed=True)
    assert world.append(*sent) == again
    world.crash()
    world.open()
    assert world.append(*sent) == again
    with pytest.raises(Conflict):
        world.append(batch_of("b"), request("k", "other body"))


def test_a_keyed_request_of_known_events_only_is_kept_as_well(world: World) -> None:
    world.append(batch_of("a"))
    world.append(batch_of("a"), request("k"))
    world.crash()
    world.open()
    assert world.append(batch_of("a"), request("k")) == Appended(None, 0, {0: 0}, replayed=True)


def test_keyed_requests_of_known_events_do_not_pile_up_in_memory(world: World) -> None:
    world.append(batch_of("a"))
    for round_ in range(3):
        answers = world.append_all([(batch_of("a"), request(f"k{round_}-{number}")) for number in range(600)])
        assert answers == [Appended(None, 0, {0: 0})] * 600
        assert world.running.keyed_requests == 600 * (round_ + 1)
    with closing(sqlite3.connect(world.folder / "requests.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM requests").fetchone() == (1_200,)
    assert world.append(batch_of("a"), request("k0-0")) == Appended(None, 0, {0: 0}, replayed=True)


def test_a_refused_keyed_request_does_not_use_up_its_key(world: World) -> None:
    world.append(batch_of("a"))
    with pytest.raises(Conflict):
        world.append(batch_of("a", value=2), request("k"))
    assert world.append(batch_of("b"), request("k", "another")) == Appended(1, 1)


def test_ids_made_by_the_server_are_in_the_answer(world: World) -> None:
    batch = batch_of("a", "b")
    batch.made_ids[1] = "b"
    assert world.append(batch).ids == {1: "b"}


def test_an_empty_batch_adds_nothing(world: World) -> None:
    assert world.append(PreparedBatch()) == Appended(None, 0)
    assert world.running.size == 0


def test_idempotency_survives_when_its_frames_are_gone(tmp_path) -> None:
    world = World(tmp_path)
    world.open()
    # a run is written per 65,536 entries: two of them, so that frames are dropped
    for start in range(0, 140_000, 20_000):
        world.append(numbered(start, 20_000))
        world.running.integrator.round()
    assert world.disk.segments[0][0].first_index > 0
    for _ in range(2):
        assert world.append(batch_of("e0", "e70000", "e139999")).duplicates == {0: 0, 1: 70_000, 2: 139_999}
        world.crash()
        world.open()
    assert world.incidents == []


def test_too_much_in_the_queue_is_busy(tmp_path) -> None:
    from dataclasses import replace

    world = World(tmp_path, options=replace(OPTIONS, queue_bytes=1_000))
    engine = world.open()
    answers: list[object] = []
    for number in range(20):
        engine.writer.submit(numbered(number, 1), None, answers.append)
    assert answers
    assert all(isinstance(answer, Busy) for answer in answers)
    engine.writer.turn()
    assert len(answers) == 20
    assert engine.writer.queued_bytes == 0


def test_a_batch_larger_than_the_queue_is_taken_when_nothing_waits(tmp_path) -> None:
    from dataclasses import replace

    world = World(tmp_path, options=replace(OPTIONS, queue_bytes=10))
    world.open()
    assert world.append(numbered(0, 5)).count == 5


def test_a_callback_that_fails_is_counted_and_harms_nobody(world: World) -> None:
    answers: list[object] = []
    world.running.writer.submit(numbered(0, 1), None, lambda answer: 1 / 0)
    world.running.writer.submit(numbered(1, 1), None, answers.append)
    world.running.writer.turn()
    assert answers == [Appended(1, 1)]
    assert world.running.writer.callback_failures == 1


def test_a_closing_log_takes_nothing_more(world: World) -> None:
    writer = world.running.writer
    writer.stop()
    answers: list[object] = []
    writer.submit(numbered(0, 1), None, answers.append)
    assert isinstance(answers[0], Unavailable)
    assert writer.turn() is False


def test_groups_are_cut_at_their_size(tmp_path) -> None:
    from dataclasses import replace

    world = World(tmp_path, options=replace(OPTIONS, group_bytes=1_000))
    engine = world.open()
    answers: list[object] = []
    for number in range(20):
        engine.writer.submit(numbered(number, 1), None, answers.append)
    engine.writer.turn()
    assert 1 < len(answers) < 20
