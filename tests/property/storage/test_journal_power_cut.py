"""A journal that is appended to, killed, cut off from power and reopened at random, against a list."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.storage_drivers import append, content, contents

from graven.errors import StorageFailed
from graven.storage.faulty import Fault, Faults, FaultyFileSystem, Plan, Step, no_faults
from graven.storage.journal import FileJournal
from graven.storage.simulated import SimulatedDisk

DIRECTORY = Path("/data/log/journal")

entries = st.lists(st.binary(max_size=1500), max_size=4)
appends = st.tuples(st.just("append"), entries, st.binary(max_size=20))
endings = st.tuples(
    st.just("stop"), st.sampled_from(["clean", "kill", "power cut", "power cut"]), st.integers(0, 2**32)
)
faults = st.tuples(
    st.just("fault"),
    st.integers(0, 6),
    st.builds(Fault, applied=st.booleans(), written=st.integers(0, 3000)),
)
drops = st.tuples(st.just("drop"), st.integers(0, 3), st.none())
scripts = st.lists(st.one_of(appends, appends, endings, faults, drops), max_size=25)


class Model:
    """What must be there: `sure` were acknowledged, `maybe` is the frame in flight when it failed."""

    def __init__(self) -> None:
        self.sure: list[tuple[int, int, bytes, bytes]] = []
        self.maybe: tuple[int, int, bytes, bytes] | None = None
        self.dropped_below = 0

    @property
    def next_index(self) -> int:
        return self.sure[-1][0] + self.sure[-1][1] if self.sure else 0

    def check(self, found: list[tuple[int, int, bytes, bytes]]) -> None:
        # a frame without entries may repeat the one before it, so what is sure is looked for first
        without = len(found) <= len(self.sure) and found == self.sure[len(self.sure) - len(found) :]
        if not without and self.maybe is not None and found[-1:] == [self.maybe]:
            self.sure.append(self.maybe)
        self.maybe = None
        assert found == self.sure[len(self.sure) - len(found) :]
        missing = self.sure[: len(self.sure) - len(found)]
        assert all(first + count <= self.dropped_below for first, count, _, _ in missing)
        assert found or not self.sure


def in_steps(delay: int, fault: Fault) -> Plan:
    """Fail the system call that comes after `delay` more."""
    left = delay

    def plan(step: Step) -> Fault | None:
        nonlocal left
        left -= 1
        return fault if left == -1 else None

    return plan


class Run:
    """One journal's life on one disk."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.faults = Faults()
        self.model = Model()
        self.journal = self.start()

    def start(self) -> FileJournal:
        """Open; a fault may hit that too, and must not hurt: the next opening works."""
        self.disk.crash()
        fs = FaultyFileSystem(self.disk, self.faults)
        try:
            journal = FileJournal(DIRECTORY, segment_bytes=2000, fs=fs)
        except StorageFailed:
            self.faults.plan = no_faults
            self.disk.crash()
            journal = FileJournal(DIRECTORY, segment_bytes=2000, fs=fs)
        self.faults.plan = no_faults
        self.model.check(contents(journal))
        return journal

    def append(self, entries: list[bytes], note: bytes) -> None:
        frame = content(self.model.next_index, entries, note)
        try:
            append(self.journal, self.model.next_index, *entries, note=note)
        except StorageFailed:
            self.model.maybe = frame
            self.journal = self.start()
        else:
            self.model.sure.append(frame)

    def drop(self, back: int, _: None) -> None:
        index = max(0, self.model.next_index - back)
        self.model.dropped_below = max(self.model.dropped_below, index)
        try:
            self.journal.drop_below(index)
        except StorageFailed:
            self.journal = self.start()

    def stop(self, how: str, seed: int) -> None:
        if how == "clean":
            with suppress(StorageFailed):
                self.journal.close(clean=True)
        elif how == "power cut":
            self.disk.power_cut(Random(seed))
        self.journal = self.start()

    def fault(self, delay: int, fault: Fault) -> None:
        self.faults.plan = in_steps(delay, fault)


def run(script) -> None:
    life = Run()
    for action, first, second in [*script, ("stop", "power cut", 1)]:
        getattr(life, action)(first, second)


@settings(max_examples=150, deadline=None)
@given(scripts)
def test_all_that_was_acknowledged_is_there_and_nothing_else(script):
    run(script)


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(scripts)
def test_all_that_was_acknowledged_is_there_and_nothing_else_at_length(script):
    run(script)
