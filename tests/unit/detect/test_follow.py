"""The round: everything that fires is recorded once and queued once, whatever happens in between."""

import json

import msgspec
import pytest
from tests.support.alert_world import SECOND, START_NS, Crash, Receiver, World

from graven.detect.deliver import MOST_ATTEMPTS, deliver_event, wait_s
from graven.detect.flood import MOST_FIRINGS
from graven.detect.follow import MOST_FIRED, MOST_ROWS
from graven.detect.message import deliveries_of
from graven.detect.rule import Alert, Silence, Threshold
from graven.detect.sent import Later, Refused
from graven.detect.store import AlertStore
from graven.errors import InvalidInput, StorageFailed

HOOK = "https://hooks.example/T0/secret"
EACH = Alert(name="each", query="action:boom", threshold=Threshold(count=1, window_s=1), cooldown_s=0, to=(HOOK,))


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.store.close()


def indexes(world):
    return [event["attributes"]["indexes"] for event in world.fired()]


def test_a_match_is_recorded_and_queued(world):
    world.put(EACH)
    world.add()
    world.add(action="boom")
    (fired,) = world.round()
    assert indexes(world) == [[1]]
    (queued,) = world.queued()
    assert (queued.fire, queued.address) == (fired.id, HOOK)


def test_an_alert_listens_from_when_it_was_set(world):
    world.add(action="boom")
    world.put(EACH)
    world.add(action="boom")
    world.round()
    assert indexes(world) == [[1]]


def test_nothing_new_fires_nothing(world):
    world.put(EACH)
    world.add(action="boom")
    world.round()
    assert world.round() == []
    assert len(world.fired()) == 1


def test_a_disabled_alert_is_deaf_and_does_not_catch_up(world):
    world.put(EACH)
    world.put(msgspec.structs.replace(EACH, enabled=False))
    world.add(action="boom")
    assert world.round() == []
    world.put(EACH)
    world.add(action="boom")
    world.round()
    assert indexes(world) == [[1]]


def test_who_is_told_may_change_without_beginning_again(world):
    two = {"name": "two", "query": "action:boom", "threshold": Threshold(count=2, window_s=60)}
    world.put(Alert(**two))
    world.add(action="boom")
    world.round()
    world.put(Alert(**two, to=(HOOK,), severity="critical"))
    world.add(action="boom")
    (fired,) = world.round()
    assert fired.found.indexes == (0, 1)
    assert world.next_due_ns() is not None


def test_another_definition_begins_again(world):
    world.put(Alert(name="two", query="action:boom", threshold=Threshold(count=2, window_s=60)))
    world.add(action="boom")
    world.round()
    world.put(Alert(name="two", query="action:boom", threshold=Threshold(count=2, window_s=61)))
    world.add(action="boom")
    assert world.round() == []


def test_a_deleted_alert_is_gone_and_what_it_fired_is_still_sent(world):
    world.put(EACH)
    world.add(action="boom")
    world.round()
    assert world.store.delete("shop", "each")
    assert not world.store.delete("shop", "each")
    world.add(action="boom")
    assert world.round() == []
    world.now_ns += 10 * SECOND
    receiver = Receiver()
    world.step(receiver.deliver(world))
    assert len(receiver.got) == 1


@pytest.mark.parametrize("place", ["crash_before", "crash_after"])
def test_a_crash_around_the_record_loses_none_and_fires_none_twice(world, place):
    world.put(EACH)
    for _ in range(3):
        world.add(action="boom")
    setattr(world, place, 1)
    with pytest.raises(Crash):
        world.round()
    world.restart()
    world.round()
    assert indexes(world) == [[0], [1], [2]]
    assert len(world.queued()) == 3


def test_an_alert_made_louder_between_a_crash_and_the_start_is_recorded_once(world):
    world.put(EACH)
    world.add(action="boom")
    world.crash_after = 0
    with pytest.raises(Crash):
        world.round()
    world.put(msgspec.structs.replace(EACH, severity="critical"))
    world.restart()
    world.round()
    assert indexes(world) == [[0]]
    assert world.next_due_ns() is not None


