"""The spool against its two promises: any crash gives a prefix in order, and nothing is lost between owners."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graven.sdk.frozen import FrozenBatch
from graven.sdk.segment import encode_record, payload_of, scan
from graven.sdk.spool import LOCK_NAME, SpoolFolder

PAYLOADS = st.lists(st.binary(max_size=40), max_size=8)


@given(PAYLOADS, st.data())
def test_any_cut_of_the_stream_gives_a_prefix_in_order(payloads, data):
    stream = b"".join(map(encode_record, payloads))
    cut = data.draw(st.integers(0, len(stream)))
    spans, whole = scan(stream[:cut])
    found = [payload_of(stream[span.offset : span.offset + span.length]) for span in spans]
    assert found == payloads[: len(found)]
    assert whole <= cut
    lengths = [len(encode_record(payload)) for payload in payloads]
    assert len(found) == sum(sum(lengths[: n + 1]) <= cut for n in range(len(lengths)))


@given(PAYLOADS, st.data())
def test_junk_after_a_crash_is_never_a_record(payloads, data):
    stream = b"".join(map(encode_record, payloads))
    cut = data.draw(st.integers(0, len(stream)))
    junk = data.draw(st.binary(max_size=60))
    spans, _ = scan(stream[:cut] + junk)
    found = [payload_of((stream[:cut] + junk)[span.offset : span.offset + span.length]) for span in spans]
    assert found == payloads[: len(found)]


@given(st.binary(max_size=200))
def test_any_bytes_are_scanned_without_an_exception(data):
    spans, whole = scan(data)
    assert whole == sum(span.length for span in spans) <= len(data)


class SpoolAgainstAList(RuleBasedStateMachine):
    """append / settle / crash and reopen / crash inside an append, against a list."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self.folder = Path(self._directory.name) / "s"
        self.folder.mkdir()
        self.model: list[FrozenBatch] = []
        self.made = 0
        self.spool = self.open()

    def open(self) -> SpoolFolder:
        lock = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        return SpoolFolder(self.folder, lock, segment_bytes=300, sync=lambda descriptor: None)

    def batch(self, size: int) -> FrozenBatch:
        self.made += 1
        return FrozenBatch(f"{self.made}", "identity", 1, bytes(size))

    @rule(size=st.integers(0, 200))
    def append(self, size: int) -> None:
        batch = self.batch(size)
        self.spool.append(batch)
        self.model.append(batch)

    @precondition(lambda self: self.model)
    @rule()
    def settle(self) -> None:
        assert self.spool.head() == self.model[0]
        self.spool.pop()
        del self.model[0]

    @rule()
    def crash(self) -> None:
        self.spool.abandon()
        self.spool = self.open()
        assert self.spool.damaged_bytes == 0

    @rule(size=st.integers(0, 200), part=st.floats(0, 0.999))
    def crash_inside_an_append(self, size: int, part: float) -> None:
        self.spool.append(self.batch(size))
        segment = max(self.folder.glob("*.seg"))
        length = len(encode_record(FrozenBatch(f"{self.made}", "identity", 1, bytes(size)).to_bytes()))
        self.spool.abandon()
        os.truncate(segment, segment.stat().st_size - length + int(length * part))
        self.spool = self.open()

    @rule()
    def close(self) -> None:
        self.spool.close()
        assert self.folder.exists() == bool(self.model)
        self.folder.mkdir(exist_ok=True)
        self.spool = self.open()

    @invariant()
    def the_same_batches_wait(self) -> None:
        assert len(self.spool) == len(self.model)
        assert self.spool.head() == (self.model[0] if self.model else None)

    def teardown(self) -> None:
        for batch in self.model:
            assert self.spool.head() == batch
            self.spool.pop()
        self.spool.abandon()
        self._directory.cleanup()


TestSpoolAgainstAList = SpoolAgainstAList.TestCase
TestSpoolAgainstAList.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
