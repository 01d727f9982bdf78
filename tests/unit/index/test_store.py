"""How an index grows: merging, sealing, forgetting, and what it believes when it is opened."""

import errno
import json
from pathlib import Path

import pyarrow as pa
import pytest
from tests.support.index_rows import event, rows

from graven.index import store
from graven.index.derive.view import VERSION
from graven.index.segment import sealed as sealed_module
from graven.index.segment.sealed import FORMAT, folder_name, seal
from graven.index.store import LogIndex, Snapshot

ROWS = 8


def opened(home, origin="a.example", genuine=lambda segment: True):
    return LogIndex(home / "index", origin, genuine=genuine, rows=ROWS)


def grow(index, count, step=1, text="x"):
    for _ in range(0, count, step):
        first = index.size
        index.add(first, rows([event(message=f"{text} {first + n}") for n in range(step)], first))


def sealed_part(index, *, mapper=VERSION):
    first, table = index.full()
    return seal(table, first, index.home, mapper=mapper, leaf="", secret=index.secret)


def messages(snapshot):
    return [text for one in snapshot.segments for text in one.columns(["message"], None)["message"].to_pylist()]


def test_an_empty_index_has_an_empty_snapshot(tmp_path):
    index = opened(tmp_path)
    assert index.snapshot() == Snapshot((), 0)
    assert (index.size, index.room(), index.full(), index.outdated()) == (0, ROWS, None, None)


def test_small_hot_segments_are_merged_in_order(tmp_path):
    index = opened(tmp_path)
    grow(index, 7)
    assert messages(index.snapshot()) == [f"x {n}" for n in range(7)]
    assert len(index.snapshot().segments) <= 3


