"""Segments are sealed by processes of their own, of which the next may wait already."""

import pytest
from tests.support.index_rows import event, hot

from graven.errors import StorageFailed
from graven.index.process.sealing import Sealer
from graven.index.segment.sealed import SealedSegment

ROWS = hot([event(message=f"number {n}") for n in range(5)]).table
GIVEN = {"mapper": 3, "leaf": "00", "secret": "0f"}


@pytest.fixture
def sealer():
    made = Sealer()
    yield made
    made.stop()


def messages(folder):
    return SealedSegment(folder, secret="0f").columns(["message"], None)["message"].to_pylist()


def test_a_segment_is_made_and_its_rows_are_not_left_behind(sealer, tmp_path) -> None:
    folder = sealer.seal(ROWS, 0, tmp_path / "index", **GIVEN)
    assert messages(folder) == [f"number {n}" for n in range(5)]
    assert [path.name for path in (tmp_path / "index").iterdir()] == [folder.name]


def test_the_process_that_waits_makes_the_next_one(sealer, tmp_path) -> None:
    sealer.seal(ROWS, 0, tmp_path, **GIVEN, more=True)
    waits = sealer._next.process
    assert waits.poll() is None
    assert messages(sealer.seal(ROWS, 5, tmp_path, **GIVEN)) == [f"number {n}" for n in range(5)]
    assert waits.poll() == 0


def test_at_rest_none_waits(sealer, tmp_path) -> None:
    sealer.seal(ROWS, 0, tmp_path, **GIVEN, more=True)
    waits = sealer._next.process
    sealer.rest()
    assert waits.poll() is not None


def test_one_that_waited_and_is_gone_costs_one_attempt(sealer, tmp_path) -> None:
    sealer.seal(ROWS, 0, tmp_path, **GIVEN, more=True)
    sealer._next.process.kill()
    with pytest.raises(StorageFailed, match="ended with -9"):
        sealer.seal(ROWS, 5, tmp_path, **GIVEN)
    sealer.seal(ROWS, 5, tmp_path, **GIVEN)


def test_what_went_wrong_is_told(sealer, tmp_path) -> None:
    (tmp_path / "000000000000").write_bytes(b"in the way")
    with pytest.raises(StorageFailed, match="Not a directory"):
        sealer.seal(ROWS, 0, tmp_path, **GIVEN)


def test_after_its_stop_nothing_is_sealed(sealer, tmp_path) -> None:
    sealer.stop()
    with pytest.raises(StorageFailed, match="stops"):
        sealer.seal(ROWS, 0, tmp_path, **GIVEN)
    assert list(tmp_path.iterdir()) == []


def test_the_secret_stands_in_no_command_line(sealer, tmp_path) -> None:
    sealer.seal(ROWS, 0, tmp_path, **GIVEN, more=True)
    assert "0f" not in sealer._next.process.args
