import json
import os
import stat
import threading
from pathlib import Path

import pytest

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.hashing import EMPTY_ROOT
from graven.tlog.note import Signer
from graven.verify.remember import Memory, default_memory_path

LOG = Signer("shop.example/prod", bytes(32))
NOW_NS = 1_795_000_000_000_000_000


def note(size: int, signer: Signer = LOG) -> bytes:
    root = EMPTY_ROOT if size == 0 else size.to_bytes(32, "big")
    return sign_checkpoint(Checkpoint(signer.name, size, root), signer)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "state" / "checkpoints.json", clock=lambda: NOW_NS)


def test_nothing_is_remembered_at_first(memory: Memory):
    assert memory.recall(LOG.name) is None
    assert not memory.path.exists()


def test_what_was_remembered_is_recalled(memory: Memory):
    assert memory.remember(LOG.verifier, note(5))
    known = memory.recall(LOG.name)
    assert known is not None
    assert (known.open().size, known.key(), known.seen) == (5, LOG.verifier, "2026-11-18T11:06:40Z")


def test_the_file_is_its_owners_only(memory: Memory):
    memory.remember(LOG.verifier, note(5))
    assert stat.S_IMODE(memory.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.path.parent.stat().st_mode) == 0o700


def test_memory_advances_and_never_goes_back(memory: Memory):
    memory.remember(LOG.verifier, note(5))
    assert memory.remember(LOG.verifier, note(6))
    assert not memory.remember(LOG.verifier, note(4))
    known = memory.recall(LOG.name)
    assert known is not None
    assert known.open().size == 6


def test_another_log_is_remembered_beside_the_first(memory: Memory):
    other = Signer("shop.example/test", bytes(range(32)))
    memory.remember(LOG.verifier, note(5))
    memory.remember(other.verifier, note(7, other))
    assert memory.recall(LOG.name) is not None
    assert memory.recall(other.name) is not None


def test_another_key_for_a_remembered_log_is_not_written(memory: Memory):
    other = Signer(LOG.name, bytes(range(32)))
    memory.remember(LOG.verifier, note(5))
    with pytest.raises(CouldNotCheck, match="another key"):
        memory.remember(other.verifier, note(7, other))


def test_a_checkpoint_that_the_key_did_not_sign_is_not_remembered(memory: Memory):
    with pytest.raises(InvalidInput):
        memory.remember(LOG.verifier, note(5, Signer(LOG.name, bytes(range(32)))))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"version":2,"logs":{}}',
        b'{"version":1,"logs":{},"more":1}',
        b'{"version":1,"logs":{"o":{"vkey":"v"}}}',
    ],
)
def test_a_file_that_cannot_be_understood_is_kept_as_it_is(memory: Memory, content: bytes):
    memory.path.parent.mkdir()
    memory.path.write_bytes(content)
    with pytest.raises(CouldNotCheck, match="no memory of checkpoints"):
        memory.recall(LOG.name)
    with pytest.raises(CouldNotCheck):
        memory.remember(LOG.verifier, note(5))
    assert memory.path.read_bytes() == content


def test_a_remembered_checkpoint_that_was_altered_is_not_written_over(memory: Memory):
    memory.remember(LOG.verifier, note(5))
    content = json.loads(memory.path.read_bytes())
    content["logs"][LOG.name]["checkpoint"] = note(5).decode().replace("\n5\n", "\n4\n")
    memory.path.write_text(json.dumps(content))
    with pytest.raises(CouldNotCheck, match="no memory"):
        memory.remember(LOG.verifier, note(6))


def test_a_failed_write_leaves_the_old_memory_and_no_litter(memory: Memory, monkeypatch: pytest.MonkeyPatch):
    memory.remember(LOG.verifier, note(5))

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CouldNotCheck, match="No space left"):
        memory.remember(LOG.verifier, note(6))
    known = memory.recall(LOG.name)
    assert known is not None
    assert known.open().size == 5
    assert sorted(path.name for path in memory.path.parent.iterdir()) == ["checkpoints.json", "checkpoints.json.lock"]


def test_verifiers_beside_each_other_lose_nothing(memory: Memory):
    signers = [Signer(f"shop.example/{number}", number.to_bytes(32, "big")) for number in range(8)]

    def remember(signer: Signer) -> None:
        for size in range(5):
            Memory(memory.path).remember(signer.verifier, note(size, signer))

    threads = [threading.Thread(target=remember, args=(signer,)) for signer in signers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    known = [memory.recall(signer.name) for signer in signers]
    assert [one.open().size for one in known if one is not None] == [4] * 8


def test_the_default_file_follows_xdg(tmp_path: Path):
    assert default_memory_path({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "graven" / "checkpoints.json"
    for environ in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "relative"}):
        assert default_memory_path(environ) == Path.home() / ".local/state/graven/checkpoints.json"
