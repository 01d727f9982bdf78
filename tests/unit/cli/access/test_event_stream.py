"""However a stream of events is cut, the same events come out."""

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.cli.access import event_stream
from graven.cli.access.event_stream import EventStream, ServerEvent
from graven.errors import InvalidInput

WIRE = (
    b': hello\n\nid: 7\nevent: row\ndata: {"a":1}\n\nid: 9\nevent: progress\ndata: {}\r\n\r\n'
    b"data: one\ndata: two\nretry: 5\n\nevent: nothing\n\n"
)
EVENTS = [
    ServerEvent("row", b'{"a":1}', "7"),
    ServerEvent("progress", b"{}", "9"),
    ServerEvent("message", b"one\ntwo", "9"),
]


def test_fields_ids_and_comments_are_read_as_the_standard_says():
    assert EventStream().feed(WIRE) == EVENTS


@given(cuts=st.lists(st.integers(0, len(WIRE)), max_size=12))
def test_any_chunking_gives_the_same_events(cuts):
    stream, found = EventStream(), []
    places = [0, *sorted(cuts), len(WIRE)]
    for start, end in itertools.pairwise(places):
        found += stream.feed(WIRE[start:end])
    assert found == EVENTS


def test_an_event_that_is_not_finished_is_not_given():
    stream = EventStream()
    assert stream.feed(b"data: a\n") == []
    assert stream.feed(b"\n") == [ServerEvent("message", b"a", "")]


def test_an_endless_line_is_refused(monkeypatch):
    monkeypatch.setattr(event_stream, "MOST_BYTES", 100)
    stream = EventStream()
    for _ in range(10):
        assert stream.feed(b"data: xxxx") == []
    with pytest.raises(InvalidInput):
        stream.feed(b"x")


def test_a_piece_of_a_long_event_costs_its_own_length_and_not_what_came_before() -> None:
    stream, piece = EventStream(), b"x" * 1_000
    stream.feed(b"data: ")
    for _ in range(4_000):
        stream.feed(piece)
    tracemalloc.start()
    try:
        stream.feed(piece)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 400_000  # of 4 MB that are held
    assert stream.feed(b"\n\n") == [ServerEvent("message", piece * 4_001, "")]


@pytest.mark.parametrize("wire", [b"data: " + b"x" * 100, b"data: " + b"x" * 60 + b"\ndata: " + b"y" * 60])
def test_an_event_that_is_too_large_is_refused_however_it_is_cut(monkeypatch: pytest.MonkeyPatch, wire: bytes) -> None:
    monkeypatch.setattr(event_stream, "MOST_BYTES", 100)

    def read(size: int) -> None:
        stream = EventStream()
        for start in range(0, len(wire) + 2, size):
            stream.feed((wire + b"\n\n")[start : start + size])

    for size in range(1, len(wire) + 3):
        with pytest.raises(InvalidInput, match="more than 100 bytes"):
            read(size)
