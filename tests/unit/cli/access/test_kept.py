"""What pytest recorded is read without writing anything: same answers, and no trace."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graven.cli.access.choose import Place, connect_reader
from graven.cli.access.kept import KeptAccess, is_kept
from graven.cli.access.local import LocalAccess
from graven.cli.access.sent_token import NO_TOKEN
from graven.errors import CouldNotCheck, NotFound, Tampered
from graven.event.intake import NDJSON, Producer, prepare_events
from graven.event.redact import Redactor
from graven.log import create_log, open_log
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.note import VerifierKey
from graven.tlog.proof import parse_proof, verify_proof

SIZE = 600


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log of 600 entries whose last one lies in a blob, as the recorder leaves it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / ".graven"
    create_log(folder, "default", clock=time.time_ns)
    log = open_log(folder, "default", clock=time.time_ns)
    events = [{"id": f"e{at}", "action": "a", "actor": {"id": "b"}} for at in range(SIZE - 1)]
    events.append({"id": "large", "action": "a", "actor": {"id": "b"}, "output": "x" * 70_000})
    body = b"\n".join(json.dumps(event).encode() for event in events)
    redactor = Redactor(None, "k", bytes(32))
    batch = prepare_events(body, NDJSON, Producer("local", "127.0.0.1"), redactor, now_ns=time.time_ns())
    for content in batch.blobs.values():
        log.blobs.put(content)
    log.append(batch)
    log.close()
    return folder


@pytest.fixture
def kept(data: Path) -> Iterator[KeptAccess]:
    with KeptAccess(data) as opened:
        yield opened


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def test_it_is_chosen_until_something_else_was_there(data: Path) -> None:
    place = Place(None, data, NO_TOKEN, "--data")
    assert isinstance(connect_reader(place), KeptAccess)
    LocalAccess(data).close()
    assert not is_kept(data)
    with connect_reader(place) as opened:
        assert isinstance(opened, LocalAccess)


def test_an_empty_folder_is_not_one(tmp_path: Path) -> None:
    assert not is_kept(tmp_path)


def test_it_answers_as_a_writer_would(data: Path) -> None:
    with KeptAccess(data) as kept:
        digest = json.loads(kept.entry("default", SIZE - 1))["blob"]["digest"]
        seen = [
            kept.size("default"), list(kept.entries("default", 250, 520)), kept.entry("default", 599),
            kept.checkpoint("default"), kept.verifier_key("default"), kept.tile("default", "tile/0/001"),
            kept.blob("default", digest),
        ]  # fmt: skip
        logs = kept.logs()
    with LocalAccess(data) as local:
        assert seen == [
            local.size("default"), list(local.entries("default", 250, 520)), local.entry("default", 599),
            local.checkpoint("default"), local.verifier_key("default"), local.tile("default", "tile/0/001"),
            local.blob("default", digest),
        ]  # fmt: skip
        assert logs == [log for log in local.logs() if log["name"] == "default"]


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, 599])
def test_a_proof_holds_under_its_checkpoint(kept: KeptAccess, index: int) -> None:
    key = VerifierKey.parse(kept.verifier_key("default"))
    proof = parse_proof(kept.proof("default", index))
    assert verify_proof(proof, kept.entry("default", index), key).size == SIZE


def test_nothing_is_written_even_where_nothing_can_be(data: Path) -> None:
    before = state_of(data)
    folders = [data, *(path for path in data.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        with KeptAccess(data) as kept:
            assert len(list(kept.entries("default", 0, SIZE))) == SIZE
            kept.proof("default", 3)
    finally:
        for folder in folders:
            folder.chmod(0o700)
    assert state_of(data) == before
    assert not (data.parent / "state" / "graven").joinpath("system").exists()


def test_no_key_is_needed(data: Path) -> None:
    for path in (data / "keys").iterdir():
        path.unlink()
    with KeptAccess(data) as kept:
        assert kept.size("default") == SIZE


@pytest.mark.parametrize("index", [-1, SIZE])
def test_an_entry_beyond_the_log_is_not_found(kept: KeptAccess, index: int) -> None:
    with pytest.raises(NotFound):
        kept.entry("default", index)
    with pytest.raises(NotFound):
        kept.proof("default", index)


def test_a_log_or_tile_that_is_not_there_is_not_found(kept: KeptAccess) -> None:
    with pytest.raises(NotFound, match="there is no log 'shop'"):
        kept.size("shop")
    with pytest.raises(NotFound):
        kept.tile("default", "tile/0/002.p/200")


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda data: (data / "logs/default/tile/entries/001").unlink(), Tampered),
        (lambda data: (data / "logs/default/tile/entries/001").write_bytes(b"x"), Tampered),
        (lambda data: (data / "logs/default/checkpoint").write_bytes(b"other\n1\n\n"), Tampered),
        (lambda data: (data / "logs/default/checkpoint").unlink(), CouldNotCheck),
    ],
    ids=["bundle missing", "bundle malformed", "checkpoint not signed", "no checkpoint"],
)
def test_damage_is_told(data: Path, damage, error) -> None:
    damage(data)
    with KeptAccess(data) as kept, pytest.raises(error):
        kept.entry("default", 300)


def test_a_blob_with_other_content_is_told_and_an_absent_one_is_no_damage(data: Path) -> None:
    with KeptAccess(data) as kept:
        digest = json.loads(kept.entry("default", SIZE - 1))["blob"]["digest"]
        (path,) = (data / "blobs").rglob(digest.removeprefix("sha256:"))
        os.chmod(path, 0o600)
        path.write_bytes(b"other")
        with pytest.raises(Tampered, match="has other content"):
            kept.blob("default", digest)
        path.unlink()
        with pytest.raises(CouldNotCheck):
            kept.blob("default", digest)


def test_the_checkpoint_is_the_one_that_was_published(kept: KeptAccess) -> None:
    key = VerifierKey.parse(kept.verifier_key("default"))
    assert open_checkpoint(kept.checkpoint("default"), key).size == kept.readable_size("default") == SIZE
