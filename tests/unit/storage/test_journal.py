"""The file journal under faults: every system call failed, and failed though it was done."""

import errno
from pathlib import Path
from random import Random

import pytest
from tests.support.storage_drivers import append, content, contents

from graven.errors import RefusedToStart, StorageFailed
from graven.storage.faulty import Fault, Faults, FaultyFileSystem, at, at_step
from graven.storage.journal import FileJournal
from graven.storage.simulated import SimulatedDisk

DIRECTORY = Path("/data/journal")
KINDS = [
    Fault(applied=True),
    Fault(applied=False),
    Fault(applied=False, written=70),
    Fault(applied=False, errno_=errno.EMFILE),
]


def entry(index: int) -> bytes:
    return b"%060d" % index


def work(disk: SimulatedDisk, faults: Faults) -> tuple[int, int]:
    """Append until a fault; gives (frames acknowledged, frames dropped at most)."""
    acknowledged, dropped = 0, 0
    try:
        journal = FileJournal(DIRECTORY, segment_bytes=300, fs=FaultyFileSystem(disk, faults))
        for index in range(8):
            append(journal, index, entry(index))
            acknowledged += 1
            if index == 5:
                dropped = 5
                journal.drop_below(5)
        journal.close(clean=True)
    except StorageFailed:
        pass
    return acknowledged, dropped


def steps() -> int:
    faults = Faults()
    assert work(SimulatedDisk(), faults) == (8, 5)
    return len(faults.steps)


def check(disk: SimulatedDisk, acknowledged: int, dropped: int) -> None:
    """All that was acknowledged is there, and at most the one frame in flight besides."""
    journal = FileJournal(DIRECTORY, segment_bytes=300, fs=disk)
    frames = contents(journal)
    first = frames[0][0] if frames else 0
    assert first <= dropped
    assert frames == [content(index, [entry(index)]) for index in range(first, first + len(frames))]
    assert first + len(frames) in {acknowledged, acknowledged + 1}
    append(journal, first + len(frames), b"more")
    journal.close(clean=True)
    FileJournal(DIRECTORY, segment_bytes=300, fs=disk).close(clean=True)


@pytest.mark.parametrize("cut", [False, True], ids=["killed", "power cut"])
@pytest.mark.parametrize("fault", KINDS, ids=str)
def test_a_fault_at_any_step_loses_nothing_that_was_acknowledged(fault, cut):
    for step in range(steps()):
        disk = SimulatedDisk()
        acknowledged, dropped = work(disk, Faults(at_step(step, fault)))
        if cut:
            disk.power_cut(Random(step))
        else:
            disk.crash()
        check(disk, acknowledged, dropped)


def test_after_a_failed_sync_a_restart_writes_the_surviving_frame_anew():
    disk = SimulatedDisk()
    faults = Faults(at("sync_data", 1, Fault(applied=False)))
    journal = FileJournal(DIRECTORY, fs=FaultyFileSystem(disk, faults))
    append(journal, 0, b"a")
    with pytest.raises(StorageFailed):
        append(journal, 1, b"b")
    disk.crash()
    # the page cache still shows the frame, so it may be served: then it must survive a power cut
    assert FileJournal(DIRECTORY, fs=disk).recovery.next_index == 2
    disk.power_cut(Random(0))
    assert contents(FileJournal(DIRECTORY, fs=disk)) == [content(0, [b"a"]), content(1, [b"b"])]


@pytest.mark.parametrize("fault", KINDS[:2], ids=str)
def test_a_failed_journal_stays_unusable_and_leaves_no_clean_mark(fault):
    disk = SimulatedDisk()
    journal = FileJournal(DIRECTORY, fs=FaultyFileSystem(disk, Faults(at("sync_data", 1, fault))))
    append(journal, 0, b"a")
    with pytest.raises(StorageFailed):
        append(journal, 1, b"b")
    for call in (lambda: append(journal, 1, b"b"), journal.frames, lambda: journal.drop_below(1)):
        with pytest.raises(StorageFailed, match="unusable"):
            call()
    with pytest.raises(StorageFailed):
        journal.close(clean=True)
    assert "/data/journal/clean" not in disk.files()
    assert not FileJournal(DIRECTORY, fs=disk).recovery.clean


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_called_full(number):
    faults = Faults(at("write", 0, Fault(applied=False, errno_=number, written=10)))
    journal = FileJournal(DIRECTORY, fs=FaultyFileSystem(SimulatedDisk(), faults))
    with pytest.raises(StorageFailed) as raised:
        append(journal, 0, b"a")
    assert raised.value.code == "storage_full"
    with pytest.raises(StorageFailed) as raised:
        append(journal, 0, b"a")
    assert raised.value.code == "storage_full"


def test_append_returns_only_after_the_sync_of_data_and_of_a_new_name():
    faults = Faults()
    journal = FileJournal(DIRECTORY, fs=FaultyFileSystem(SimulatedDisk(), faults))
    faults.steps.clear()
    append(journal, 0, b"a")
    assert [step.action for step in faults.steps] == ["open", "write", "sync_data", "open", "sync"]
    assert faults.steps[-1].target == str(DIRECTORY)
    faults.steps.clear()
    append(journal, 1, b"a")
    assert [step.action for step in faults.steps] == ["write", "sync_data"]


def test_short_writes_are_continued():
    class Dribble(SimulatedDisk):
        def write(self, fd, pieces):
            return super().write(fd, [b"".join(pieces)[:7]])

    disk = Dribble()
    journal = FileJournal(DIRECTORY, fs=disk)
    append(journal, 0, b"a" * 50, b"b" * 50, note=b"note")
    assert contents(journal) == [content(0, [b"a" * 50, b"b" * 50], b"note")]


def test_many_small_buffers_and_large_ones_make_one_frame():
    journal = FileJournal(DIRECTORY, fs=SimulatedDisk())
    entries = [b"x" * (index % 700) for index in range(3000)] + [b"y" * 65_535] * 5
    append(journal, 0, *entries)
    assert contents(journal) == [content(0, entries)]


def test_a_frame_that_rots_while_open_is_refused_when_read():
    disk = SimulatedDisk()
    journal = FileJournal(DIRECTORY, fs=disk)
    append(journal, 0, b"a")
    path = "/data/journal/00000000000000000000.gvj"
    disk.overwrite(path, disk.files()[path].replace(b"a", b"b"))
    with pytest.raises(RefusedToStart) as raised:
        list(journal.frames())
    assert "changed since" in raised.value.why
    assert raised.value.details == {"file": path, "offset": 0}


def test_real_segments_are_named_by_their_first_index(tmp_path):
    journal = FileJournal(tmp_path / "journal", segment_bytes=1)
    append(journal, 3, b"a", b"b")
    append(journal, 5, b"c")
    journal.close(clean=True)
    names = sorted(path.name for path in (tmp_path / "journal").iterdir())
    assert names == ["00000000000000000003.gvj", "00000000000000000005.gvj", "clean"]
