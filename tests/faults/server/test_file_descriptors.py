"""No descriptors left (EMFILE): the server answers or makes wait, loses nothing, and recovers by itself."""

import contextlib
import os
import resource
import socket
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.support.fault_world import World

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="prlimit and /proc are Linux's")]

DEADLINE_S = 60


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def append_when_possible(world: World, client: httpx.Client) -> None:
    events = world.events(300)
    deadline = time.monotonic() + DEADLINE_S
    while world.send(client, events).status_code != 200:
        assert time.monotonic() < deadline
        with contextlib.suppress(httpx.HTTPError):
            client.get("/readyz", timeout=0.2)


def test_a_writer_without_descriptors_stops_clearly_and_goes_on_by_itself(tmp_path: Path) -> None:
    """Tiles need new files: integration fails, what was acknowledged stays, later requests get 503."""
    world = World(tmp_path / "data")
    with world.server() as server, server.client() as client:
        pid = server.process.pid
        assert world.send(client, world.events(10)).status_code == 200
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid), before[1]))
        answers = [world.send(client, world.events(300)) for _ in range(20)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert all(answer.status_code == 503 for answer in refused), [answer.text for answer in refused]
        assert all(answer.json()["error"]["code"] in {"writer_stopped", "storage_failed"} for answer in refused)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        append_when_possible(world, client)
    world.judge()


def test_more_connections_than_descriptors_wait_and_are_served_later(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.server() as server:
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        with server.client() as client:
            assert world.send(client, world.events(10)).status_code == 200
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_files(pid) + 20, before[1]))
            host, port = server.url.removeprefix("http://").split(":")
            with contextlib.ExitStack() as crowd:
                for _ in range(60):
                    crowd.enter_context(socket.create_connection((host, int(port)), timeout=10))
                # the connection that is there already is served as before
                assert client.get("/healthz").status_code == 200
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        with server.client() as client:
            append_when_possible(world, client)
    world.judge()
