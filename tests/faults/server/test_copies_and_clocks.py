"""What happens to a whole data directory: restored, cloned, shared, torn, with a foreign key or a wrong clock."""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.fault_world import World, event_of
from tests.support.server_process import ServerProcess, StartFailed, start_server

from graven.log.keys import load_signer
from graven.log.layout import LogPaths
from graven.storage.contracts import HeadState
from graven.storage.head import SqliteHead
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.merkle import CompactRange

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the recorder runs on Linux")]

HOUR_NS = 3_600 * 10**9


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A log of 300 entries after a clean stop."""
    world = World(tmp_path / "data")
    grow(world, 300)
    return world


def grow(world: World, count: int, **environ: str) -> None:
    with world.server(**environ) as server, server.client() as client:
        assert world.send(client, world.events(count)).status_code == 200


def only_data(world: World, target: Path) -> World:
    """A copy of the directory alone, as a backup or a clone of the disk is."""
    shutil.copytree(world.data, target)
    return World(target, dict(world.acknowledged), world.next_name)


def set_head_time(world: World, name: str, ahead_ns: int) -> None:
    """As if the last checkpoint had been signed with a clock that was ahead."""
    head = SqliteHead(LogPaths(world.data, name).head, create=False)
    state = head.load()
    assert state is not None
    head.swap(state.checkpoint, HeadState(state.checkpoint, state.time_ns + ahead_ns))
    head.close()


def test_a_restored_old_directory_is_refused_until_it_is_adopted_on_record(world: World, tmp_path: Path) -> None:
    old = only_data(world, tmp_path / "backup")
    grow(world, 5)
    shutil.rmtree(world.data)
    shutil.copytree(old.data, world.data)
    world.acknowledged = old.acknowledged
    # `system` comes first: it is older as well, and each log has to be adopted by name
    for name in ("system", "default"):
        refusal = world.refusal()
        assert "high-water mark has size" in refusal
        assert "graven log adopt-rollback" in refusal
        assert world.graven("log", "adopt-rollback", name, "--data", world.data, "--yes").code == 0
    with world.server() as server, server.client() as client:
        assert world.send(client, [event_of("after")]).json()["first"] == 300
    world.judge()
    adopted = [entry for entry in world.entries("system") if entry["data"]["action"] == "incident.rollback_adopted"]
    assert [entry["data"]["targets"][0]["id"] for entry in adopted] == ["system", "default"]
    assert list(world.state_home.rglob("*.given-up-*"))


def without_places(world: World) -> str:
    """The machine's memory without the folders that the marks belong to, as an older version left it."""
    shutil.rmtree(world.state_home / "graven" / "places")
    return str(world.state_home)


def test_a_clone_whose_original_is_still_there_is_refused(world: World, tmp_path: Path) -> None:
    """Before anything is signed: the original goes on, whichever of the two would have started first."""
    clone = only_data(world, tmp_path / "clone")
    refusal = clone.refusal(XDG_STATE_HOME=str(world.state_home))
    assert f"is a copy of {world.data}, which is still there" in refusal
    grow(world, 5)
    world.judge()


def test_a_clone_goes_on_where_its_original_is_gone(world: World, tmp_path: Path) -> None:
    clone = only_data(world, tmp_path / "clone")
    shutil.rmtree(world.data)
    with clone.server(XDG_STATE_HOME=str(world.state_home)) as server, server.client() as client:
        assert clone.send(client, clone.events(1)).status_code == 200


def test_a_clone_that_is_started_after_the_original_grew_is_refused(world: World, tmp_path: Path) -> None:
    clone = only_data(world, tmp_path / "clone")
    grow(world, 5)
    assert "high-water mark has size" in clone.refusal(XDG_STATE_HOME=without_places(world))
    grow(world, 5)
    world.judge()


def test_a_clone_beside_the_running_original_is_refused_on_the_same_machine(world: World, tmp_path: Path) -> None:
    """Its lock is another file; it is the mark of `system`, which records every start, that gives it away."""
    clone = only_data(world, tmp_path / "clone")
    with world.server() as server, server.client() as client:
        assert "high-water mark has size" in clone.refusal(XDG_STATE_HOME=without_places(world))
        assert world.send(client, world.events(1)).status_code == 200
    world.judge()


def test_a_clone_that_runs_on_another_machine_is_convicted_by_whoever_saw_the_original(
    world: World, tmp_path: Path
) -> None:
    clone = only_data(world, tmp_path / "clone")
    for side, name in ((world, "only here"), (clone, "only there")):
        with side.server() as server, server.client() as client:
            assert side.send(client, [event_of(name)]).status_code == 200
        side.judge()
    seen = tmp_path / "seen.json"
    assert world.graven("verify", world.data, "--remember", seen).code == 0
    ran = clone.graven("verify", clone.data, "--remember", seen, "--json")
    assert ran.code == 1
    assert [finding["code"] for finding in json.loads(ran.text)["findings"]] == ["fork"]


def test_a_second_server_on_one_directory_is_refused_and_the_first_goes_on(world: World) -> None:
    with world.server() as server, server.client() as client:
        refusal = world.refusal()
        assert str(server.process.pid) in refusal
        assert world.send(client, world.events(1)).status_code == 200
    world.judge()


