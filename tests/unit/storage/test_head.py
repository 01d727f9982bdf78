"""The SQLite head: damage is refused, and what was swapped is on the disk."""

import sqlite3
import stat
import threading

import pytest

from graven.errors import Conflict, RefusedToStart, StorageFailed
from graven.storage.contracts import HeadState
from graven.storage.head import SqliteHead

STATE = HeadState(b"example.com/log\n3\nroot\n\n-- sig\n" * 10, 1_700_000_000_000_000_000)


@pytest.fixture
def path(tmp_path):
    head = SqliteHead(tmp_path / "head.sqlite")
    head.swap(None, STATE)
    head.close()
    return tmp_path / "head.sqlite"


def test_only_the_owner_may_read_it(path):
    head = SqliteHead(path)
    head.swap(STATE.checkpoint, HeadState(b"two", 2))
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    head.close()


def test_a_flipped_bit_anywhere_is_refused_or_changes_nothing(path):
    whole = path.read_bytes()
    refused = 0
    for position in [*range(120), *range(len(whole) - 600, len(whole)), *range(120, len(whole) - 600, 97)]:
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        try:
            head = SqliteHead(path)
        except (RefusedToStart, StorageFailed):
            refused += 1
            continue
        try:
            assert head.load() == STATE
        finally:
            head.close()
    assert refused > 300


def test_an_edited_row_is_refused(path):
    db = sqlite3.connect(path)
    db.execute("UPDATE head SET time_ns = time_ns + 1")
    db.commit()
    db.close()
    with pytest.raises(RefusedToStart, match="digest") as raised:
        SqliteHead(path)
    assert raised.value.details == {"file": str(path)}


def test_a_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "head.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE bills (n)")
    db.close()
    with pytest.raises(RefusedToStart, match="bills"):
        SqliteHead(path)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(RefusedToStart):
        SqliteHead(path)


def test_a_missing_file_is_refused_when_it_must_exist(tmp_path):
    with pytest.raises(RefusedToStart, match="missing"):
        SqliteHead(tmp_path / "head.sqlite", create=False)
    assert list(tmp_path.iterdir()) == []


def test_the_swap_is_in_the_file_when_a_copy_is_made_without_closing(path, tmp_path):
    head = SqliteHead(path)
    head.swap(STATE.checkpoint, HeadState(b"two", 2))
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in path.parent.glob("head.sqlite*"):
        (copy / file.name).write_bytes(file.read_bytes())
    other = SqliteHead(copy / "head.sqlite")
    assert other.load() == HeadState(b"two", 2)
    other.close()
    head.close()


def test_every_commit_is_synced(path):
    head = SqliteHead(path)
    assert head._db.execute("PRAGMA synchronous").fetchall() == [(2,)]
    assert head._db.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    head.close()


def test_opening_moves_what_a_killed_process_left_in_the_wal_into_the_main_file(path, tmp_path):
    killed = SqliteHead(path)
    killed.swap(STATE.checkpoint, HeadState(b"two", 2))
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in path.parent.glob("head.sqlite*"):
        (copy / file.name).write_bytes(file.read_bytes())
    killed.close()
    opened = SqliteHead(copy / "head.sqlite")
    assert (copy / "head.sqlite-wal").stat().st_size == 0
    opened.close()


def test_of_many_writers_one_wins_each_round(path):
    heads = [SqliteHead(path) for _ in range(3)]
    won: list[int] = []

    def swap(number: int) -> None:
        try:
            heads[number].swap(STATE.checkpoint, HeadState(b"by %d" % number, number))
        except Conflict:
            return
        won.append(number)

    threads = [threading.Thread(target=swap, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert heads[0].load() == HeadState(b"by %d" % won[0], won[0])
    for head in heads:
        head.close()


def test_a_directory_that_cannot_be_written_fails(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed):
        SqliteHead(tmp_path / "file" / "head.sqlite")


def test_a_closed_one_fails(path):
    head = SqliteHead(path)
    head.close()
    head.close()
    with pytest.raises(StorageFailed):
        head.load()
