"""What counts as torn, what counts as damage: every byte of small journals flipped, cut and removed."""

from pathlib import Path

import pytest
from tests.support.storage_drivers import append, content, contents

from graven.errors import InvalidInput, RefusedToStart
from graven.storage.journal import FileJournal
from graven.storage.recovery import encode_clean_mark, parse_clean_mark
from graven.storage.simulated import SimulatedDisk

DIRECTORY = Path("/data/journal")
FRAMES = [content(0, [b"a", b"bb"], b"n"), content(2, [b"c"]), content(3, [b"dd"])]
LAST = "/data/journal/00000000000000000002.gvj"


def make(*, clean: bool) -> SimulatedDisk:
    """Two segments: one frame in the first, two in the second."""
    disk = SimulatedDisk()
    journal = FileJournal(DIRECTORY, segment_bytes=104, fs=disk)
    append(journal, 0, b"a", b"bb", note=b"n")
    journal.close(clean=False)
    journal = FileJournal(DIRECTORY, segment_bytes=104, fs=disk)
    append(journal, 2, b"c")
    append(journal, 3, b"dd")
    assert contents(journal) == FRAMES
    journal.close(clean=clean)
    return disk


def reopen(disk: SimulatedDisk) -> FileJournal:
    return FileJournal(DIRECTORY, segment_bytes=104, fs=disk)


def segments(disk: SimulatedDisk) -> list[str]:
    return sorted(path for path in disk.files() if path.endswith(".gvj"))


def last_frame(disk: SimulatedDisk) -> int:
    """Offset of the last frame in the last segment."""
    return len(disk.files()[LAST]) - (64 + 4 + 32)


def flips():
    for path, data in make(clean=True).files().items():
        yield from ((path, position) for position in range(len(data)))


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_flipped_bit_after_a_clean_stop_is_always_refused(bit):
    for path, position in flips():
        disk = make(clean=True)
        data = bytearray(disk.files()[path])
        data[position] ^= bit
        disk.overwrite(path, bytes(data))
        before = disk.files()
        with pytest.raises(RefusedToStart) as raised:
            reopen(disk)
        assert disk.files() == before, "a refusal changes nothing"
        assert raised.value.hint
        assert raised.value.why
        assert path.rsplit("/", 1)[0] in raised.value.details["file"]


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_flipped_bit_after_a_crash_is_torn_in_the_last_frame_and_refused_elsewhere(bit):
    start = last_frame(make(clean=False))
    for path, position in flips():
        disk = make(clean=False)
        if path not in disk.files():
            continue  # the clean mark
        data = bytearray(disk.files()[path])
        data[position] ^= bit
        disk.overwrite(path, bytes(data))
        if path == LAST and position >= start:
            journal = reopen(disk)
            assert journal.recovery.torn == "torn-00000000000000000003-1"
            assert journal.recovery.torn_bytes == 100
            assert journal.recovery.next_index == 3
            assert disk.files()[f"/data/journal/{journal.recovery.torn}"] == data[start:]
            assert contents(journal) == FRAMES[:2]
            journal.close(clean=False)
        else:
            with pytest.raises(RefusedToStart) as raised:
                reopen(disk)
            assert raised.value.details["file"] in {path, LAST}


def test_a_cut_last_segment_after_a_crash_loses_only_what_was_cut():
    whole = make(clean=False).files()[LAST]
    start = last_frame(make(clean=False))
    for size in range(len(whole)):
        disk = make(clean=False)
        disk.overwrite(LAST, whole[:size])
        journal = reopen(disk)
        kept = 1 if size < start else 2
        assert contents(journal) == FRAMES[:kept]
        torn_bytes = size if size < start else size - start
        assert journal.recovery.torn_bytes == torn_bytes
        assert (journal.recovery.torn is None) is (torn_bytes == 0)
        append(journal, 2 if size < start else 3, b"new")
        journal.close(clean=False)
        journal = reopen(disk)
        assert journal.recovery.torn is None
        assert len(contents(journal)) == kept + 1
        journal.close(clean=False)


@pytest.mark.parametrize("clean", [True, False])
def test_a_cut_earlier_segment_is_refused(clean):
    path = segments(make(clean=clean))[0]
    whole = make(clean=clean).files()[path]
    for size in range(len(whole)):
        disk = make(clean=clean)
        disk.overwrite(path, whole[:size])
        with pytest.raises(RefusedToStart, match="00000000000000000000"):
            reopen(disk)


def test_a_cut_last_segment_after_a_clean_stop_is_refused():
    whole = make(clean=True).files()[LAST]
    for size in range(len(whole)):
        disk = make(clean=True)
        disk.overwrite(LAST, whole[:size])
        with pytest.raises(RefusedToStart):
            reopen(disk)


