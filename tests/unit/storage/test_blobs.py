"""Blobs as files: durability of what was not written by us, damage, collection."""

import threading
from pathlib import Path

import pytest

from graven.errors import StorageFailed, Tampered
from graven.storage.blobs import DirectoryBlobs
from graven.storage.faulty import Fault, Faults, FaultyFileSystem, at
from graven.storage.simulated import SimulatedDisk

HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
ROOT = Path("/data/blobs")


def path_of(root: Path, digest: str) -> Path:
    return root / "sha256" / digest[7:9] / digest[9:11] / digest[7:]


def test_a_blob_lies_under_the_first_bytes_of_its_digest(tmp_path):
    DirectoryBlobs(tmp_path).put(b"hello")
    assert path_of(tmp_path, HELLO).read_bytes() == b"hello"
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_altered_content_is_tampered_and_put_heals_it(tmp_path):
    DirectoryBlobs(tmp_path).put(b"hello")
    path_of(tmp_path, HELLO).write_bytes(b"jello")
    blobs = DirectoryBlobs(tmp_path)
    with pytest.raises(Tampered, match=HELLO):
        blobs.get(HELLO)
    blobs.put(b"hello")
    assert blobs.get(HELLO) == b"hello"


def test_known_content_costs_no_sync_when_this_process_stored_it():
    faults = Faults()
    blobs = DirectoryBlobs(ROOT, fs=FaultyFileSystem(SimulatedDisk(), faults))
    blobs.put(b"hello")
    faults.steps.clear()
    blobs.put(b"hello")
    assert faults.steps == []


def test_content_that_another_process_left_is_synced_and_not_written_again():
    disk = SimulatedDisk()
    DirectoryBlobs(ROOT, fs=disk).put(b"hello")
    faults = Faults()
    blobs = DirectoryBlobs(ROOT, fs=FaultyFileSystem(disk, faults))
    faults.steps.clear()
    blobs.put(b"hello")
    actions = [step.action for step in faults.steps]
    assert "write" not in actions
    assert actions.count("sync") == 5  # the file, cd, ab, sha256, root


@pytest.mark.parametrize("step", ["write", "sync", "rename"])
def test_a_failed_put_gives_no_digest_and_leaves_no_blob(step):
    faults = Faults()
    blobs = DirectoryBlobs(ROOT, fs=FaultyFileSystem(SimulatedDisk(), faults))
    faults.plan = at(step, 0, Fault(applied=False))
    with pytest.raises(StorageFailed):
        blobs.put(b"hello")
    assert not blobs.has(HELLO)
    assert blobs.put(b"hello") == HELLO


def test_the_same_content_from_many_threads_is_stored_once_and_whole(tmp_path):
    stores = [DirectoryBlobs(tmp_path) for _ in range(2)]
    content = b"x" * 100_000
    digests = []
    threads = [
        threading.Thread(target=lambda store=store: digests.append(store.put(content)))
        for store in stores
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 8
    assert len(set(digests)) == 1
    assert stores[0].get(digests[0]) == content
    assert list((tmp_path / ".incoming").iterdir()) == []


def test_collection_removes_what_nobody_refers_to_or_holds(tmp_path):
    blobs = DirectoryBlobs(tmp_path)
    digests = [blobs.put(b"%d" % number) for number in range(4)]
    with blobs.holding(digests[:1]), blobs.holding(digests[:2]):
        pass
    with blobs.holding(digests[1:2]):
        removed = blobs.collect(lambda digest: digest == digests[2])
    assert sorted(removed) == sorted([digests[0], digests[3]])
    assert sorted(blobs.digests()) == sorted(digests[1:3])
    assert blobs.put(b"0") == digests[0]
    assert blobs.get(digests[0]) == b"0"


def test_a_sweep_removes_what_a_crash_left_half_written():
    disk = SimulatedDisk()
    faults = Faults()
    blobs = DirectoryBlobs(ROOT, fs=FaultyFileSystem(disk, faults))
    faults.plan = lambda step: Fault(applied=False) if step.action in {"write", "unlink"} else None
    with pytest.raises(StorageFailed):
        blobs.put(b"hello")
    assert any(".incoming" in path for path in disk.files())
    DirectoryBlobs(ROOT, fs=disk).sweep()
    assert disk.files() == {}