def test_two_servers_that_start_at_once_are_one_server(tmp_path: Path) -> None:
    """Both find an empty place; whoever is second is refused, and neither makes a half log."""
    for number in range(3):
        world = World(tmp_path / f"data-{number}")
        with ThreadPoolExecutor(2) as starting:
            outcomes = list(starting.map(_outcome, [world.data] * 2))
        running = [outcome for outcome in outcomes if isinstance(outcome, ServerProcess)]
        failed = [outcome for outcome in outcomes if isinstance(outcome, StartFailed)]
        for server in running:
            server.stop()
        assert (len(running), len(failed)) == (1, 1), failed
        assert failed[0].returncode == 8, failed[0].text
        assert "another writer holds" in failed[0].text, failed[0].text
        grow(world, 1)
        world.judge()


def _outcome(data: Path) -> ServerProcess | StartFailed:
    try:
        return start_server(data)
    except StartFailed as failed:
        return failed


def test_a_clock_behind_is_refused_until_it_is_accepted_on_record(world: World) -> None:
    for name in ("default", "system"):
        set_head_time(world, name, HOUR_NS)
    refusal = world.refusal()
    assert "behind the last signed checkpoint" in refusal
    assert "graven doctor --accept-clock" in refusal
    accepted = world.graven("doctor", "--accept-clock", "--data", world.data)
    assert accepted.code == 0, accepted.err
    grow(world, 2)
    world.judge()
    times = [entry["received"] for entry in world.entries()]
    assert times == sorted(times)
    assert world.actions().count("incident.clock_accepted") == 2


def test_a_clock_four_seconds_behind_is_fine(world: World) -> None:
    set_head_time(world, "default", 4 * 10**9)
    grow(world, 1)
    world.judge()


def test_the_key_of_another_log_is_refused(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    grow(other, 1)
    shutil.copy(other.data / "keys/default.key", world.data / "keys/default.key")
    assert "does not belong to" in world.refusal()
    shutil.copy(other.log / "log.vkey", world.log / "log.vkey")
    assert "key" in world.refusal()
    ran = world.verify()
    assert ran.code == 1, ran.text


def test_a_published_checkpoint_newer_than_the_head_is_refused(world: World, tmp_path: Path) -> None:
    old = only_data(world, tmp_path / "backup")
    grow(world, 5)
    shutil.rmtree(world.state_home)  # else the mark convicts it already
    shutil.copy(old.log / "head.sqlite", world.log / "head.sqlite")
    assert "published checkpoint has size 305" in world.refusal()
    assert world.verify().code == 0


def test_a_signed_fork_of_equal_size_as_published_checkpoint_is_refused(world: World) -> None:
    other = CompactRange()
    other.extend([bytes([number % 256]) * 32 for number in range(300)])
    signer = load_signer(world.data / "keys/default.key")
    forged = sign_checkpoint(Checkpoint(signer.verifier.name, 300, other.root()), signer)
    (world.log / "checkpoint").write_bytes(forged)
    assert "forks of each other" in world.refusal()
    assert world.verify().code == 1


def test_a_damaged_last_frame_after_a_clean_stop_is_damage_and_never_cut_off(world: World) -> None:
    (segment,) = (world.log / "journal").glob("*.gvj")
    segment.write_bytes(segment.read_bytes()[:-7])
    for _ in range(2):  # refusing changes nothing: the second start says the same
        assert "the last stop was clean" in world.refusal()
    assert not list((world.log / "journal").glob("torn-*"))


def test_a_torn_last_frame_after_a_kill_is_set_aside_on_record(world: World) -> None:
    with world.server() as server, server.client() as client:
        assert world.send(client, world.events(5)).status_code == 200
        server.kill()
    segment = max((world.log / "journal").glob("*.gvj"))
    with segment.open("ab") as stream:
        stream.write(segment.read_bytes()[:50])  # the beginning of a frame that was never acknowledged
    grow(world, 1)
    world.judge()
    assert "incident.journal_torn" in world.actions()
    assert list((world.log / "journal").glob("torn-*"))


def test_an_acknowledged_frame_damaged_after_a_kill_is_refused_when_the_head_covers_it(world: World) -> None:
    with world.server() as server, server.client() as client:
        answer = client.post("/v1/logs/default/events?wait=published", json=world.events(5))
        assert answer.status_code == 200, answer.text
        server.kill()
    segment = max((world.log / "journal").glob("*.gvj"))
    segment.write_bytes(segment.read_bytes()[:-7])
    assert "journal" in world.refusal()


@pytest.mark.parametrize("path", ["tile/0/001", "tile/entries/001"])
def test_an_existing_tile_with_other_content_stops_the_writer_and_is_never_overwritten(world: World, path: str) -> None:
    """Somebody put the next full tile there: signing a tree that contradicts it would be a fork."""
    target = world.log / path
    target.write_bytes((world.log / path.replace("001", "000")).read_bytes())
    foreign = target.read_bytes()
    with world.server() as server, server.client() as client:
        answer = client.post("/v1/logs/default/events?wait=published", json=world.events(300))
        assert answer.status_code in {200, 202, 503}, answer.text
        checkpoint = client.get("/logs/default/checkpoint").content
        assert checkpoint.split(b"\n")[1] == b"300"
    assert target.read_bytes() == foreign
    target.unlink()
    # the foreign file gone, everything that was acknowledged is integrated from the journal
    grow(world, 1)
    world.judge()
    assert len(world.entries()) == 601
    assert target.read_bytes() != foreign
