"""Append, integrate, crash and reload in any order: the log is a list that never forgets an acknowledged entry."""

import shutil
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.log_world import World, batch_of, judge, prove_all, request

from graven.errors import Conflict, Unavailable
from graven.log.messages import Appended
from graven.storage.faulty import Fault, Faults


class LogMachine(RuleBasedStateMachine):
    """The model: `known` maps an id to (index, value); `order` lists ids by index."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World(self.folder)
        self.faults = Faults()
        self.world.open(self.faults)
        self.order: list[str] = []
        self.known: dict[str, tuple[int, int]] = {}
        self.maybe: list[tuple[str, int]] = []  # sent when the writer failed: there or not, all or nothing
        self.keyed: dict[str, tuple[list[str], int, Appended]] = {}
        self.unclear: set[str] = set()  # keys of failed requests without new entries: kept or not
        self.failed: tuple[str, list[str], int, Appended] | None = None

    def teardown(self) -> None:
        self.world.crash()
        shutil.rmtree(self.folder)

    @property
    def running(self) -> bool:
        return self.world.engine is not None and self.world.engine.stopped is None

    @precondition(lambda self: self.running)
    @rule(
        numbers=st.lists(st.integers(0, 60), max_size=6),
        more=st.integers(0, 300).map(lambda n: 0 if n < 200 else n),
        value=st.integers(0, 1),
        key=st.none() | st.integers(0, 5).map(str),
    )
    def append(self, numbers: list[int], more: int, value: int, key: str | None) -> None:
        ids = [f"i{number}" for number in numbers]
        ids += [f"m{len(self.order)}.{number}" for number in range(more)]
        key = None if key in self.unclear else key
        keyed = None if key is None else request(key, f"{ids} {value}")
        expected = self._expected(ids, value)
        if key in self.keyed:
            before_ids, before_value, answer = self.keyed[key]
            expected = answer if (before_ids, before_value) == (ids, value) else None
        try:
            found = self.world.append(batch_of(*ids, value=value), keyed)
        except Conflict:
            assert expected is None
            return
        except Unavailable:
            self.maybe = [(i, value) for i in dict.fromkeys(ids) if i not in self.known]
            if key is not None and key not in self.keyed and expected is not None:
                self.failed = (key, ids, value, expected)
            return
        assert expected is not None
        assert (found.first, found.count, found.duplicates) == (expected.first, expected.count, expected.duplicates)
        assert found.replayed == (key in self.keyed)
        if not found.replayed:
            self._accept(ids, value)
            if key is not None:
                self.keyed[key] = (ids, value, found)

    def _expected(self, ids: list[str], value: int) -> Appended | None:
        """The list's answer; None for a conflict."""
        first, count, duplicates, fresh = len(self.order), 0, {}, {}
        for position, event_id in enumerate(ids):
            if event_id in fresh:
                duplicates[position] = fresh[event_id]
            elif event_id in self.known:
                if self.known[event_id][1] != value:
                    return None
                duplicates[position] = self.known[event_id][0]
            else:
                fresh[event_id] = first + count
                count += 1
        return Appended(first if count else None, count, duplicates)

    def _accept(self, ids: list[str], value: int) -> None:
        for event_id in ids:
            if event_id not in self.known:
                self.known[event_id] = (len(self.order), value)
                self.order.append(event_id)

    @precondition(lambda self: self.running)
    @rule()
    def integrate(self) -> None:
        self.world.running.integrator.round()
        if self.running:
            assert self.world.running.integrator.published[0] == len(self.order)

    @precondition(lambda self: self.running)
    @rule(steps=st.integers(0, 12), applied=st.booleans())
    def break_soon(self, steps: int, applied: bool) -> None:
        number = len(self.faults.steps) + steps
        self.faults.plan = lambda step: Fault(applied) if step.number == number else None

    @rule(power_cut=st.none() | st.randoms(use_true_random=False), clean=st.booleans())
    def reload(self, power_cut: Random | None, clean: bool) -> None:
        if clean and self.running:
            self.faults.plan = lambda step: None
            self.world.close()
        else:
            self.world.crash(power_cut)
        self.faults = Faults()
        engine = self.world.open(self.faults)
        # a failed write may have reached the disk: then the whole batch did, and its key
        assert engine.size in (len(self.order), len(self.order) + len(self.maybe))
        if self.failed is not None:
            key, ids, value, answer = self.failed
            if not self.maybe:
                self.unclear.add(key)
            elif engine.size > len(self.order):
                self.keyed[key] = (ids, value, answer)
        if engine.size > len(self.order):
            for event_id, value in self.maybe:
                self._accept([event_id], value)
        self.maybe, self.failed = [], None
        assert engine.size == len(self.order)

    @precondition(lambda self: self.running)
    @invariant()
    def the_log_is_the_list(self) -> None:
        assert self.world.ids() == self.order

    @invariant()
    def every_object_is_what_the_entries_say(self) -> None:
        if self.running:
            judge(self.world.disk, self.world.entries())

    @precondition(lambda self: self.running)
    @rule()
    def prove(self) -> None:
        if len(self.order) < 40:
            prove_all(self.world.running)


LogMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestTheLogIsAList = pytest.mark.timeout(250)(LogMachine.TestCase)
