import os
import stat

import pytest

from graven.sdk.frozen import FrozenBatch
from graven.sdk.spoolroot import REFUSED_NAME, SpoolRoot, destination_of

HERE = destination_of("http://here", "default")
ELSEWHERE = destination_of("http://here", "other")
BATCH = FrozenBatch("key", "identity", 1, b"{}\n")


def root(path, destination=HERE, limit=10_000, refused=1000):
    return SpoolRoot(path / "spool", destination, limit, refused)


def test_a_folder_in_use_is_not_adopted(tmp_path):
    mine = root(tmp_path).create()
    mine.append(BATCH)
    assert root(tmp_path).adopt() is None
    mine.abandon()


def test_a_folder_whose_owner_is_gone_is_adopted_once(tmp_path):
    dead = root(tmp_path).create()
    dead.append(BATCH)
    dead.abandon()
    adopted = root(tmp_path).adopt()
    assert adopted.head() == BATCH
    assert root(tmp_path).adopt() is None
    adopted.abandon()


def test_the_oldest_folder_is_adopted_first(tmp_path):
    for n in range(3):
        dead = root(tmp_path).create()
        dead.append(FrozenBatch(str(n), "identity", 1, b"{}\n"))
        dead.abandon()
    keys = []
    while (adopted := root(tmp_path).adopt()) is not None:
        keys.append(adopted.head().key)
        adopted.pop()
        adopted.close()
    assert keys == ["0", "1", "2"]


def test_events_for_another_log_are_left_alone(tmp_path):
    dead = root(tmp_path, ELSEWHERE).create()
    dead.append(BATCH)
    dead.abandon()
    assert root(tmp_path, HERE).adopt() is None


def test_folders_are_for_the_owner_only(tmp_path):
    mine = root(tmp_path).create()
    for path in (tmp_path / "spool", mine.folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    mine.abandon()


def test_a_spool_folder_that_others_could_read_is_closed_to_them(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(0o755)
    root(tmp_path).create().close()
    assert stat.S_IMODE((tmp_path / "spool").stat().st_mode) == 0o700


def test_a_spool_folder_of_another_user_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "spool").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError, match="belongs to user"):
        root(tmp_path).create()


def test_a_folder_half_made_by_a_crash_is_swept_away(tmp_path):
    (tmp_path / "spool" / f".new-{HERE}-0-0").mkdir(parents=True)
    locked = tmp_path / "spool" / f".new-{HERE}-1-1"
    locked.mkdir()
    (locked / "lock").touch()
    assert root(tmp_path).adopt() is None
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_folder_in_the_making_is_left_alone(tmp_path):
    from graven.sdk.filelock import try_lock

    young = tmp_path / "spool" / f".new-{HERE}-0-0"
    young.mkdir(parents=True)
    descriptor = os.open(young / "lock", os.O_RDWR | os.O_CREAT)
    assert try_lock(descriptor)
    assert root(tmp_path).adopt() is None
    assert young.exists()
    os.close(descriptor)


def test_a_file_system_without_locks_is_told_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def no_locks(descriptor):
        raise OSError("no locks available")

    monkeypatch.setattr("graven.sdk.spoolroot.try_lock", no_locks)
    with pytest.raises(OSError, match="no locks"):
        root(tmp_path).create()
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_folder_that_is_swept_away_in_the_making_is_made_again(tmp_path, monkeypatch):
    swept = iter([False, False, True])
    monkeypatch.setattr("graven.sdk.spoolroot.try_lock", lambda descriptor: next(swept))
    root(tmp_path).create().abandon()


def test_room_is_measured_over_all_processes(tmp_path):
    other = root(tmp_path).create()
    other.append(BATCH)
    used = other.size_bytes()
    mine = root(tmp_path, limit=used + 10)
    assert mine.has_room(10, now=0.0)
    assert not mine.has_room(1, now=0.5)
    assert mine.has_room(10, now=2.0), "what was not written after all is not counted for ever"
    other.abandon()


def test_refused_events_are_kept_up_to_the_bound(tmp_path):
    mine = root(tmp_path, refused=25)
    assert mine.keep_refused("a.ndjson", b"x" * 20)
    assert not mine.keep_refused("b.ndjson", b"x" * 6)
    kept = tmp_path / "spool" / REFUSED_NAME / "a.ndjson"
    assert kept.read_bytes() == b"x" * 20
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_refused_events_do_not_take_the_room_of_waiting_ones(tmp_path):
    mine = root(tmp_path, limit=10)
    assert mine.keep_refused("a.ndjson", b"x" * 20)
    assert mine.has_room(10, now=0.0)
