"""The strict drivers fail the test that breaks a rule which files would not notice."""

from random import Random

import pytest

from graven.errors import Tampered
from graven.storage.memory import MemoryBlobs, MemoryDisk, MemoryObjects


def test_a_durable_object_may_not_come_back_changed_after_it_was_deleted():
    objects = MemoryObjects(MemoryDisk())
    objects.put("a", b"1")
    objects.sync()
    objects.delete("a")
    with pytest.raises(AssertionError, match="other content"):
        objects.put("a", b"2")


def test_an_object_is_either_put_or_replaced():
    objects = MemoryObjects(MemoryDisk())
    objects.put("a", b"1")
    objects.replace("b", b"1")
    with pytest.raises(AssertionError, match="immutable"):
        objects.replace("a", b"1")
    with pytest.raises(AssertionError, match="replace"):
        objects.put("b", b"1")


def test_a_power_cut_forgets_some_unsynced_objects_and_no_synced_ones():
    left = set()
    for seed in range(50):
        disk = MemoryDisk()
        objects = MemoryObjects(disk)
        objects.put("a", b"1")
        objects.sync()
        objects.delete("a")
        objects.put("b", b"2")
        objects.replace("c", b"3")
        disk.power_cut(Random(seed))
        left.add(tuple(sorted(disk.objects)))
    assert left == {("a", "b", "c"), ("a", "c"), ("b", "c"), ("c",)}


def test_altered_blobs_are_tampered():
    disk = MemoryDisk()
    digest = MemoryBlobs(disk).put(b"hello")
    disk.blobs[digest] = b"jello"
    with pytest.raises(Tampered):
        MemoryBlobs(disk).get(digest)
