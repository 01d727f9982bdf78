"""Idempotency over at least the last million entries of a log (DESIGN.md §4).

The newest entries are in *segments*, dictionaries from key to position; when one holds RUN_ENTRIES it is
sealed, later written as a run by the integration thread, and forgotten. Runs are grouped in generations,
each with its filter; the oldest generation is dropped whole, files included. So memory and disk stay
fixed, nothing of the log is read again at start, and a key that is new costs a few array operations.

The writer thread calls `find`, `add`; the integration thread `write_sealed`. Journal frames may be
dropped below `durable_below` only.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from graven.errors import StorageFailed
from graven.event.batch import DIGEST_SIZE
from graven.log import runs as driver
from graven.log.run_format import RUN_ENTRIES, Known

if TYPE_CHECKING:
    from graven.log.runs import KeyFilter, Run

__all__ = ["GENERATION_RUNS", "KEPT_GENERATIONS", "KeyTable"]

_FEW_KEYS = 8
"""Up to here plain integers are faster than arrays."""

GENERATION_RUNS = 8
KEPT_GENERATIONS = 3
"""The newest generation fills up; the two before it are full: 2 · 8 · 65,536 entries at the least."""


@dataclass(slots=True)
class _Segment:
    """Entries first … first+len(positions)-1; each added exactly one key, so dict order is index order."""

    first: int
    positions: dict[bytes, int] = field(default_factory=dict)
    digests: bytearray = field(default_factory=bytearray)

    @property
    def next_index(self) -> int:
        return self.first + len(self.positions)

    def known(self, key: bytes) -> Known | None:
        position = self.positions.get(key)
        if position is None:
            return None
        start = position * DIGEST_SIZE
        return Known(self.first + position, bytes(self.digests[start : start + DIGEST_SIZE]))


@dataclass(slots=True)
class _Generation:
    filter: "KeyFilter"
    runs: "list[Run]" = field(default_factory=list)


class KeyTable:
    """The table of one log, rebuilt from `folder` and then from the journal frames by `add`."""

    def __init__(
        self,
        folder: Path,
        *,
        run_entries: int = RUN_ENTRIES,
        generation_runs: int = GENERATION_RUNS,
        on_damage: Callable[[str], None] = lambda message: None,
    ) -> None:
        """Map the runs in `folder`. A damaged run is set aside, and it and every gap are told to `on_damage`:
        the evidence does not depend on them, but duplicates of those entries are no longer recognised.
        """
        self._folder = folder
        self._run_entries = run_entries
        self._generation_runs = generation_runs
        self._lock = threading.Lock()
        self._generations: list[_Generation] = []
        for run in _load_runs(folder, on_damage):
            _remove(self._adopt(run))
        self._segments: list[_Segment] = []
        self.durable_below = self._generations[-1].runs[-1].next_index if self._generations else 0
        """Entries below this index are in runs on disk (or too old to be kept)."""

    @property
    def sealed(self) -> int:
        """Number of segments that wait to be written."""
        return max(0, len(self._segments) - 1)

    def start_at(self, index: int) -> None:
        """Begin the tail at `index`, at or above `durable_below`: what lies between is forgotten."""
        self.durable_below = max(self.durable_below, index)
        self._segments = [_Segment(self.durable_below)]

    @property
    def next_index(self) -> int:
        """One past the last entry the table knows of."""
        return self._segments[-1].next_index if self._segments else self.durable_below

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Those of `keys` (each once or more) that are known, with where they were first."""
        with self._lock:
            segments = list(self._segments)
            generations = list(self._generations)
        found: dict[bytes, Known] = {}
        for segment in segments:
            if not segment.positions.keys().isdisjoint(keys):
                for key in keys:
                    known = segment.known(key)
                    if known is not None:
                        found[key] = known
        for generation, suspects in _suspects(generations, keys):
            for run in generation.runs:
                found.update(run.find(suspects))
        return found

    def add(self, first: int, keys: Sequence[bytes], digests: bytes) -> None:
        """Remember new entries first … first+len(keys)-1. None of the keys may be known already."""
        if first != self.next_index:
            raise ValueError(f"keys begin at {first}, expected {self.next_index}")
        done = 0
        while done < len(keys):
            segment = self._segments[-1]
            room = self._run_entries - len(segment.positions)
            part = keys[done : done + room] if done or len(keys) > room else keys
            position = len(segment.positions)
            segment.digests += digests[done * DIGEST_SIZE : (done + len(part)) * DIGEST_SIZE]
            segment.positions.update(zip(part, range(position, position + len(part)), strict=True))
            if len(segment.positions) != position + len(part):
                raise ValueError("a key was added twice")
            done += len(part)
            if len(segment.positions) == self._run_entries:
                with self._lock:
                    self._segments.append(_Segment(segment.next_index))

    def write_sealed(self, below: int) -> None:
        """Write sealed segments that end at or below `below` as runs; durable on return (StorageFailed)."""
        while self.sealed and self._segments[0].next_index <= below:
            segment = self._segments[0]
            keys = b"".join(segment.positions)
            run = driver.Run(driver.write_run(self._folder, segment.first, keys, bytes(segment.digests)))
            with self._lock:
                dropped = self._adopt(run)
                del self._segments[0]
            self.durable_below = run.next_index
            _remove(dropped)

    def _adopt(self, run: "Run") -> "list[Run]":
        """Put a run into the newest generation; gives the runs that are dropped for it."""
        if not self._generations or len(self._generations[-1].runs) == self._generation_runs:
            capacity = self._generation_runs * self._run_entries
            self._generations.append(_Generation(driver.KeyFilter(capacity)))
        generation = self._generations[-1]
        generation.filter.add(*run.halves())
        generation.runs.append(run)
        if len(self._generations) > KEPT_GENERATIONS:
            return self._generations.pop(0).runs
        return []


def _remove(runs: "Iterable[Run]") -> None:
    for run in runs:
        # a mapped file may be unlinked; one that stays is loaded and dropped again at the next start
        with suppress(OSError):
            run.path.unlink()


def _suspects(generations: Sequence[_Generation], keys: Sequence[bytes]) -> Iterator[tuple[_Generation, list[bytes]]]:
    """The keys that the filters cannot rule out, for each generation that has any."""
    if len(keys) <= _FEW_KEYS:
        halves = [(int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big")) for key in keys]
        for generation in generations:
            may_hold = generation.filter.may_hold_one
            suspects = [key for key, (high, low) in zip(keys, halves, strict=True) if may_hold(high, low)]
            if suspects:
                yield generation, suspects
    elif generations:
        high, low = driver.split_keys(b"".join(keys))
        for generation in generations:
            suspects = [keys[int(at)] for at in generation.filter.may_hold(high, low)]
            if suspects:
                yield generation, suspects


def _load_runs(folder: Path, on_damage: Callable[[str], None]) -> "Iterable[Run]":
    """The runs that can be read, oldest first; others are set aside as `.damaged`."""
    runs: list[Run] = []
    for path in sorted(folder.glob("*.run")):
        try:
            run = driver.Run(path)
        except StorageFailed as error:
            path.rename(path.with_suffix(".damaged"))
            on_damage(error.message)
            continue
        if runs and runs[-1].next_index < run.first:
            on_damage(f"no idempotency keys for entries {runs[-1].next_index} to {run.first - 1}")
        runs.append(run)
    return runs
