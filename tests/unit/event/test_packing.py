"""A packed batch is the batch again, whatever it holds."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graven.errors import InvalidInput
from graven.event.batch import PreparedBatch
from graven.event.packing import pack, unpack

SHORT = st.binary(min_size=16, max_size=16)
EVENTS = st.lists(st.tuples(st.builds(b',"by":{%b}'.__mod__, st.binary(max_size=80)), SHORT, SHORT), max_size=30)


@given(
    EVENTS,
    st.dictionaries(st.integers(0, 2**31), st.text(max_size=40), max_size=5),
    st.dictionaries(st.text(max_size=80), st.binary(max_size=200), max_size=3),
    st.lists(st.tuples(st.integers(0, 99), st.text(max_size=80), st.integers(0, 2**63 - 1)), max_size=3),
    st.integers(0, 2**31),
    st.integers(0, 2**31),
)
def test_what_was_packed_comes_back(
    events: list[tuple[bytes, bytes, bytes]],
    made_ids: dict[int, str],
    blobs: dict[str, bytes],
    attachments: list[tuple[int, str, int]],
    redacted: int,
    quarantined: int,
) -> None:
    tails, keys, digests = (list(run) for run in zip(*events, strict=True)) if events else ([], [], [])
    batch = PreparedBatch(tails, keys, digests, made_ids, blobs, attachments, redacted, quarantined)
    packed, runs = pack(batch)
    data = b"".join(runs)
    assert len(data) == packed.size_bytes
    assert unpack(packed, data) == batch


BATCH = PreparedBatch([b',"by":{}}', b',"by":{1}}'], [b"k" * 16] * 2, [b"d" * 16] * 2)


@given(st.data())
def test_bytes_of_something_else_are_refused_or_still_entries(data: st.DataObject) -> None:
    packed, runs = pack(BATCH)
    good = b"".join(runs)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + data.draw(st.binary(min_size=1, max_size=len(good) - at)).ljust(1) + good[at:]
    with suppress(InvalidInput):
        assert all(tail.startswith(b',"by":{') for tail in unpack(packed, bad[: len(good)]).tails)


def test_a_body_in_the_place_of_a_batch_is_refused() -> None:
    packed, _ = pack(BATCH)
    body = b'{"action":"a","actor":{"id":"b"},"input":{"password":"geheim"}}' * 9
    with pytest.raises(InvalidInput):
        unpack(packed, body[: packed.size_bytes])
