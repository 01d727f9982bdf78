"""Where sealing is behind, following keeps its pace instead of running and waiting."""

import os

import pytest
from tests.support.indexed_log import ROWS, append, events, opened, seal_all

from graven.errors import StorageFailed
from graven.index.process import followed as module
from graven.index.process.followed import MOST_HOT, FollowedLog
from graven.index.reading import LogReader


@pytest.fixture
def behind(tmp_path, monkeypatch):
    """A log of which as much is hot as is taken without a pause, and the clock that its index sees."""
    monkeypatch.setattr(module, "_PACED_ROWS", ROWS // 4)
    now = [100.0]
    with opened(tmp_path) as log:
        append(log, events(0, MOST_HOT * ROWS))
    followed = FollowedLog(tmp_path, "shop", clock=lambda: now[0], sealed_rows=ROWS)
    followed.grew((MOST_HOT - 1) * ROWS)
    while followed.follow():
        pass
    followed.grew(MOST_HOT * ROWS)
    yield followed, now
    followed.close()


def test_a_log_follows_at_the_pace_of_sealing(behind) -> None:
    followed, now = behind
    followed.note_sealing(8.0)
    assert followed.due_s() == 1.0  # a quarter of a segment in half a quarter of the time: there is room
    assert not followed.follow()
    now[0] += 1.0
    assert followed.due_s() == 0.0
    assert followed.follow()
    assert followed.index.size == (MOST_HOT - 1) * ROWS + ROWS // 4


def test_the_less_room_is_left_the_slower_a_log_is_followed(behind) -> None:
    followed, now = behind
    followed.note_sealing(8.0)
    pauses = []
    for _ in range(4):
        pauses.append(followed.due_s())
        now[0] += 60.0
        followed.follow()
    assert pauses == [1.0, 1.5, 2.0, 2.5]


def test_before_a_segment_was_sealed_the_pace_is_a_guess(behind, monkeypatch) -> None:
    followed, _ = behind
    assert followed.due_s() == pytest.approx(ROWS / 30_000 / 8)


def test_when_all_that_may_be_hot_is_hot_it_waits_for_sealing(behind) -> None:
    followed, now = behind
    for _ in range(6):
        now[0] += 60.0
        followed.follow()
    assert followed.index.hot_rows() == MOST_HOT * ROWS


def test_rows_derived_anew_are_the_same_however_many_are_derived_at_a_time(behind, monkeypatch) -> None:
    followed, _ = behind
    at_once = followed.derive(10, 200)
    assert at_once.num_rows == 200
    monkeypatch.setattr(module, "BATCH_ROWS", 30)
    assert followed.derive(10, 200).equals(at_once)


def test_a_log_whose_index_cannot_be_opened_leaves_no_descriptor_behind(tmp_path):
    with opened(tmp_path) as log:
        append(log, events(0, 3))
    (tmp_path / "index").write_text("no folder can be made here")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(OSError, match="index"):
            FollowedLog(tmp_path, "shop")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_segment_of_a_log_that_cannot_be_read_is_neither_genuine_nor_not(tmp_path, monkeypatch):
    with opened(tmp_path) as log:
        append(log, events(0, ROWS))
    followed = FollowedLog(tmp_path, "shop", sealed_rows=ROWS)
    followed.grew(ROWS)
    while followed.follow():
        pass
    seal_all(followed)
    followed.close()

    def unreadable(reader, index):
        raise StorageFailed("input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(LogReader, "entry", unreadable)
        with pytest.raises(StorageFailed):
            FollowedLog(tmp_path, "shop", sealed_rows=ROWS)
    again = FollowedLog(tmp_path, "shop", sealed_rows=ROWS)
    assert again.index.size == ROWS
    again.close()
