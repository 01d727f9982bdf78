import threading

import pytest
from tests.support.log_world import SIGNER

from graven.errors import StorageFailed
from graven.log.anchor import AnchorThread, FolderAnchor, UrlAnchor, open_anchor
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint


def note(size: int, byte: int = 1) -> bytes:
    return sign_checkpoint(Checkpoint(SIGNER.name, size, bytes([byte]) * 32), SIGNER)


def test_a_folder_keeps_every_size_and_the_latest(tmp_path) -> None:
    anchor = FolderAnchor(tmp_path / "a")
    for size in (1, 2, 2):
        anchor.keep(note(size))
    (folder,) = (tmp_path / "a").iterdir()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        f"{1:020d}": note(1),
        f"{2:020d}": note(2),
        "latest": note(2),
    }


def test_another_root_of_a_kept_size_is_a_conflict_and_replaces_nothing(tmp_path) -> None:
    anchor = FolderAnchor(tmp_path)
    anchor.keep(note(1))
    with pytest.raises(StorageFailed) as caught:
        anchor.keep(note(1, byte=2))
    assert caught.value.code == "anchor_conflict"
    assert {path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == {note(1)}


def test_the_target_says_what_kind_of_anchor_it_is(tmp_path) -> None:
    assert isinstance(open_anchor("https://example.com/x"), UrlAnchor)
    assert isinstance(open_anchor(str(tmp_path)), FolderAnchor)


class Slow:
    def __init__(self) -> None:
        self.began = threading.Event()
        self.let_go = threading.Event()
        self.kept: list[bytes] = []

    def keep(self, checkpoint: bytes) -> None:
        self.began.set()
        assert self.let_go.wait(60)
        self.kept.append(checkpoint)


def test_a_slow_place_delays_nobody_and_gets_the_newest() -> None:
    place = Slow()
    thread = AnchorThread(place, "log", lambda incident: None)
    thread.offer(note(1))
    assert place.began.wait(60)
    for size in (2, 3, 4):
        thread.offer(note(size))
    place.let_go.set()
    thread.close()
    assert place.kept == [note(1), note(4)]


class Broken:
    def __init__(self, code: str) -> None:
        self.code = code

    def keep(self, checkpoint: bytes) -> None:
        raise StorageFailed("no", code=self.code)


@pytest.mark.parametrize(
    ("code", "kind"), [("storage_failed", "anchor_failed"), ("anchor_conflict", "anchor_conflict")]
)
def test_a_failure_becomes_an_incident(code: str, kind: str) -> None:
    incidents: list[str] = []
    thread = AnchorThread(Broken(code), "log", lambda incident: incidents.append(incident.kind))
    thread.offer(note(1))
    thread.close()
    assert set(incidents) == {kind}
    assert thread.failures == len(incidents)


class Away:
    """Refuses, and at once offers a newer checkpoint: what an incident that is recorded and published does."""

    def __init__(self) -> None:
        self.offer = lambda checkpoint: None
        self.tried: list[bytes] = []

    def keep(self, checkpoint: bytes) -> None:
        self.tried.append(checkpoint)
        self.offer(note(len(self.tried) + 1))
        raise StorageFailed("no")


def test_a_failure_that_leads_to_a_new_checkpoint_does_not_try_without_pause() -> None:
    place, incidents = Away(), threading.Semaphore(0)
    thread = AnchorThread(place, "log", lambda incident: incidents.release(), retry_s=3_600.0)
    place.offer = thread.offer
    thread.offer(note(1))
    assert incidents.acquire(timeout=60)
    thread.offer(note(3))
    thread.close()
    assert place.tried == [note(1), note(3)]
