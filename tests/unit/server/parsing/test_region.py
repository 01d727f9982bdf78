"""Two views of one region see the same bytes, also when one of them makes it larger or smaller."""

import os

import pytest

from graven.server.parsing.region import USUAL_BYTES, Region

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory files are Linux's")


def views() -> tuple[Region, Region]:
    ours = Region.make()
    return ours, Region(os.dup(ours.descriptor))


def test_pieces_lie_one_after_the_other() -> None:
    ours, theirs = views()
    assert ours.write([b"ab", b"", b"cde"]) == 5
    assert theirs.read([1, 3, 1]) == [b"a", b"bcd", b"e"]


def test_the_other_side_reads_what_needed_more_room() -> None:
    ours, theirs = views()
    large = os.urandom(USUAL_BYTES + 1)
    theirs.write([large])
    assert theirs.size > USUAL_BYTES
    ours.follow(theirs.size)
    assert ours.read([len(large)]) == [large]


def test_more_room_is_given_back() -> None:
    ours, theirs = views()
    ours.write([bytes(USUAL_BYTES * 2)])
    ours.shrink()
    assert os.fstat(theirs.descriptor).st_size == ours.size == USUAL_BYTES


def test_a_region_has_no_name_in_any_file_system() -> None:
    ours, _ = views()
    assert os.fstat(ours.descriptor).st_nlink == 0


def test_a_region_that_nobody_holds_gives_its_descriptor_back() -> None:
    ours = Region.make()
    descriptor = ours.descriptor
    del ours
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
