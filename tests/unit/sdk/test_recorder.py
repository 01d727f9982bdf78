import logging
import threading

import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.answers import Later, Refused
from graven.sdk.ledger import Loss


@pytest.fixture
def transport():
    return ScriptedTransport()


@pytest.fixture
def client(transport, tmp_path):
    client = scripted_client(transport, tmp_path / "spool")
    yield client
    client.close(5.0)


def test_events_arrive_in_order_with_a_gapless_counter(client, transport):
    for n in range(2000):
        assert client.record("a", input=n) is not None
    assert client.flush()
    assert [event["input"] for event in transport.events] == list(range(2000))
    assert [event["producer"]["seq"] for event in transport.events] == list(range(1, 2001))
    assert len({event["producer"]["epoch"] for event in transport.events}) == 1
    stats = client.stats()
    assert (stats.recorded, stats.acknowledged, stats.pending) == (2000, 2000, 0)


def test_order_and_counter_agree_when_many_threads_record(client, transport):
    def work():
        for _ in range(200):
            client.record("a")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush()
    assert [event["producer"]["seq"] for event in transport.events] == list(range(1, 1601))


def test_every_retry_is_byte_identical_under_one_key(tmp_path):
    transport = ScriptedTransport(lambda batch, attempt: Later("away") if attempt < 5 else accepted())
    client = scripted_client(transport, tmp_path)
    for n in range(100):
        client.record("a", input=n)
    assert client.flush()
    assert transport.attempts[:5] == [transport.attempts[0]] * 5
    client.close()


def accepted():
    from graven.sdk.answers import Accepted

    return Accepted(0)


def test_recording_an_invalid_event_is_counted_told_and_shows_as_a_gap(transport, tmp_path, caplog):
    losses = []
    with scripted_client(transport, tmp_path, on_loss=losses.append) as client:
        client.record("a")
        assert client.record("a", actr="typo") is None
        client.record("a")
    assert losses == [Loss("invalid", 1, 'actr: unknown field "actr" did you mean "actor"?')]
    assert [event["producer"]["seq"] for event in transport.events] == [1, 3]
    assert "did you mean" in caplog.text


@pytest.mark.parametrize("what", [None, 3, object(), {}, {"action": None}, {1: 2}])
def test_record_never_raises(client, what):
    assert client.record(what) is None


def test_a_repr_that_records_does_not_recurse(client, transport):
    class Loud:
        def __repr__(self):
            client.record("from.repr")
            logging.getLogger("app").error("loud")
            return "loud"

    client.record("a", input=Loud())
    client.flush()
    assert [event["action"] for event in transport.events] == ["a"]
    assert client.stats().losses == {"reentrant": 1}


def test_an_interrupt_while_recording_gets_through(client, transport):
    class Interrupting:
        def __repr__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.record("a", input=Interrupting())
    client.record("b")
    assert client.flush()
    assert [event["action"] for event in transport.events] == ["b"]


def test_the_queue_is_bounded_and_recording_goes_on(tmp_path):
    gate = threading.Event()

    def script(batch, attempt):
        gate.wait(60)
        return accepted()

    transport = ScriptedTransport(script)
    client = scripted_client(
        transport, tmp_path, queue_events=10, batch_events=5, memory_bytes=1, spool_bytes=0, spool_after_s=60.0
    )
    for n in range(2000):
        client.record("a", input=n)
    lost = client.stats().dropped
    assert lost > 0
    gate.set()
    assert client.flush()
    stats = client.stats()
    assert stats.acknowledged + stats.dropped == 2000
    kept = [event["input"] for event in transport.events]
    assert kept == sorted(kept)
    client.close()


def test_a_poisoned_event_costs_one_event(tmp_path):
    def script(batch, attempt):
        return Refused(400, "x", "poison") if b'"poison"' in batch.body else accepted()

    transport = ScriptedTransport(script)
    client = scripted_client(transport, tmp_path, compression="none", batch_events=200)
    for n in range(200):
        client.record("a", input="poison" if n == 77 else n)
    assert client.flush()
    assert [event["input"] for event in transport.events] == [n for n in range(200) if n != 77]
    assert client.stats().refused == 1
    (kept,) = (tmp_path / "refused").iterdir()
    assert b'"reason":"poison"' in kept.read_bytes()
    assert kept.read_bytes().count(b"\n") == 1
    client.close()


def test_a_server_that_refuses_everything_costs_a_bounded_number_of_requests(tmp_path):
    transport = ScriptedTransport(lambda batch, attempt: Refused(400, "x", "no"))
    client = scripted_client(transport, tmp_path, batch_events=500, batch_age_s=60.0)
    for n in range(500):
        client.record("a", input=n)
    assert client.flush()
    assert client.stats().refused == 500
    assert len(transport.attempts) <= 130
    client.close()


