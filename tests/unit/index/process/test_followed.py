"""Where sealing is behind, following keeps its pace instead of running and waiting."""

import pytest
from tests.support.indexed_log import ROWS, append, events, opened

from graven.index.process import followed as module
from graven.index.process.followed import MOST_HOT, FollowedLog


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


def test_a_log_follows_no_faster_than_its_segments_are_sealed(behind) -> None:
    followed, now = behind
    followed.note_sealing(8.0)
    assert followed.pause_s() == 2.0  # a quarter of a segment, a quarter of the time
    assert not followed.follow()
    now[0] += 2.0
    assert followed.pause_s() == 0.0
    assert followed.follow()
    assert followed.index.size == (MOST_HOT - 1) * ROWS + ROWS // 4
    assert followed.pause_s() == 2.0


def test_before_the_first_segment_is_sealed_nothing_waits(behind) -> None:
    followed, _ = behind
    assert followed.follow()


def test_when_all_that_may_be_hot_is_hot_it_waits_for_sealing(behind) -> None:
    followed, now = behind
    while followed.follow():
        now[0] += 60.0
    assert followed.index.hot_rows() == MOST_HOT * ROWS
