"""However a stream of events is cut, the same events come out."""

import itertools

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
