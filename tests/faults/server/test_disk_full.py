"""A full disk: refused with 503 `storage_full`, nothing acknowledged is lost, and the log goes on by itself.

Once on a small tmpfs, which is full for every file, and once by a limit on file sizes, which only the
journal reaches. In both the server is never restarted from outside.
"""

import contextlib
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.support.fault_world import World, mounted_tmpfs
from tests.support.server_process import ServerProcess

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="prlimit and tmpfs are Linux's")]

MIB = 2**20
DEADLINE_S = 60
"""Far beyond the restart's waits of 0.2, 1, 5 and 15 seconds; reaching it is a failure."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if (reason := mounted_tmpfs(folder, 8 * MIB)) is not None:
        pytest.skip(f"no small disk: {reason}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(world: World, client: httpx.Client, most: int) -> httpx.Response:
    """Append incompressible batches of 120 kB, which the server parses itself, until one is refused."""
    for _ in range(most):
        answer = world.send(client, world.events(12, padding=10_000))
        if answer.status_code != 200:
            return answer
    raise AssertionError("the disk was never full")


def check_refusal(answer: httpx.Response) -> None:
    assert answer.status_code == 503, answer.text
    error = answer.json()["error"]
    assert error["code"] == "storage_full", error
    assert "space" in error["hint"]
    assert answer.headers["retry-after"]


def append_when_ready(world: World, client: httpx.Client, server: ServerProcess) -> None:
    """The same request again and again, as a client does after 503, until it is acknowledged."""
    events = world.events(5)
    deadline = time.monotonic() + DEADLINE_S
    while (answer := world.send(client, events, **{"Idempotency-Key": "after"})).status_code != 200:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < deadline, (answer.text, server.stderr)
        with contextlib.suppress(httpx.HTTPError):
            client.get("/readyz", timeout=0.2)


def test_a_full_disk_loses_nothing_and_the_log_goes_on_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 * MIB))
    world = World(small_disk / "data")
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with world.server(**elsewhere) as server, server.client() as client:
        check_refusal(fill(world, client, 40))
        assert world.acknowledged
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/logs/default/events/0").status_code in {200, 503}  # the read is recorded first
        ballast.unlink()
        append_when_ready(world, client, server)
    world.judge()


def test_a_server_on_a_full_disk_stops_when_told_and_starts_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 * MIB))
    world = World(small_disk / "data")
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "state")}
    with world.server(**elsewhere) as server, server.client() as client:
        check_refusal(fill(world, client, 40))
        server.stop()
    assert "Traceback" not in server.stderr, server.stderr
    ballast.unlink()
    with world.server(**elsewhere) as server, server.client() as client:
        append_when_ready(world, client, server)
    world.judge()


def test_a_first_start_on_a_full_disk_is_refused_and_works_when_there_is_room(small_disk: Path, tmp_path: Path) -> None:
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(bytes(4096)):
            pass
    world = World(small_disk / "data")
    elsewhere = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert "space" in world.refusal(**elsewhere)
    ballast.unlink()
    with world.server(**elsewhere) as server, server.client() as client:
        append_when_ready(world, client, server)
    world.judge()


def test_a_limit_on_file_sizes_is_a_full_disk_and_lifting_it_is_room(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    with world.server() as server, server.client() as client:
        pid = server.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (MIB, hard))
        check_refusal(fill(world, client, 20))
        assert world.acknowledged
        # the limit holds for the journal alone: reading is not touched
        assert client.get("/logs/default/checkpoint").status_code == 200
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        append_when_ready(world, client, server)
    world.judge()
    assert "incident.writer_restarted" in world.actions()
