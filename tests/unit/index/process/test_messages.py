import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven import errors
from graven.errors import Conflict, GravenError, InvalidInput, NotFound, TooLarge
from graven.index.process import messages
from graven.index.process.messages import (
    Answer,
    Call,
    Cancel,
    Failure,
    Frames,
    LogState,
    Progress,
    Sizes,
    encode,
    failure_of,
    raised_by,
)

SAID = [
    Call(1, "search", "shop", {"q": "é"}),
    Cancel(1),
    Sizes({"shop": 2**40}),
    Answer(1, b"x" * 300, 3, 0, 7, more=True),
    failure_of(2, NotFound("no", why="w", hint="h", code="c", details={"at": 3})),
    Progress({"shop": LogState(5, "following", 0.5, 1, 2, 3, 4, 0)}),
]


@given(st.lists(st.sampled_from(SAID), max_size=6), st.lists(st.integers(1, 400), max_size=30))
def test_any_cutting_of_the_bytes_gives_the_same_messages(said, cuts):
    data = b"".join(map(encode, said))
    frames = Frames()
    found = []
    for cut in [*cuts, len(data)]:
        found += frames.feed(data[:cut])
        data = data[cut:]
    assert found == said


def test_byte_by_byte_too():
    frames = Frames()
    data = b"".join(map(encode, SAID))
    assert [message for byte in data for message in frames.feed(bytes([byte]))] == SAID


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1\xc1", b"\0\0\0\2\x81\xa1", b"\0\0\0\0"])
def test_what_is_no_message_is_refused(data):
    with pytest.raises(InvalidInput):
        Frames().feed(data)


def test_what_the_other_end_would_refuse_is_not_sent(monkeypatch):
    monkeypatch.setattr(messages, "_MOST_BYTES", 100)
    with pytest.raises(TooLarge):
        encode(Answer(1, b"x" * 100))


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_arrives_as_what_it_is(name):
    error = getattr(errors, name)("what", why="why", hint="hint", code="code", details={"at": 1, "odd": object()})
    again = raised_by(failure_of(3, error))
    assert type(again) is type(error)
    assert (again.message, again.why, again.hint, again.code, again.details) == (
        "what",
        "why",
        "hint",
        "code",
        {"at": 1},
    )


@pytest.mark.parametrize("kind", ["Exception", "Mapping", "nothing", "__all__"])
def test_an_unknown_kind_is_an_error_all_the_same(kind):
    assert type(raised_by(Failure(1, kind, "m", "", "", "c", {}))) is GravenError


def test_details_that_are_lists_travel():
    assert failure_of(1, Conflict("two", details={"indexes": [1, 2]})).details == {"indexes": [1, 2]}


@pytest.mark.parametrize("text", ["\ud800", "x" * 2**20])
def test_an_error_with_text_that_cannot_travel_is_told_all_the_same(text):
    failure = failure_of(1, InvalidInput(text, why=text, hint=text, details={text: 1}))
    assert len(encode(failure)) < 2**19


@pytest.mark.parametrize("value", ["\ud800", 2**70, [object()], "x" * 2**20])
def test_a_detail_that_cannot_travel_is_left_out(value):
    assert failure_of(1, Conflict("two", details={"odd": value, "at": 3})).details == {"at": 3}