def test_hot_segments_never_cross_the_border_of_a_sealed_one(tmp_path):
    index = opened(tmp_path)
    grow(index, 3 * ROWS)
    assert all(one.first // ROWS == (one.first + one.count - 1) // ROWS for one in index.snapshot().segments)


@pytest.mark.parametrize("index", range(2 * ROWS + 3))
def test_the_segment_of_an_entry_is_found(tmp_path_factory, index):
    made = grown()
    found = made.at(index)
    assert found.first <= index < found.first + found.count


_grown: list[Snapshot] = []


def grown():
    if not _grown:
        from tempfile import mkdtemp

        made = opened(Path(mkdtemp()))
        grow(made, 2 * ROWS + 3)
        _grown.append(made.snapshot())
    return _grown[0]


def test_large_hot_segments_are_not_merged(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_MERGED_BYTES", 1)
    index = opened(tmp_path)
    grow(index, 5)
    assert len(index.snapshot().segments) == 5


def test_hot_rows_that_are_too_many_lie_in_files_without_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_IN_MEMORY_BYTES", 1)
    index = opened(tmp_path)
    grow(index, 5)
    snapshot = index.snapshot()
    assert all(segment.spilled for segment in snapshot.segments)
    assert messages(snapshot) == [f"x {n}" for n in range(5)]
    assert snapshot.segments[0].worded(["x"], prefix=False, infix=False).all()
    assert [path.name for path in index.home.iterdir()] == ["log.json"]


def test_of_hot_rows_that_are_too_many_the_oldest_go_and_no_more_than_has_to(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_MERGED_BYTES", 1)
    index = opened(tmp_path)
    grow(index, 1)
    monkeypatch.setattr(store, "_IN_MEMORY_BYTES", 2 * index.hot_bytes() + 64)
    grow(index, 3)
    assert [segment.spilled for segment in index.snapshot().segments] == [True, True, False, False]
    assert messages(index.snapshot()) == [f"x {n}" for n in range(4)]


def test_a_sealed_segment_takes_the_place_of_its_hot_rows(tmp_path):
    index = opened(tmp_path)
    grow(index, ROWS + 3)
    before = index.snapshot()
    assert index.take_sealed(sealed_part(index), index.generation)
    assert (len(index.sealed()), index.hot_rows(), index.size) == (1, 3, ROWS + 3)
    assert messages(index.snapshot()) == messages(before)


def test_rows_that_come_while_a_segment_is_made_stay(tmp_path):
    index = opened(tmp_path)
    grow(index, ROWS)
    folder = sealed_part(index)
    grow(index, 3)
    index.take_sealed(folder, index.generation)
    assert messages(index.snapshot()) == [f"x {n}" for n in range(ROWS + 3)]


def test_what_was_made_before_everything_was_forgotten_is_not_taken(tmp_path):
    index = opened(tmp_path)
    grow(index, 2 * ROWS)
    index.take_sealed(sealed_part(index), index.generation)
    generation, folder = index.generation, sealed_part(index)  # the second
    kept = folder.rename(tmp_path / folder.name)
    index.clear()
    grow(index, 2 * ROWS, text="y")
    kept.rename(folder)
    assert not index.take_sealed(folder, generation)
    assert messages(index.snapshot()) == [f"y {n}" for n in range(2 * ROWS)]


def test_a_segment_that_is_not_the_next_one_is_refused(tmp_path):
    index = opened(tmp_path)
    grow(index, 2 * ROWS)
    folder = seal(rows([event()] * ROWS, ROWS), ROWS, index.home, mapper=VERSION, leaf="", secret=index.secret)
    with pytest.raises(ValueError, match="not the next"):
        index.take_sealed(folder, index.generation)


def test_a_segment_whose_rows_were_never_hot_is_refused(tmp_path):
    index = opened(tmp_path)
    grow(index, 3)
    folder = seal(rows([event()] * ROWS), 0, index.home, mapper=VERSION, leaf="", secret=index.secret)
    with pytest.raises(ValueError, match="not all hot"):
        index.take_sealed(folder, index.generation)
    assert index.size == 3


def test_a_shorter_segment_is_refused(tmp_path):
    index = opened(tmp_path)
    grow(index, ROWS)
    folder = seal(rows([event()] * 3), 0, index.home, mapper=VERSION, leaf="", secret=index.secret)
    with pytest.raises(ValueError, match="3 rows from 0"):
        index.take_sealed(folder, index.generation)


def test_an_older_segment_is_replaced_in_its_place(tmp_path):
    index = opened(tmp_path)
    grow(index, 2 * ROWS)
    for _ in range(2):
        index.take_sealed(sealed_part(index, mapper=VERSION - 1), index.generation)
    old = index.outdated()
    assert old.first == ROWS
    table = pa.concat_tables([rows([event(message="new")] * ROWS, ROWS)])
    index.take_sealed(seal(table, ROWS, index.home, mapper=VERSION, leaf="", secret=index.secret), index.generation)
    assert messages(index.snapshot()) == [f"x {n}" for n in range(ROWS)] + ["new"] * ROWS
    assert index.outdated().first == 0


def test_forgetting_leaves_nothing_but_the_secret(tmp_path):
    index = opened(tmp_path)
    grow(index, ROWS)
    index.take_sealed(sealed_part(index), index.generation)
    secret = index.secret
    index.clear()
    assert (index.size, index.secret) == (0, secret)
    assert [path.name for path in index.home.iterdir()] == ["log.json"]


def made_on_disk(tmp_path, segments=3):
    index = opened(tmp_path)
    grow(index, segments * ROWS)
    for _ in range(segments):
        index.take_sealed(sealed_part(index), index.generation)
    return index.home


def test_it_opens_what_it_sealed(tmp_path):
    made_on_disk(tmp_path)
    index = opened(tmp_path)
    assert (index.size, index.dropped) == (3 * ROWS, [])


def test_what_lies_behind_a_gap_is_removed(tmp_path):
    home = made_on_disk(tmp_path)
    (home / folder_name(ROWS) / "keys.bin").unlink()
    index = opened(tmp_path)
    assert (index.size, index.dropped[1:]) == (ROWS, [f"2 segments from entry {ROWS} on"])
    assert sorted(path.name for path in home.iterdir()) == [folder_name(0), "log.json"]


def test_segments_of_another_log_are_not_believed(tmp_path):
    made_on_disk(tmp_path)
    assert opened(tmp_path, genuine=lambda segment: segment.first == 0).size == ROWS


def test_segments_of_another_format_are_made_again(tmp_path):
    home = made_on_disk(tmp_path)
    manifest = home / folder_name(0) / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "format": FORMAT + 1}, separators=(",", ":")))
    assert opened(tmp_path).size == 0