def test_a_refused_token_costs_one_request_and_keeps_the_events_for_inspection(tmp_path, caplog):
    transport = ScriptedTransport(lambda batch, attempt: Refused(401, "unauthenticated", "unknown token"))
    client = scripted_client(transport, tmp_path)
    client.record("a", input="kept")
    assert client.flush()
    assert len(transport.attempts) == 1
    assert client.stats().losses == {"refused": 1}
    (kept,) = (tmp_path / "refused").iterdir()
    assert b'"input":"kept"' in kept.read_bytes()
    assert f"kept in {kept}" in caplog.text
    client.close()


def test_a_refused_content_coding_is_given_up(tmp_path):
    def script(batch, attempt):
        return accepted() if batch.encoding == "identity" else Refused(415, "unsupported_media_type", "no zstd")

    transport = ScriptedTransport(script)
    client = scripted_client(transport, tmp_path, batch_age_s=0.2)
    for n in range(100):
        client.record("a", input=n)
    assert client.flush()
    assert [event["input"] for event in transport.events] == list(range(100))
    client.close()


def test_a_transport_with_a_bug_does_not_end_recording(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("graven.sdk.sender.random.random", lambda: -0.99)

    def script(batch, attempt):
        if attempt == 1:
            raise ZeroDivisionError
        return accepted()

    transport = ScriptedTransport(script)
    client = scripted_client(transport, tmp_path)
    client.record("a")
    assert client.flush()
    assert "ZeroDivisionError" in caplog.text
    client.close()


def test_flush_gives_up_in_time(tmp_path):
    transport = ScriptedTransport(lambda batch, attempt: Later("away", 60.0))
    client = scripted_client(transport, tmp_path)
    client.record("a")
    assert not client.flush(0.05)
    client.close(0.0)
    assert client.stats().pending == 1


def test_nothing_recorded_needs_no_thread(client):
    before = threading.active_count()
    assert client.flush()
    assert threading.active_count() == before


def test_what_is_left_at_close_is_sent_by_the_next_process(tmp_path):
    away = ScriptedTransport(lambda batch, attempt: Later("away", reached=False))
    first = scripted_client(away, tmp_path)
    for n in range(10):
        first.record("a", input=n)
    first.close()
    assert away.closed.wait(10)
    transport = ScriptedTransport()
    second = scripted_client(transport, tmp_path)
    second.record("b")
    assert second.flush()
    second.close()
    third_transport = ScriptedTransport()
    events = transport.events + third_transport.events
    assert [event["input"] for event in events if event["action"] == "a"] == list(range(10))


def test_closing_says_where_the_events_are_that_the_server_has_not(tmp_path, caplog):
    client = scripted_client(ScriptedTransport(lambda batch, attempt: Later("away", reached=False)), tmp_path)
    client.record("a")
    client.close()
    assert "1 event not acknowledged" in caplog.text
    assert f"kept in {tmp_path}" in caplog.text


def test_closing_does_not_wait_for_a_server_that_cannot_be_reached(tmp_path):
    client = scripted_client(ScriptedTransport(lambda batch, attempt: Later("away", reached=False)), tmp_path)
    client.record("a")
    client.close(100_000.0)
    assert client.stats().pending == 1


def test_what_waits_to_be_batched_is_not_lost_by_closing(tmp_path):
    away = ScriptedTransport(lambda batch, attempt: Later("away", reached=False))
    for n in range(20):
        client = scripted_client(away, tmp_path / str(n), batch_age_s=3600.0)
        for _ in range(3):
            client.record("a")
            client.flush(0.0)
        client.record("a")
        client.close(0.0)
        assert client.stats().losses == {}
        assert client.stats().spooled == 4


def test_closing_uses_its_time_for_what_earlier_processes_left(tmp_path):
    away = scripted_client(ScriptedTransport(lambda batch, attempt: Later("away", reached=False)), tmp_path)
    for n in range(100):
        away.record("a", input=n)
        away.flush(0.0)
    away.close()
    transport = ScriptedTransport()
    client = scripted_client(transport, tmp_path)
    client.record("b")
    client.close(60.0)
    assert [event["input"] for event in transport.events if event["action"] == "a"] == list(range(100))


def test_an_event_after_close_is_counted(client):
    client.close()
    assert client.record("a") is None
    assert client.stats().losses == {"closed": 1}


def test_closing_twice_is_fine(client):
    client.record("a")
    client.close()
    client.close()


def test_at_every_moment_the_numbers_add_up(tmp_path):
    answers = iter([Later("x"), Refused(422, "x", "m", frozenset({0})), Later("y")])
    transport = ScriptedTransport(lambda batch, attempt: next(answers, accepted()))
    client = scripted_client(transport, tmp_path)
    for n in range(300):
        client.record("a", input=n, **({"bad": 1} if n % 50 == 0 else {}))
        stats = client.stats()
        assert stats.recorded == stats.acknowledged + stats.dropped + stats.refused + stats.pending
    assert client.flush()
    stats = client.stats()
    assert (stats.recorded, stats.acknowledged, stats.refused, stats.dropped) == (300, 293, 1, 6)
    client.close()
