"""The index process may die at any moment: recording goes on, reads by index go on, and search comes back."""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
from tests.support.searching import index_pid, record, search, wait_indexed
from tests.support.server_process import running_server


@pytest.fixture
def server(tmp_path):
    with running_server(tmp_path / "data", index=True) as process:
        yield process


def event(n):
    return {"action": "a.b", "actor": {"id": f"u-{n % 5}"}, "id": f"e-{n}", "message": f"word{n}"}


def kill_index(server):
    pid = index_pid(server.process.pid)
    os.kill(pid, signal.SIGKILL)
    return pid


def runs(pid):
    """Neither gone nor waiting to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def wait_away(client):
    """Until the server has noticed."""
    deadline = time.monotonic() + 30
    while not client.get("/v1/index").json()["away"]:
        assert time.monotonic() < deadline


def wait_deaths(client, count):
    """Until the server has counted that many: whoever was killed may be a moment in dying."""
    deadline = time.monotonic() + 30
    while client.get("/v1/index").json()["deaths"] < count:
        assert time.monotonic() < deadline, f"fewer than {count} ended"


@pytest.mark.slow
def test_while_it_is_away_search_says_so_and_everything_else_works(server):
    with server.client() as client:
        first = record(client, [event(n) for n in range(10)])
        kill_index(server)
        wait_away(client)
        answer = client.get("/v1/logs/default/events", params={"q": "actor:u-1"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "index_away")
        assert answer.json()["error"]["hint"]
        assert client.post("/v1/logs/default/events", json=event(11)).status_code == 200
        assert client.get(f"/v1/logs/default/events/{first}").status_code == 200
        assert client.get(f"/v1/logs/default/events/{first}/proof").status_code == 200


@pytest.mark.slow
def test_a_new_one_knows_everything(server):
    with server.client() as client:
        record(client, [event(n) for n in range(50)])
        dead = kill_index(server)
        client.post("/v1/logs/default/events", json=[event(n) for n in range(50, 60)]).raise_for_status()
        wait_indexed(client, 60)
        assert index_pid(server.process.pid) != dead
        assert len(search(client, "actor:u-3", limit=100)["events"]) == 12


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [6, pytest.param(120, marks=pytest.mark.soak)])
def test_killed_at_random_moments_it_loses_and_doubles_nothing(server, rounds):
    rng = random.Random(4)
    total, killed = 0, set()
    with server.client() as client:
        for _ in range(rounds):
            count = rng.randrange(1, 400)
            batch = [event(n) for n in range(total, total + count)]
            client.post("/v1/logs/default/events", json=batch).raise_for_status()
            total += count
            if rng.random() < 0.8:
                with contextlib.suppress(AssertionError, FileNotFoundError, ProcessLookupError):  # it was just away
                    killed.add(kill_index(server))
        assert killed
        wait_deaths(client, len(killed))
        wait_indexed(client, total)
        found = client.get("/v1/logs/default/facets", params={"fields": "actor"}).json()
    assert found["total"] == total
    assert sum(value["count"] for value in found["facets"]["actor"]["values"]) == total


@pytest.mark.slow
def test_it_ends_with_the_server(server):
    with server.client() as client:
        wait_indexed(client, 0)
    pid = index_pid(server.process.pid)
    server.kill()
    deadline = time.monotonic() + 30
    while runs(pid):
        assert time.monotonic() < deadline, "the index process outlives its server"