def test_a_record_that_fails_is_made_in_the_next_round(world):
    world.put(EACH)
    world.add(action="boom")

    def full(event):
        raise StorageFailed("full", code="storage_full")

    world.follow._record = full
    with pytest.raises(StorageFailed):
        world.round()
    world.follow._record = world.record
    world.round()
    assert indexes(world) == [[0]]


def test_a_query_that_is_refused_by_now_is_told_with_the_one_that_was_meant(world, monkeypatch):
    def rows(*args, **options):
        raise InvalidInput("query, at character 0: = is no operator here", hint="did you mean action:boom?")

    monkeypatch.setattr(world, "rows", rows)
    world.put(EACH)
    world.add(action="boom")
    world.round()
    said = "query, at character 0: = is no operator here; did you mean action:boom?"
    assert world.follow.problems == {"shop/each": said}


def test_while_the_index_is_away_alerts_wait(world):
    world.put(EACH)
    world.add(action="boom")
    world.is_away = True
    assert world.round() == []
    assert world.follow.problems == {"shop/each": "the index is away"}
    world.is_away = False
    world.round()
    assert world.follow.problems == {}
    assert indexes(world) == [[0]]


def test_one_alert_that_cannot_listen_does_not_stop_the_others(world):
    world.put(EACH)
    world.store.put("shop", Alert(name="a", query="q", threshold=EACH.threshold), armed=99, armed_ns=0)
    world.store.put("shop", EACH, armed=0, armed_ns=0)
    world.add(action="boom")
    world.round()
    assert indexes(world) == [[0]]


def test_silence_waits_until_what_was_received_can_be_found(world):
    world.put(Alert(name="quiet", silence=Silence(window_s=10)))
    world.now_ns += 12 * SECOND
    assert world.round(settled=False) == []
    assert len(world.round()) == 1
    assert len(world.round()) == 0


def test_a_restart_goes_on_with_what_was_remembered(world):
    world.put(Alert(name="two", query="action:boom", threshold=Threshold(count=2, window_s=60)))
    world.add(action="boom")
    world.round()
    world.follow.close()
    world.restart()
    world.add(action="boom")
    world.round()
    assert indexes(world) == [[0, 1]]


def test_a_state_of_another_version_is_made_again_from_the_log(world):
    world.put(EACH)
    world.add(action="boom")
    world.round()
    world.store._db.execute("UPDATE alerts SET state = x'00'")
    world.restart()
    world.add(action="boom")
    world.round()
    assert indexes(world) == [[0], [1]]


# -- a flood


def flooded(world, count=13_000):
    """`noisy` has so many entries of one minute that fire one by one, `vault` has one; both tell the same address."""
    threshold = Threshold(count=1, window_s=1, by="correlation")
    world.logs |= {"noisy": [], "vault": []}
    world.put(Alert(name="exec", threshold=threshold, cooldown_s=3600, to=(HOOK,)), "noisy")
    world.put(msgspec.structs.replace(EACH, name="real"), "vault")
    for n in range(count):
        world.add(log="noisy", correlation_id=f"c{n}")
    world.add(log="vault", action="boom")


def test_a_flood_in_one_log_delays_the_alert_of_another_by_a_bounded_number_of_records(world):
    flooded(world)
    world.round()
    assert [event["attributes"]["alert"] for event in world.fired()].index("real") <= MOST_FIRED
    assert world.follow.is_behind


def test_a_flood_is_told_whole_in_few_records_and_drops_nothing(world):
    flooded(world)
    world.round()
    while world.follow.is_behind:
        world.round()
    world.now_ns += 60 * SECOND
    world.round()
    events = [event for event in world.fired() if event["attributes"]["alert"] == "exec"]
    assert len(events) == MOST_FIRINGS + 1
    assert events[-1]["attributes"]["more"] == {"firings": 12_940, "values": 10_000, "is_least": True}
    assert events[-1]["attributes"]["indexes"] == [60, 12_999]
    assert world.store.unrecorded() == []


