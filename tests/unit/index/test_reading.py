"""Entries of a real log, below and above its published size."""

import pytest
from tests.support.indexed_log import append, events, opened

from graven.errors import Unavailable
from graven.index.reading import LogReader
from graven.log.layout import LogPaths


@pytest.fixture
def published(tmp_path):
    """A log of 600 entries that is closed, and so published."""
    with opened(tmp_path / "data") as log:
        for start in range(0, 600, 100):
            append(log, events(start, 100))
    return tmp_path / "data"


def read(reader, start, committed):
    return [entry for _, entries in reader.batches(start, committed) for entry in entries]


def has_id(entry, n):
    return f'"id":"e-{n}"'.encode() in entry


def test_published_entries_come_from_bundles_wherever_one_begins(published):
    reader = LogReader(published, "shop")
    assert reader.published_size() == 600
    for start in (0, 1, 255, 256, 300, 599, 600):
        assert all(has_id(entry, start + n) for n, entry in enumerate(read(reader, start, 600)))
        assert len(read(reader, start, 600)) == 600 - start


def test_no_more_is_given_than_is_committed(published):
    reader = LogReader(published, "shop")
    assert len(read(reader, 10, 300)) == 290


def test_every_published_entry_can_be_asked_for_by_itself(published):
    reader = LogReader(published, "shop")
    assert all(has_id(reader.entry(n), n) for n in range(600))


def test_published_entries_are_given_as_far_as_asked(published):
    reader = LogReader(published, "shop")
    assert sum(len(part) for _, part in reader.published(250, 520)) == 270
    with pytest.raises(Unavailable, match="from 600 to 601"):
        list(reader.published(0, 601))


def test_an_entry_beyond_everything_is_unavailable(published):
    with pytest.raises(Unavailable):
        LogReader(published, "shop").entry(600)


@pytest.fixture
def unpublished(tmp_path, monkeypatch):
    """A reader of a log that goes on, while its published size stays at 0; and what goes on."""
    with opened(tmp_path / "data") as log:
        reader = LogReader(tmp_path / "data", "shop")
        sizes = [0]
        monkeypatch.setattr(reader, "published_size", lambda: sizes[0])
        yield log, reader, sizes


def test_committed_entries_are_there_before_they_are_published(unpublished):
    log, reader, _ = unpublished
    append(log, events(0, 10))
    assert len(read(reader, 0, 10)) == 10
    assert all(has_id(reader.entry(n), n) for n in range(10))


def test_a_frame_that_is_read_in_two_parts_loses_nothing(unpublished):
    log, reader, _ = unpublished
    append(log, events(0, 10))
    append(log, events(10, 10))
    first = next(reader.batches(0, 5))[1]
    assert len(first) == 10  # the whole frame: the caller takes what it has room for
    assert len(read(reader, 5, 15)) == 15
    assert len(read(reader, 15, 20)) == 5
    assert all(has_id(reader.entry(n), n) for n in range(20))


def test_what_is_published_is_let_go(unpublished):
    log, reader, sizes = unpublished
    append(log, events(0, 10))
    append(log, events(10, 10))
    read(reader, 0, 20)
    sizes[0] = 10
    read(reader, 20, 20)
    assert [batch[0] for batch in reader._waiting] == [10]


def test_reading_again_from_the_start_keeps_what_is_not_published(unpublished):
    log, reader, _ = unpublished
    append(log, events(0, 10))
    read(reader, 0, 10)
    assert len(read(reader, 0, 10)) == 10
    assert sum(len(entries) for _, entries in reader._waiting) == 10


def test_a_blob_that_is_not_there_is_none(published):
    reader = LogReader(published, "shop")
    digest = "sha256:" + "0" * 64
    assert reader.blob(digest) is None
    assert reader.open_blob(digest) is None


def test_a_log_without_a_checkpoint_is_an_error_and_no_empty_log(published):
    LogPaths(published, "shop").checkpoint.unlink()
    with pytest.raises(FileNotFoundError):
        list(LogReader(published, "shop").batches(0, 10))
