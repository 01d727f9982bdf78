"""One system call of the real server fails or is late: no acknowledgement before it, and none without it."""

import threading
from pathlib import Path

import pytest
from tests.support.fault_strace import injected, needs_strace
from tests.support.fault_world import World

pytestmark = [pytest.mark.slow]


@pytest.fixture(autouse=True)
def _strace() -> None:
    needs_strace()


def _again_until_acknowledged(world: World, client, events) -> None:  # the writer is away for 0.2 s or more
    for _ in range(600):
        answer = world.send(client, events)
        if answer.status_code == 200:
            return
        assert answer.status_code == 503, answer.text
        threading.Event().wait(0.05)
    raise AssertionError(answer.text)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("fdatasync:error=EIO:when=1", "writer_stopped"),
        ("fdatasync:error=ENOSPC:when=1", "storage_full"),
        ("writev:error=ENOSPC:when=1", "storage_full"),
        ("writev:error=EIO:when=1", "writer_stopped"),
    ],
)
def test_a_commit_that_fails_is_not_acknowledged_and_the_retry_is_stored_once(
    tmp_path: Path, fault: str, code: str
) -> None:
    """`only` keeps the fault to the journal: sockets are written with the same calls."""
    world = World(tmp_path / "data")
    with world.server() as server, server.client() as client:
        assert world.send(client, world.events(3)).status_code == 200
        (journal,) = (world.log / "journal").glob("*.gvj")
        events = world.events(5)
        with injected(server, tmp_path / "trace", fault, only=journal) as trace:
            answer = world.send(client, events)
        assert trace.hits()
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"]["code"] == code
        assert not {event["id"] for event in events} & set(world.acknowledged)
        _again_until_acknowledged(world, client, events)
    world.judge()
    assert "incident.writer_restarted" in world.actions()


def test_no_acknowledgement_comes_before_a_late_sync(tmp_path: Path) -> None:
    """The call returns two seconds late: until strace has seen it return, nothing may have been answered."""
    world = World(tmp_path / "data")
    with world.server() as server, server.client() as client:
        assert world.send(client, world.events(3)).status_code == 200
        (journal,) = (world.log / "journal").glob("*.gvj")
        with injected(server, tmp_path / "trace", "fdatasync:delay_exit=2000000:when=1", only=journal) as trace:
            answered = threading.Event()

            def send() -> None:
                world.send(client, world.events(5))
                answered.set()

            sender = threading.Thread(target=send)
            sender.start()
            early = False
            while not trace.hits():
                early = early or answered.is_set()
                if not sender.is_alive():
                    break
                threading.Event().wait(0.02)
            assert not early
            sender.join()
            assert trace.hits()
    assert len(world.acknowledged) == 8
    world.judge()


@pytest.mark.parametrize("fault", ["syncfs:error=EIO:when=1", "rename:error=EIO:when=1"])
def test_a_failing_integration_loses_nothing_and_begins_again(tmp_path: Path, fault: str) -> None:
    """After the commit point: the events are acknowledged, the tree has to be built again from the journal."""
    world = World(tmp_path / "data")
    with world.server() as server, server.client() as client:
        assert world.send(client, world.events(3)).status_code == 200
        with injected(server, tmp_path / "trace", fault) as trace:
            for _ in range(200):
                world.send(client, world.events(300))
                if trace.hits():
                    break
        assert trace.hits()
        _again_until_acknowledged(world, client, world.events(5))
    world.judge()
