"""Reading a journal beside its writer: what is committed is there, and nothing beyond."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.storage_drivers import append

from graven.storage.journal import FileJournal
from graven.storage.journal_tail import JournalTail, TailFrame
from graven.tlog.bundle import decode_bundle


@pytest.fixture
def place(tmp_path):
    return tmp_path / "journal"


def journal(place, segment_bytes=300):
    return FileJournal(place, segment_bytes=segment_bytes)


def entry(index):
    return b"%060d" % index


def fill(made, start, stop, size=1):
    for index in range(start, stop, size):
        append(made, index, *(entry(index + n) for n in range(size)))


def read(tail, start, committed):
    """Log indexes and entries of the frames."""
    return [
        (frame.first_index + n, bytes(one))
        for frame in tail.frames(start, committed)
        for n, one in enumerate(decode_bundle(frame.entries, frame.count))
    ]


def expected(start, stop):
    return [(index, entry(index)) for index in range(start, stop)]


def test_frames_go_on_across_segments(place):
    fill(journal(place), 0, 12)
    assert len(list(place.iterdir())) > 2
    assert read(JournalTail(place), 0, 12) == expected(0, 12)


def test_a_frame_beyond_the_committed_size_is_not_shown(place):
    fill(journal(place), 0, 6)
    tail = JournalTail(place)
    assert read(tail, 0, 4) == expected(0, 4)
    assert read(tail, 4, 6) == expected(4, 6)


def test_it_goes_on_where_it_stopped_as_the_journal_grows(place):
    made = journal(place)
    tail = JournalTail(place)
    for start in range(0, 12, 3):
        fill(made, start, start + 3)
        assert read(tail, start, start + 3) == expected(start, start + 3)


def test_a_start_within_a_frame_gives_the_whole_frame(place):
    fill(journal(place), 0, 6, size=3)
    assert read(JournalTail(place), 4, 6) == expected(3, 6)


def test_a_start_before_where_it_stopped_is_found_again(place):
    fill(journal(place), 0, 9)
    tail = JournalTail(place)
    read(tail, 0, 9)
    assert read(tail, 2, 9) == expected(2, 9)


def test_what_was_dropped_is_not_given(place):
    made = journal(place)
    fill(made, 0, 12)
    made.drop_below(8)
    found = read(JournalTail(place), 0, 12)
    assert found == []  # the tiles have it
    first = min(int(path.name[:20]) for path in place.glob("*.gvj"))
    assert 0 < first <= 8
    assert read(JournalTail(place), 8, 12) == expected(8, 12)


def test_a_segment_that_goes_away_under_it_ends_the_reading_and_the_next_begins_anew(place):
    made = journal(place)
    fill(made, 0, 6)
    tail = JournalTail(place)
    read(tail, 0, 2)
    fill(made, 6, 12)
    made.drop_below(12)
    assert read(tail, 2, 12) == []
    start = min(int(path.name[:20]) for path in place.glob("*.gvj"))
    assert read(tail, start, 12) == expected(start, 12)


def test_a_journal_that_is_not_there_yet_has_nothing(place):
    assert read(JournalTail(place), 0, 5) == []
    place.mkdir()
    assert read(JournalTail(place), 0, 5) == []


@pytest.mark.parametrize("left", [1, 40, 100])
def test_a_frame_that_is_cut_ends_it_until_it_is_whole(place, left):
    fill(journal(place, 10_000), 0, 3)
    (path,) = place.glob("*.gvj")
    whole = path.read_bytes()
    frame = len(whole.rstrip(b"\0")) // 3
    path.write_bytes(whole[: 2 * frame + left])
    tail = JournalTail(place)
    assert read(tail, 0, 3) == expected(0, 2)
    path.write_bytes(whole)
    assert read(tail, 2, 3) == expected(2, 3)


def test_bytes_that_are_no_frame_end_it(place):
    fill(journal(place, 10_000), 0, 2)
    (path,) = place.glob("*.gvj")
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"x" * 8)
    assert read(JournalTail(place), 0, 2) == []


def test_other_files_of_the_folder_are_not_looked_at(place):
    fill(journal(place), 0, 2)
    (place / "00000000000000000001.gvj.torn").write_bytes(b"x")
    (place / "note.txt").write_bytes(b"x")
    assert read(JournalTail(place), 0, 2) == expected(0, 2)


def test_no_descriptor_stays_open(place):
    fill(journal(place), 0, 12)
    tail = JournalTail(place)
    before = len(os.listdir("/proc/self/fd"))
    frames = tail.frames(0, 12)
    assert isinstance(next(frames), TailFrame)
    frames.close()
    read(tail, 0, 12)
    assert len(os.listdir("/proc/self/fd")) == before


@settings(deadline=None, max_examples=30)
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=12), data=st.data())
def test_whatever_is_asked_in_turn_every_entry_comes_once(tmp_path_factory, sizes, data):
    place = tmp_path_factory.mktemp("tail")
    made = journal(place)
    tail = JournalTail(place)
    committed = seen = 0
    for size in sizes:
        fill(made, committed, committed + size, size)
        committed += size
        if data.draw(st.booleans()):
            found = read(tail, seen, committed)
            assert found == expected(seen, committed)
            seen = committed
    made.close(clean=True)
