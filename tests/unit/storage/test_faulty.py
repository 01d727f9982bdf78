"""The wrappers fail exactly the chosen step, with the work done or not."""

import threading

import pytest
from tests.support.storage_drivers import append, contents

from graven.errors import StorageFailed
from graven.storage.contracts import HeadState
from graven.storage.faulty import (
    Fault,
    Faults,
    FaultyFileSystem,
    FaultyHead,
    FaultyJournal,
    FaultyObjects,
    at,
    at_step,
)
from graven.storage.journal import FileJournal
from graven.storage.memory import MemoryDisk, MemoryHead, MemoryJournal, MemoryObjects


@pytest.mark.parametrize("applied", [True, False])
def test_a_journal_append_fails_applied_or_not_and_ends_the_journal(applied):
    disk = MemoryDisk()
    journal = FaultyJournal(MemoryJournal(disk), Faults(at("append", 1, Fault(applied=applied))))
    append(journal, 0, b"a")
    with pytest.raises(StorageFailed):
        append(journal, 1, b"b")
    for call in (lambda: append(journal, 1, b"b"), journal.frames, lambda: journal.drop_below(0)):
        with pytest.raises(StorageFailed, match="unusable"):
            call()
    with pytest.raises(StorageFailed):
        journal.close(clean=True)
    reopened = MemoryJournal(disk)
    assert not reopened.recovery.clean
    assert len(contents(reopened)) == 1 + applied


@pytest.mark.parametrize("applied", [True, False])
def test_a_head_swap_fails_applied_or_not(applied):
    disk = MemoryDisk()
    head = FaultyHead(MemoryHead(disk), Faults(at("swap", 0, Fault(applied=applied))))
    with pytest.raises(StorageFailed):
        head.swap(None, HeadState(b"1", 1))
    assert (head.load() is not None) is applied


@pytest.mark.parametrize("applied", [True, False])
def test_an_object_fails_by_its_path_applied_or_not(applied):
    disk = MemoryDisk()
    objects = FaultyObjects(MemoryObjects(disk), Faults(at("put", 0, Fault(applied=applied), target="tile/1/")))
    objects.put("tile/0/000", b"")
    with pytest.raises(StorageFailed):
        objects.put("tile/1/000", b"")
    assert ("tile/1/000" in disk.objects) is applied


def test_wrappers_share_a_count_of_steps():
    disk, faults = MemoryDisk(), Faults(at_step(2, Fault(applied=False)))
    journal = FaultyJournal(MemoryJournal(disk), faults)
    objects = FaultyObjects(MemoryObjects(disk), faults)
    append(journal, 0, b"a")
    objects.put("a", b"")
    with pytest.raises(StorageFailed):
        objects.sync()
    assert [step.action for step in faults.steps] == ["append", "put", "sync"]


def test_a_plan_may_delay_a_sync_and_append_waits_for_it(tmp_path):
    reached, released = threading.Event(), threading.Event()

    def slow(step):
        if step.action == "sync_data":
            reached.set()
            assert released.wait(30)

    from graven.storage.filesystem import REAL

    journal = FileJournal(tmp_path / "journal", fs=FaultyFileSystem(REAL, Faults(slow)))
    acknowledged = threading.Event()

    def work():
        append(journal, 0, b"a")
        acknowledged.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert reached.wait(30)
    assert not acknowledged.is_set()
    released.set()
    thread.join()
    assert acknowledged.is_set()
    journal.close(clean=True)