def test_a_crash_in_the_middle_of_a_flood_changes_nothing_of_what_is_recorded(world):
    flooded(world, 200)
    world.crash_after = 30
    with pytest.raises(Crash):
        world.round()
    world.restart()
    world.round()
    world.now_ns += 60 * SECOND
    world.restart()
    world.round()
    indexes = [event["attributes"]["indexes"] for event in world.fired() if event["attributes"]["alert"] == "exec"]
    assert indexes == [*([n] for n in range(60)), [60, 199]]


def test_a_log_that_is_far_behind_holds_up_no_other(world):
    flooded(world, 0)
    for _ in range(MOST_ROWS + 1):
        world.add(log="noisy")
    world.round()
    assert [event["attributes"]["alert"] for event in world.fired()] == ["real"]
    assert world.follow.is_behind
    world.round()
    assert not world.follow.is_behind


# -- the queue


def queued(world, *answers):
    world.put(EACH)
    world.add(action="boom")
    world.round()
    world.now_ns += 10 * SECOND
    receiver = Receiver(*answers)
    return receiver, receiver.deliver(world)


def outcomes(world):
    events = [json.loads(world.recorded[each]) for each in world.order]
    return [event for event in events if event["action"] == "alert.deliver"]


def test_what_is_taken_is_recorded_and_forgotten(world):
    receiver, deliver = queued(world)
    assert world.step(deliver) is None
    (event,) = outcomes(world)
    assert (event["outcome"], event["attributes"]["attempts"]) == ("success", 1)
    assert "secret" not in str(event)
    assert world.step(deliver) is None
    assert len(receiver.got) == 1


def test_a_failure_is_tried_again_later_and_later_and_recorded_at_the_end(world):
    receiver, deliver = queued(world, *[Later("503")] * MOST_ATTEMPTS)
    waits = []
    while (due_ns := world.step(deliver)) is not None:
        waits.append((due_ns - world.now_ns) / SECOND)
        assert outcomes(world) == []
        assert world.step(deliver) == due_ns, "before it is due nothing is sent"
        world.now_ns = due_ns
    assert waits[:4] == [5, 20, 80, 320]
    assert waits[-1] == 21_600
    assert len(receiver.got) == MOST_ATTEMPTS
    (event,) = outcomes(world)
    assert (event["outcome"], event["attributes"]["attempts"]) == ("failure", MOST_ATTEMPTS)


def test_a_receiver_may_ask_for_more_time(world):
    _, deliver = queued(world, Later("429", after_s=100.0))
    assert world.step(deliver) == world.now_ns + 100 * SECOND


def test_what_will_never_work_is_not_tried_again(world):
    receiver, deliver = queued(world, Refused("410"))
    assert world.step(deliver) is None
    assert outcomes(world)[0]["outcome"] == "failure"
    assert len(receiver.got) == 1


def test_a_scheme_without_sender_is_refused(world):
    world.put(Alert(name="m", query="", threshold=EACH.threshold, to=("mailto:a@b.example",)))
    world.add()
    world.round()
    world.now_ns += 10 * SECOND
    world.step(Receiver().deliver(world))
    assert "alerts.mail_host is not set" in outcomes(world)[0]["message"]


def test_a_restart_goes_on_with_the_queue(world):
    receiver, deliver = queued(world, Later("503"))
    due_ns = world.step(deliver)
    world.restart()
    world.now_ns = due_ns
    assert world.step(receiver.deliver(world)) is None
    assert [one.attempts for one in receiver.got] == [0, 1]
    assert receiver.got[0].fire == receiver.got[1].fire
    assert len(outcomes(world)) == 1


@pytest.mark.parametrize("place", ["crash_before", "crash_after"])
def test_a_crash_around_the_record_of_a_delivery_neither_sends_nor_records_twice(world, place):
    receiver, deliver = queued(world)
    setattr(world, place, 0)
    with pytest.raises(Crash):
        world.step(deliver)
    world.restart()
    assert world.step(receiver.deliver(world)) is None
    assert len(receiver.got) == 1
    assert len(outcomes(world)) == 1


