import errno
import os
import stat

import pytest

from graven.errors import InvalidInput
from graven.sdk.frozen import FrozenBatch
from graven.sdk.spool import LOCK_NAME, SpoolFolder


def batch(n: int) -> FrozenBatch:
    return FrozenBatch(f"key-{n}", "identity", 1, b'{"n":%d}\n' % n)


def open_spool(folder, **options):
    folder.mkdir(mode=0o700, exist_ok=True)
    return SpoolFolder(folder, os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600), **options)


def drain(spool):
    found = []
    while (head := spool.head()) is not None:
        found.append(head)
        spool.pop()
    return found


def test_batches_come_out_in_the_order_they_went_in(tmp_path):
    spool = open_spool(tmp_path / "s", segment_bytes=200)
    for n in range(10):
        spool.append(batch(n))
    assert len(spool) == 10
    assert drain(spool) == [batch(n) for n in range(10)]
    spool.close()


def test_another_owner_finds_what_was_not_settled(tmp_path):
    spool = open_spool(tmp_path / "s", segment_bytes=200)
    for n in range(10):
        spool.append(batch(n))
    for _ in range(4):
        spool.pop()
    spool.abandon()
    after = open_spool(tmp_path / "s", segment_bytes=200)
    assert drain(after) == [batch(n) for n in range(4, 10)]
    after.close()


def test_new_batches_follow_those_that_were_found(tmp_path):
    spool = open_spool(tmp_path / "s")
    spool.append(batch(0))
    spool.abandon()
    after = open_spool(tmp_path / "s")
    after.append(batch(1))
    assert drain(after) == [batch(0), batch(1)]
    after.close()


def test_a_lost_cursor_costs_a_repetition_and_no_batch(tmp_path):
    spool = open_spool(tmp_path / "s")
    for n in range(3):
        spool.append(batch(n))
    spool.pop()
    spool.abandon()
    (tmp_path / "s" / "cursor").write_bytes(b"\x00garbage")
    after = open_spool(tmp_path / "s")
    assert drain(after) == [batch(n) for n in range(3)]
    after.close()


def test_the_cursor_of_a_segment_that_is_gone_hides_nothing(tmp_path):
    spool = open_spool(tmp_path / "s")
    for n in range(3):
        spool.append(batch(n))
    for _ in range(3):
        spool.pop()
    spool.abandon()
    again = open_spool(tmp_path / "s")
    again.append(batch(3))
    again.abandon()
    last = open_spool(tmp_path / "s")
    assert drain(last) == [batch(3)]
    last.close()


def test_a_torn_last_record_is_left_out_and_counted(tmp_path):
    spool = open_spool(tmp_path / "s")
    for n in range(3):
        spool.append(batch(n))
    spool.abandon()
    segment = next((tmp_path / "s").glob("*.seg"))
    os.truncate(segment, segment.stat().st_size - 5)
    after = open_spool(tmp_path / "s")
    assert after.damaged_bytes > 0
    assert drain(after) == [batch(0), batch(1)]
    after.close()


def test_a_record_that_changes_while_it_waits_is_not_sent(tmp_path):
    spool = open_spool(tmp_path / "s")
    spool.append(batch(0))
    segment = next((tmp_path / "s").glob("*.seg"))
    segment.write_bytes(segment.read_bytes().replace(b'"n":0', b'"n":1'))
    with pytest.raises(InvalidInput, match="not as it was written"):
        spool.head()
    spool.pop()
    assert spool.head() is None
    spool.close()


def test_everything_is_for_the_owner_only(tmp_path):
    spool = open_spool(tmp_path / "s")
    spool.append(batch(0))
    spool.append(batch(1))
    spool.pop()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").iterdir()}
    assert set(modes) == {"lock", "cursor", "00000000000000000001.seg"}
    assert set(modes.values()) == {0o600}
    spool.abandon()


def test_a_batch_is_synced_before_append_returns(tmp_path):
    synced = []
    spool = open_spool(tmp_path / "s", sync=lambda fd: synced.append(os.fstat(fd).st_size))
    spool.append(batch(0))
    assert synced == [spool.size_bytes()]
    spool.abandon()


@pytest.mark.parametrize("written", [False, True])
def test_a_failed_sync_leaves_the_batch_out_and_the_spool_usable(tmp_path, written):
    failures = iter([False, True, False, False])

    def sync(descriptor):
        if next(failures):
            if not written:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size - 3)
            raise OSError(errno.EIO, "the disk gave up")

    spool = open_spool(tmp_path / "s", sync=sync)
    spool.append(batch(0))
    with pytest.raises(OSError, match="gave up"):
        spool.append(batch(1))
    spool.append(batch(2))
    spool.abandon()
    after = open_spool(tmp_path / "s")
    assert drain(after) == [batch(0), batch(2)]
    after.close()


def test_an_empty_folder_goes_when_it_is_closed(tmp_path):
    spool = open_spool(tmp_path / "s")
    spool.append(batch(0))
    spool.pop()
    spool.close()
    assert not (tmp_path / "s").exists()


def test_a_folder_with_batches_stays(tmp_path):
    spool = open_spool(tmp_path / "s")
    spool.append(batch(0))
    spool.close()
    assert (tmp_path / "s" / "00000000000000000001.seg").exists()


def test_disk_space_is_given_back_segment_by_segment(tmp_path):
    spool = open_spool(tmp_path / "s", segment_bytes=1)
    for n in range(3):
        spool.append(batch(n))
    assert len(list((tmp_path / "s").glob("*.seg"))) == 3
    spool.pop()
    assert len(list((tmp_path / "s").glob("*.seg"))) == 2
    spool.abandon()
