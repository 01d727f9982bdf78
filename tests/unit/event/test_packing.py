"""A packed batch is the batch again, whatever it holds."""

from hypothesis import given
from hypothesis import strategies as st

from graven.event.batch import PreparedBatch
from graven.event.packing import pack, unpack

SHORT = st.binary(min_size=16, max_size=16)
EVENTS = st.lists(st.tuples(st.binary(max_size=80), SHORT, SHORT), max_size=30)


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
    assert unpack(packed, data + b"of an older batch") == batch
