"""One bit flipped in, or the loss of, every kind of file of a data directory: nothing goes unnoticed.

Each row says what the verifier answers and what the next start does. Either the start is refused with
error, why and what to try; or the server serves what is sound, and the damage is convicted by the verifier,
recorded in `system`, or harmless for the reason that the row gives.
"""

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.fault_world import World, event_of

from graven.event.intake import Producer, prepare_events
from graven.event.redact import Redactor
from graven.log import LogOptions, open_log
from graven.verify.engine import verify
from graven.verify.report import Verdict
from graven.verify.source import open_source

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the recorder runs on Linux")]

ENTRIES = 70_001
"""More than one idempotency run of 65,536, and tiles of three levels."""

TAMPERED, COULD_NOT_CHECK, FINE = 1, 3, 0


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A log with a blob, a run, several journal segments, and full and partial tiles of every kind."""
    world = World(tmp_path_factory.mktemp("sound") / "data")
    with world.server() as server, server.client() as client:
        large = event_of("large") | {"attributes": {"text": "y" * 70_000}}
        assert world.send(client, [large], **{"Idempotency-Key": "first"}).status_code == 200
    log = open_log(
        world.data,
        "default",
        options=LogOptions(segment_bytes=256 * 1024, supervise=False),
        state_dir=world.state_home / "graven",
    )
    producer = Producer("local", "127.0.0.1")
    for start in range(1, ENTRIES, 1_000):
        lines = [json.dumps(event_of(f"n{number}")).encode() for number in range(start, start + 1_000)]
        batch = prepare_events(b"\n".join(lines), "application/x-ndjson", producer, Redactor(()), now_ns=time.time_ns())
        log.append(batch)
    log.close()
    assert world.verify().code == FINE
    return world


@dataclass(frozen=True)
class Row:
    """`pattern` names one file (the newest of several); `damage` is flip@<offset or text>, lost or empty.

    `refused` is part of the refusal; without it the server starts, `incident` is then recorded in `system`,
    and the entries `unreadable` are answered with an error.
    """

    pattern: str
    damage: str
    verdict: int
    refused: str = ""
    incident: str = ""
    unreadable: tuple[int, ...] = field(default=())

    def apply(self, world: World) -> Path:
        found = sorted(path for path in world.data.glob(self.pattern) if path.is_file())
        assert found, self.pattern
        path = found[-1]
        if self.damage == "lost":
            path.unlink()
        elif self.damage == "empty":
            path.write_bytes(b"")
        else:
            data = bytearray(path.read_bytes())
            where = self.damage.removeprefix("flip@")
            at = (
                len(data) // 2
                if where == "middle"
                else int(where)
                if _is_number(where)
                else data.rindex(where.encode())
            )
            data[at] ^= 1
            path.write_bytes(bytes(data))
        return path


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdigit()


LOG = "logs/default"
JOURNAL = f"{LOG}/journal"
TILE = f"{LOG}/tile"
ROWS = {
    # what is signed, and the keys: refused, because going on could sign a second history
    "the checkpoint's signature": Row(f"{LOG}/checkpoint", "flip@-20", TAMPERED, refused="published checkpoint"),
    "no checkpoint": Row(f"{LOG}/checkpoint", "lost", TAMPERED, refused="checkpoint of log default is missing"),
    "the verifier key": Row(f"{LOG}/log.vkey", "flip@-10", TAMPERED, refused="log.vkey is malformed"),
    "no verifier key": Row(f"{LOG}/log.vkey", "lost", COULD_NOT_CHECK, refused="log.vkey is missing"),
    # a flipped character may still spell a key, but not this log's
    "the signing key": Row("keys/default.key", "flip@-10", FINE, refused="default.key"),
    "no signing key": Row("keys/default.key", "lost", FINE, refused="default.key is missing"),
    "the signing key of system": Row("keys/system.key", "flip@-10", FINE, refused="system.key"),
    "the head's row": Row(f"{LOG}/head.sqlite", "flip@graven.local/", FINE, refused="does not match its digest"),
    "no head": Row(f"{LOG}/head.sqlite", "lost", FINE, refused="head of log default is missing"),
    # the journal: what was acknowledged is there, so nothing may be missing between its frames
    "a frame": Row(f"{JOURNAL}/*.gvj", "flip@middle", FINE, refused="the last stop was clean"),
    "the last frame": Row(f"{JOURNAL}/*.gvj", "flip@-1", FINE, refused="the last stop was clean"),
    "a middle segment lost": Row(f"{JOURNAL}/*66001.gvj", "lost", FINE, refused="expected the frame at index 66001"),
    "the last segment lost": Row(f"{JOURNAL}/*.gvj", "lost", FINE, refused="the clean stop was at index 70001"),
    "the clean mark": Row(f"{JOURNAL}/clean", "flip@middle", FINE, refused="journal/clean"),
    "the journal of system": Row("logs/system/journal/*.gvj", "flip@middle", FINE, refused="logs/system/journal"),
    # without the mark the journal is read as after a crash, which a whole journal passes
    "no clean mark": Row(f"{JOURNAL}/clean", "lost", FINE),
    # its entries are all in tiles; what is lost is only that duplicates of them are recognised
    "the first segment lost": Row(f"{JOURNAL}/*64001.gvj", "lost", FINE, incident="incident.idempotency_damaged"),
    # the right edge, which the next round builds on
    "a partial tile": Row(f"{TILE}/0/273.p/*", "flip@middle", TAMPERED, refused="tiles hash to"),
    "no partial tile": Row(f"{TILE}/0/273.p/*", "lost", TAMPERED, refused="273.p/113 is missing"),
    "a partial bundle": Row(f"{TILE}/entries/273.p/*", "flip@middle", TAMPERED, refused="273.p/113"),
    "no partial bundle": Row(f"{TILE}/entries/273.p/*", "lost", TAMPERED, refused="273.p/113"),
    # the rest of the tree is not read at the start: the verifier convicts, the reader gets an error
    "a full tile": Row(f"{TILE}/0/000", "flip@middle", TAMPERED),
    "no full tile": Row(f"{TILE}/0/000", "lost", TAMPERED),
    "a full tile of level 1": Row(f"{TILE}/1/000", "flip@middle", TAMPERED),
    "a full bundle": Row(f"{TILE}/entries/001", "flip@middle", TAMPERED, unreadable=(300,)),
    "no full bundle": Row(f"{TILE}/entries/001", "lost", TAMPERED, unreadable=(300,)),
    "a blob": Row("blobs/sha256/*/*/*", "flip@middle", TAMPERED, unreadable=(0,)),
    "no blob": Row("blobs/sha256/*/*/*", "lost", COULD_NOT_CHECK, unreadable=(0,)),
    # derived: set aside or made anew, on record
    "a run": Row(f"{LOG}/idempotency/*.run", "flip@middle", FINE, incident="incident.idempotency_damaged"),
    "no run": Row(f"{LOG}/idempotency/*.run", "lost", FINE, incident="incident.idempotency_damaged"),
    "the keyed requests": Row(f"{LOG}/requests.sqlite", "flip@3", FINE, refused="requests.sqlite cannot be opened"),
    "no keyed requests": Row(f"{LOG}/requests.sqlite", "lost", FINE, incident="incident.requests_lost"),
    # who may do what
    "the tokens": Row("control.sqlite", "flip@3", FINE, refused="control.sqlite"),
    "no tokens": Row("control.sqlite", "lost", FINE, incident="incident.control_lost"),
    "the redaction key": Row("keys/redaction.hmac", "flip@-10", FINE, refused="the key does not match its id"),
    "no redaction key": Row("keys/redaction.hmac", "lost", FINE, incident="redaction.change"),
    # a lock is a name to lock, and has no content that counts
    "no lock": Row(f"{LOG}/lock", "lost", FINE),
}


@pytest.mark.parametrize("name", ROWS)
def test_damage_is_refused_convicted_recorded_or_harmless(sound: World, tmp_path: Path, name: str) -> None:
    row = ROWS[name]
    world = sound.copy(tmp_path / "data")
    path = row.apply(world)

    ran = world.verify()
    assert ran.code == row.verdict, (ran.text, ran.err)
    if row.verdict == TAMPERED:
        assert "tampered:" in ran.text
    if row.refused:
        evidence = _evidence(world)
        assert row.refused in world.refusal()
        assert _evidence(world) == evidence, "a refused start changed the log"
        return

    with world.server() as server, server.client() as client:
        for index in (0, 1, 300, ENTRIES - 1):
            answer = client.get(f"/v1/logs/default/events/{index}")
            assert (answer.status_code != 200) == (index in row.unreadable), (index, answer.text)
            if index in row.unreadable:
                assert set(answer.json()["error"]) == {"code", "message", "hint", "details"}
        assert world.send(client, [event_of("after the damage")]).status_code == 200
    if row.incident:
        assert row.incident in world.actions()
    for log, verdict in (("default", row.verdict), ("system", FINE)):
        report = verify(open_source(str(world.data / "logs" / log), None), None, workers=0)
        assert (report.verdict is Verdict.FINE) == (verdict == FINE), report.findings
    assert path.exists() or row.damage == "lost" or path.with_suffix(".damaged").exists()


def _evidence(world: World) -> dict[str, bytes]:
    """The files of `default` that a refused start must leave alone; SQLite may tidy up its own."""
    kept = ("tile", "journal")
    files = [path for folder in kept for path in (world.log / folder).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if not path.name.endswith(".tmp")}


@pytest.mark.parametrize("damage", ["flip@-2", "lost"])
def test_the_file_of_the_owners_token_is_only_a_copy_of_it(sound: World, tmp_path: Path, damage: str) -> None:
    """The server keeps the hash in control.sqlite: whoever has the token keeps it, and another can be made."""
    world = sound.copy(tmp_path / "data")
    token = (world.data / "owner.token").read_text().strip()
    Row("owner.token", damage, FINE).apply(world)
    with world.server() as server:
        (world.data / "owner.token").unlink(missing_ok=True)
        (world.data / "owner.token").write_text(token)
        with server.client() as client:
            assert client.get("/v1/logs/default/events/0").status_code == 200


def test_a_log_folder_that_is_gone_is_never_made_anew(sound: World, tmp_path: Path) -> None:
    world = sound.copy(tmp_path / "data")
    world.log.rename(tmp_path / "elsewhere")
    assert "was served from" in world.refusal()
    assert not world.log.exists()


def test_a_deleted_state_folder_only_forgets_the_high_water_mark(sound: World, tmp_path: Path) -> None:
    world = sound.copy(tmp_path / "data")
    world.state_home.rename(tmp_path / "elsewhere")
    with world.server():
        pass
    assert world.verify().code == FINE
    assert any(path.is_file() for path in world.state_home.rglob("highwater/*"))