def test_the_index_of_another_log_is_removed_with_its_secret(tmp_path):
    home = made_on_disk(tmp_path)
    secret = json.loads((home / "log.json").read_text())["secret"]
    index = opened(tmp_path, origin="b.example")
    assert index.size == 0
    assert index.secret != secret


def test_an_index_that_may_not_be_read_is_not_thrown_away(tmp_path, monkeypatch):
    home = made_on_disk(tmp_path)
    monkeypatch.setattr("pathlib.Path.read_bytes", refused)
    with pytest.raises(PermissionError):
        opened(tmp_path)
    assert (home / folder_name(0)).is_dir()


def refused(path):
    raise PermissionError(13, "refused")


def test_what_was_being_made_is_removed(tmp_path):
    home = made_on_disk(tmp_path, segments=1)
    (home / f"new-{folder_name(ROWS)}-77").mkdir()
    (home / "rows-5.arrow").write_bytes(b"x")
    opened(tmp_path)
    assert sorted(path.name for path in home.iterdir()) == [folder_name(0), "log.json"]


def test_the_secret_is_for_its_owner_only(tmp_path):
    index = opened(tmp_path)
    assert (index.home / "log.json").stat().st_mode & 0o777 == 0o600


def test_a_segment_that_is_finished_after_everything_was_forgotten_is_not_believed_later(tmp_path):
    index = opened(tmp_path)
    grow(index, ROWS)
    generation = index.generation
    first, table = index.full()
    index.clear()
    folder = seal(table, first, index.home, mapper=VERSION, leaf="", secret=index.secret)
    assert not index.take_sealed(folder, generation)
    assert opened(tmp_path).size == 0


def test_a_kill_while_a_segment_is_replaced_costs_none(tmp_path, monkeypatch):
    made_on_disk(tmp_path)
    index = opened(tmp_path)
    rename = Path.rename

    def killed_before_the_new_one_is_there(path, target):
        if path.name.startswith("new-"):
            raise KeyboardInterrupt
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed_before_the_new_one_is_there)
        with pytest.raises(KeyboardInterrupt):
            made_anew(index, ROWS)
    again = opened(tmp_path)
    assert (len(again.sealed()), again.dropped) == (3, [])
    made_anew(again, ROWS)
    assert {path.name for path in again.home.iterdir() if path.is_dir()} == {folder_name(n * ROWS) for n in range(3)}


def made_anew(index, first):
    table = rows([event(message=f"x {n}") for n in range(first, first + ROWS)], first)
    seal(table, first, index.home, mapper=VERSION, leaf="", secret=index.secret)


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many open files"), MemoryError()])
def test_what_cannot_be_opened_for_lack_of_means_is_not_thrown_away(tmp_path, monkeypatch, error):
    made_on_disk(tmp_path)

    def lacking(folder):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(sealed_module, "Flat", lacking)
        with pytest.raises(type(error)):
            opened(tmp_path)
    assert len(opened(tmp_path).sealed()) == 3


def test_a_log_that_cannot_be_read_now_costs_no_segment(tmp_path):
    made_on_disk(tmp_path)

    def unreadable(segment):
        raise OSError(errno.EIO, "input/output error")

    with pytest.raises(OSError, match="input/output"):
        opened(tmp_path, genuine=unreadable)
    assert len(opened(tmp_path).sealed()) == 3
