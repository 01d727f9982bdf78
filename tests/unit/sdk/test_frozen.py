import pytest

from graven.errors import InvalidInput
from graven.sdk import frozen
from graven.sdk.frozen import FrozenBatch, freeze

EVENTS = [b'{"n":%d}' % n for n in range(500)]


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_events_come_back_as_they_went_in(encoding):
    batch = freeze(EVENTS, "key", encoding)
    assert batch.encoding == encoding
    assert batch.events() == EVENTS


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_bytes_on_disk_are_the_request_again(encoding):
    batch = freeze(EVENTS, "key", encoding)
    assert FrozenBatch.from_bytes(batch.to_bytes()) == batch


def test_a_small_batch_is_not_compressed():
    assert freeze([b"{}"], "key", "gzip") == FrozenBatch("key", "identity", 1, b"{}\n")


@pytest.mark.parametrize("data", [b"", b"{}", b"{}\n", b'{"key":"k","encoding":"br","count":1}\nx', b"\xff\n"])
def test_bytes_that_are_no_batch_are_refused(data):
    with pytest.raises(InvalidInput):
        FrozenBatch.from_bytes(data)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_does_not_decompress_is_refused(encoding):
    with pytest.raises(InvalidInput):
        FrozenBatch("key", encoding, 1, b"junk").events()


def test_a_zstd_batch_of_another_process_is_kept_though_it_cannot_be_opened_here(monkeypatch):
    batch = freeze(EVENTS, "key", "zstd")
    monkeypatch.setattr(frozen, "zstandard", lambda: None)
    assert FrozenBatch.from_bytes(batch.to_bytes()) == batch
    with pytest.raises(InvalidInput, match="not installed"):
        batch.events()
