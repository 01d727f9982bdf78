"""Whatever a log holds, it comes out of its wrapper as it went in, and no two spellings mean the same."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from tests.property.event.test_envelope import TEXT, TIMES
from tests.property.event.test_strict_json import VALUES
from tests.support.event_samples import PRODUCER, REDACTOR, entries

from graven.errors import InvalidInput
from graven.event.envelope import entry_head, entry_tail
from graven.event.mappers.pushed import prepare_pushed
from graven.event.pushed import leaf_of, unwrap, wrap

ORIGINS = st.from_regex(r"[a-zäß0-9./-]{1,40}", fullmatch=True)
INDEXES = st.integers(0, 10**18 - 3)
"""Of the first of at most three: 10**18 - 1 is the last that a log can have."""
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


_ = REDACTOR.prefilter  # compiled before the first example is timed


@st.composite
def recorded(draw) -> bytes:
    """An entry as a recorder makes it: an event, or data of another format."""
    source = draw(NAMES)
    if draw(st.booleans()):
        event = {"action": "a.b", "actor": {"id": "x"}, "source": source, "attributes": draw(VALUES)}
        form, data = "event/1", json.dumps(event, ensure_ascii=draw(st.booleans())).encode()
    else:
        form, data = "otlp.log/1", json.dumps(draw(VALUES)).encode()
    tail = entry_tail(token=draw(TEXT), ip="::1", id=draw(NAMES), source=source, format=form, data=data)
    return entry_head(draw(TIMES)) + tail


def absent(at: int, digest: str, size: int) -> bytes:
    raise AssertionError("no entry here lies in a blob")


@given(ORIGINS, INDEXES, st.lists(recorded(), min_size=1, max_size=3))
def test_the_leaf_of_every_entry_can_be_computed_again(origin, first, raw):
    batch = prepare_pushed(raw, PRODUCER, REDACTOR, origin=origin, first=first, load=absent)
    for at, made in enumerate(entries(batch)):
        wrapped = unwrap(made.data)
        assert (wrapped.origin, wrapped.index) == (origin, first + at)
        if not made.redacted:
            assert leaf_of(wrapped.entry) == leaf_of(raw[at])


@given(ORIGINS, INDEXES, recorded(), st.data())
def test_a_changed_byte_is_refused_or_changes_what_is_wrapped(origin, index, raw, data):
    spelled = bytearray(wrap(origin, index, raw))
    before = unwrap(bytes(spelled))
    spelled[data.draw(st.integers(0, len(spelled) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        after = unwrap(bytes(spelled))
    except InvalidInput:
        return
    assert after != before
    assert wrap(*after) == bytes(spelled)


@given(st.binary(max_size=200))
def test_any_bytes_are_unwrapped_or_refused(data):
    with suppress(InvalidInput):
        assert wrap(*unwrap(data)) == data
