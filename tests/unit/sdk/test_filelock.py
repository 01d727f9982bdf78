import os

from graven.sdk.filelock import sync_directory, try_lock


def test_a_lock_is_held_by_one_open_file_and_free_when_it_is_closed(tmp_path):
    one, two = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert try_lock(one)
    assert not try_lock(two)
    os.close(one)
    assert try_lock(two)
    os.close(two)


def test_a_directory_can_be_synced(tmp_path):
    sync_directory(tmp_path)
