"""The recorder against `graven serve` in a process of its own: away, killed, restarted, and verified."""

import hashlib
import json

import pytest
from tests.support.sdk_application import start_application, wait_for_line
from tests.support.server_process import running_server, start_server

import graven
from graven.event.envelope import decode_entry


def client_for(server, tmp_path, **settings):
    quick = {"backoff_base_s": 0.02, "backoff_cap_s": 0.1, "batch_age_s": 0.01, "source": "test"}
    given = {**quick, "token": server.token, "spool_dir": tmp_path / "spool", **settings}
    return graven.Client(server.url, **given)


def recorded(server):
    """(action, input, seq) of every event in the log, in its order, read one by one over HTTP."""
    found = []
    with server.client() as http:
        size = int(http.get("/logs/default/checkpoint").text.splitlines()[1])
        index = 0
        while (answer := http.get(f"/v1/logs/default/events/{index}")).status_code == 200:
            found.append(_event(answer.json()))
            index += 1
        assert index >= size
    return found


def _event(body):
    entry = body.get("entry", body)
    event = entry["data"] if isinstance(entry, dict) else decode_entry(entry.encode()).data
    return event if isinstance(event, dict) else json.loads(event)


def port_of(server):
    return server.url.rpartition(":")[2]


def test_events_are_in_the_log_in_order_and_as_recorded(tmp_path):
    with running_server(tmp_path / "data") as server, client_for(server, tmp_path) as client:
        for n in range(100):
            client.record("order.create", actor="alice", input={"n": n, "password": "opensesame"})
        assert client.flush(60)
        events = recorded(server)
    assert [event["input"]["n"] for event in events] == list(range(100))
    assert [event["producer"]["seq"] for event in events] == list(range(1, 101))
    assert all(event["input"]["password"]["$redacted"]["by"] == "producer" for event in events)


def test_a_redacted_member_of_a_typed_place_is_accepted(tmp_path):
    """`message` is a string in event/1; what stands there instead is a marker."""
    with running_server(tmp_path / "data") as server, client_for(server, tmp_path) as client:
        client.record("a", message="Authorization: Bearer abc123def456ghi")
        client.record(
            "a", message="x" * 100_000, input={"y": "z" * 300_000}, error={"message": "password=hunter2hunter2"}
        )
        assert client.flush(60)
        assert client.stats().refused == 0
        first, second = recorded(server)
    assert first["message"].keys() == {"$redacted"}
    assert second["error"]["message"].keys() == {"$redacted"}


def test_everything_that_can_be_captured_is_accepted_by_intake(tmp_path):
    strange = {
        "nan": float("nan"), "big": 2**80, "huge": 10**5000, "surrogate": "\ud800", "bytes": b"\xff\x00", "nul": "a\0b",
        "deep": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]], "claims": {"$redacted": {"by": "server"}, "$sealed": 1},
        "object": object(), "type": int, "float": 1e308, "tiny": 5e-324, "negative": -(2**63), "cut": "x" * 1_000_000,
    }  # fmt: skip
    with running_server(tmp_path / "data") as server, client_for(server, tmp_path) as client:
        client.record("a", input=strange, attributes=strange, targets=[{"id": "1", "change": {"after": strange}}])
        assert client.flush(60)
        assert client.stats().acknowledged == 1, client.stats()
        assert recorded(server)[0]["input"]["bytes"]["$bytes"]["size"] == 2


def test_an_event_that_intake_refuses_costs_one_event(tmp_path):
    never_uploaded = {"digest": f"sha256:{hashlib.sha256(b'x').hexdigest()}", "size": 1}
    losses = []
    with (
        running_server(tmp_path / "data") as server,
        client_for(server, tmp_path, batch_age_s=1.0, on_loss=losses.append) as client,
    ):
        for n in range(50):
            client.record("a", input=n, **({"attachments": [never_uploaded]} if n == 20 else {}))
        assert client.flush(60)
        assert [event["input"] for event in recorded(server)] == [n for n in range(50) if n != 20]
    assert sum(loss.count for loss in losses) == 1


def test_a_wrong_token_is_told_and_blocks_nothing(tmp_path, caplog):
    with (
        running_server(tmp_path / "data") as server,
        client_for(server, tmp_path, token=server.token[:-1] + "?") as client,
    ):
        client.record("a")
        assert client.flush(60)
        assert client.stats().losses == {"refused": 1}
    assert "401" in caplog.text


def test_a_server_that_is_away_and_comes_back_has_everything_in_order(tmp_path):
    with running_server(tmp_path / "data") as server:
        port = port_of(server)
        client = client_for(server, tmp_path)
        for n in range(100):
            client.record("a", input=n)
        assert client.flush(60)
    for n in range(100, 1000):
        client.record("a", input=n)
    assert not client.flush(0.2)
    assert client.stats().spooled > 0
    with running_server(tmp_path / "data", "--listen", f"127.0.0.1:{port}") as server:
        assert client.flush(60)
        client.close()
        assert [event["input"] for event in recorded(server)] == list(range(1000))


@pytest.mark.slow
def test_a_server_killed_again_and_again_under_load_has_every_event_once(tmp_path):
    server = start_server(tmp_path / "data")
    port = port_of(server)
    client = client_for(server, tmp_path, batch_events=50)
    n = 0
    try:
        for _ in range(6):
            target = client.stats().acknowledged + 200
            while client.stats().acknowledged < target:
                for _ in range(50):
                    client.record("a", input=n)
                    n += 1
                client.flush(0.05)
            for _ in range(200):
                client.record("a", input=n)
                n += 1
            server.kill()
            server = start_server(tmp_path / "data", "--listen", f"127.0.0.1:{port}")
        assert client.flush(60)
        client.close()
        assert [event["input"] for event in recorded(server)] == list(range(n))
        assert client.stats().losses == {}
    finally:
        server.stop()


def test_a_killed_application_is_continued_by_the_next_one(tmp_path):
    with running_server(tmp_path / "data") as server:
        port, address, token = port_of(server), server.url, server.token
    code = (
        "for n in range(1000): client.record('a', input=n)\n"
        "while client.stats().spooled < 1000: client.flush(0.05)\n"
        "print('spooled', flush=True); sys.stdin.read()\n"
    )
    application = start_application(code, server=address, spool=tmp_path / "spool", token=token)
    wait_for_line(application, "spooled")
    application.kill()
    application.communicate()
    with running_server(tmp_path / "data", "--listen", f"127.0.0.1:{port}") as server:
        client = client_for(server, tmp_path)
        client.record("next")
        client.close(60.0)
        assert client.stats().adopted == 1000
        assert [event["input"] for event in recorded(server) if event["action"] == "a"] == list(range(1000))