@pytest.mark.parametrize("junk", [b"\0", b"\xff", bytes(600), b"\xffGVJ\x00\r\n\x01" * 20])
def test_bytes_behind_the_last_frame_are_torn_after_a_crash_and_refused_after_a_clean_stop(junk):
    disk = make(clean=False)
    disk.overwrite(LAST, disk.files()[LAST] + junk)
    journal = reopen(disk)
    assert journal.recovery.torn_bytes == len(junk)
    assert contents(journal) == FRAMES
    disk = make(clean=True)
    disk.overwrite(LAST, disk.files()[LAST] + junk)
    with pytest.raises(RefusedToStart, match="journal damaged"):
        reopen(disk)


@pytest.mark.parametrize("clean", [True, False])
def test_a_missing_segment_in_the_middle_is_a_gap_and_refused(clean):
    disk = SimulatedDisk()
    journal = FileJournal(DIRECTORY, segment_bytes=1, fs=disk)
    for index in range(4):
        append(journal, index, b"a")
    journal.close(clean=clean)
    disk.overwrite("/data/journal/00000000000000000002.gvj", None)
    with pytest.raises(RefusedToStart, match="expected the frame at index 2"):
        reopen(disk)


def test_a_missing_last_segment_is_refused_after_a_clean_stop():
    disk = make(clean=True)
    disk.overwrite(LAST, None)
    with pytest.raises(RefusedToStart, match="the clean stop was at index 4"):
        reopen(disk)


def test_a_journal_without_segments_is_refused_after_a_clean_stop_with_frames():
    disk = make(clean=True)
    for path in segments(disk):
        disk.overwrite(path, None)
    with pytest.raises(RefusedToStart, match="segments end at None"):
        reopen(disk)


def test_a_frame_of_another_journal_is_refused_though_its_digest_is_right():
    other = SimulatedDisk()
    journal = FileJournal(DIRECTORY, segment_bytes=104, fs=other)
    append(journal, 0, b"other", b"bb", note=b"n")
    append(journal, 2, b"c")
    append(journal, 3, b"dd")
    disk = make(clean=False)
    disk.overwrite(LAST, other.files()[LAST])
    with pytest.raises(RefusedToStart, match="continues"):
        reopen(disk)


def test_a_segment_repeated_under_another_name_is_refused():
    disk = make(clean=False)
    disk.overwrite("/data/journal/00000000000000000004.gvj", disk.files()[LAST])
    with pytest.raises(RefusedToStart, match="expected the frame at index 4, found the one at 2"):
        reopen(disk)


def test_an_index_zero_frame_that_continues_something_is_refused():
    disk = make(clean=False)
    data = disk.files()[LAST]
    for path in segments(disk):
        disk.overwrite(path, None)
    disk.overwrite("/data/journal/00000000000000000000.gvj", data)
    with pytest.raises(RefusedToStart):
        reopen(disk)


def test_a_badly_named_segment_is_refused():
    disk = make(clean=False)
    disk.overwrite("/data/journal/2.gvj", b"")
    with pytest.raises(RefusedToStart, match="not the name of a segment"):
        reopen(disk)


def test_a_repeated_recovery_of_the_same_tail_keeps_one_copy():
    disk = make(clean=False)
    torn = disk.files()[LAST] + b"junk"
    disk.overwrite(LAST, torn)
    reopen(disk)
    disk.overwrite(LAST, torn)
    assert reopen(disk).recovery.torn == "torn-00000000000000000004-1"
    disk.overwrite(LAST, torn + b"!")
    assert reopen(disk).recovery.torn == "torn-00000000000000000004-2"
    assert disk.files()["/data/journal/torn-00000000000000000004-1"] == b"junk"


def test_an_only_segment_that_is_torn_whole_leaves_an_empty_journal():
    disk = SimulatedDisk()
    journal = FileJournal(DIRECTORY, fs=disk)
    append(journal, 7, b"a")
    path = "/data/journal/00000000000000000007.gvj"
    disk.overwrite(path, disk.files()[path][:-1])
    journal = reopen(disk)
    assert journal.recovery.next_index is None
    assert journal.recovery.torn == "torn-00000000000000000007-1"
    assert path not in disk.files()
    append(journal, 9, b"b")


@pytest.mark.parametrize("next_index", [None, 0, 1, 2**62])
def test_a_clean_mark_round_trips(next_index):
    assert parse_clean_mark(encode_clean_mark(next_index, bytes(range(32)))) == (next_index, bytes(range(32)))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"5", b"05"), (b"5", b"+5"), (b"5", b""), (b"5", "٥".encode()), (b"00", b"0A"), (b"\n", b"\r\n")],
)
def test_a_clean_mark_has_one_spelling(old, new):
    mark = encode_clean_mark(5, bytes(32))
    with pytest.raises(InvalidInput):
        parse_clean_mark(mark.replace(old, new, 1))
    with pytest.raises(InvalidInput):
        parse_clean_mark(mark + b"\n")