def test_a_full_queue_fails_at_once_and_says_so(world):
    world.store.close()
    world.store = world.follow._store = AlertStore(world.path, most_waiting=2)
    world.put(EACH)
    for _ in range(3):
        world.add(action="boom")
    world.round()
    failed = [one for one in world.store.unrecorded() if one.outcome == "failure"]
    full = "the queue is full: 2 deliveries of this alert wait for this address"
    assert [one.detail for one in failed] == [full]
    assert deliver_event(failed[0])["outcome"] == "failure"


def test_the_queue_of_one_alert_or_address_fills_no_other(world):
    world.store.close()
    world.store = world.follow._store = AlertStore(world.path, most_waiting=2)
    world.put(EACH)
    for _ in range(5):
        world.add(action="boom")
    world.round()
    world.put(msgspec.structs.replace(EACH, to=(HOOK, "https://other.example/")))
    world.put(msgspec.structs.replace(EACH, name="other"))
    world.add(action="boom")
    world.round()
    last = [
        (one.alert, one.address) for one in world.queued() if one.fire not in {one.fire for one in world.queued()[:2]}
    ]
    assert last == [("each", "https://other.example/"), ("other", HOOK)]


def test_waits_are_spread_by_chance():
    assert wait_s(1, 0.0) == 5
    assert wait_s(1, 0.999) > 2.5
    assert wait_s(100, 0.0) == 21_600


def test_the_message_names_entries_and_holds_nothing_of_them(world):
    world.put(EACH)
    world.add(action="boom", message="a secret thing")
    (fired,) = world.round()
    (delivery,) = deliveries_of(fired, START_NS, "https://graven.example/")
    body = json.loads(delivery.body)
    assert body["type"] == "alert.fire"
    assert body["data"]["indexes"] == [0]
    assert body["data"]["link"] == "https://graven.example/ui/shop/event/0"
    assert "secret" not in delivery.body.decode()


def test_the_value_that_was_counted_by_is_recorded_and_not_sent(world):
    threshold = Threshold(count=2, window_s=60, by="actor.email")
    world.put(Alert(name="x", threshold=threshold, to=("https://hooks.example/a",)))
    for _ in range(2):
        world.add(actor={"id": "a", "email": "alice@shop.example"})
    world.round()
    (body,) = [one.body.decode() for one in world.queued()]
    assert "alice" not in body
    assert json.loads(body)["data"]["by"] == "actor.email"
    assert json.loads(body)["data"]["message"] == "shop/x: 2 matches of one actor.email within 1m"
    assert world.fired()[0]["attributes"]["group"] == "alice@shop.example"


def test_the_test_whose_result_changed_is_recorded_and_not_sent(world):
    world.put(Alert(name="x", rule="result_changed", to=("https://hooks.example/a",)))
    case = {"action": "test.case.finish", "qa": {"run": "nightly", "test": "t-checkout", "status": "failed"}}
    world.add(action="test.run.start", qa={"run": "nightly"})
    world.add(**case)
    world.add(action="test.run.finish", qa={"run": "nightly"})
    world.add(**{**case, "qa": {**case["qa"], "status": "passed"}})
    world.round()
    (body,) = [one.body.decode() for one in world.queued()]
    assert "checkout" not in body
    assert "nightly" not in body
    assert json.loads(body)["data"]["message"] == "shop/x: a test got another result after its run was closed"
    assert "t-checkout of run nightly" in world.fired()[0]["message"]


def test_a_file_with_the_index_of_before_is_opened_and_keeps_what_waits(world):
    queued(world)
    world.store._db.execute("DROP INDEX deliveries_waiting")
    world.store._db.execute("CREATE INDEX deliveries_due ON deliveries (due_ns) WHERE outcome IS NULL")
    world.restart()
    assert len(world.store.due(world.now_ns)) == 1
    indexes = world.store._rows("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE INDEX%' ORDER BY name")
    assert indexes == [("deliveries_failing",), ("deliveries_waiting",)]


def test_the_file_is_for_its_owner_only(world):
    assert world.path.stat().st_mode & 0o077 == 0
