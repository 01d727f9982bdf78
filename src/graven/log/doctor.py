"""The two ways out of a refused start, for somebody who knows better than the disk (DESIGN.md §4).

Each is recorded in `system` *before* it takes effect, so that nobody can use it unseen; only for `system`
itself the record comes right after, because before it the log cannot be opened. Both return the incident.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from graven.errors import GravenError, RefusedToStart, UsageError
from graven.log.checks import check_key, load_head
from graven.log.highwater import HighWater, state_folder
from graven.log.keys import load_signer
from graven.log.layout import SYSTEM_LOG, LogPaths, check_name
from graven.log.lock import WriterLock
from graven.log.messages import Incident
from graven.log.record import record_incident
from graven.storage.contracts import HeadState
from graven.storage.head import SqliteHead
from graven.tlog.checkpoint import Checkpoint

__all__ = ["accept_clock", "adopt_rollback"]


@dataclass(frozen=True, slots=True)
class _Held:
    """What a way out needs of a locked, stopped log."""

    head: SqliteHead
    state: HeadState
    checkpoint: Checkpoint
    highwater: HighWater


def accept_clock(
    data_dir: Path, name: str, *, clock: Callable[[], int] = time.time_ns, state_dir: Path | None = None
) -> Incident:
    """Take the clock as it is now for right, although the head was signed later than that.

    `received` still never goes back: new entries keep the last time until the clock has passed it.
    Raises UsageError (`nothing_to_accept`), RefusedToStart.
    """

    def plan(held: _Held) -> tuple[Incident, Callable[[], None]]:
        now_ns = clock()
        if held.state.time_ns <= now_ns:
            raise UsageError(
                f"the clock is not behind the head of log {name}",
                why=f"head {held.state.time_ns} ns, clock {now_ns} ns",
                code="nothing_to_accept",
            )
        incident = Incident(
            "clock_accepted",
            name,
            f"the clock was accepted although the head is {(held.state.time_ns - now_ns) / 1e9:.1f} s ahead of it",
            {"head_ns": held.state.time_ns, "clock_ns": now_ns},
        )
        new = HeadState(held.state.checkpoint, now_ns)
        return incident, lambda: held.head.swap(held.state.checkpoint, new)

    return _way_out(data_dir, name, plan, clock, state_dir)


def adopt_rollback(
    data_dir: Path,
    name: str,
    *,
    confirm: Callable[[str], None] = lambda loss: None,
    clock: Callable[[], int] = time.time_ns,
    state_dir: Path | None = None,
) -> Incident:
    """Take this copy of the log for the one that goes on, although a newer or another one was seen here.

    The old mark is kept beside the new one: together with a checkpoint of the newer copy it is the proof
    of what was given up. `confirm` is told what is given up, after it is clear that there is something and
    before anything changes; what it raises ends the attempt. Raises UsageError (`nothing_to_adopt`),
    RefusedToStart.
    """

    def plan(held: _Held) -> tuple[Incident, Callable[[], None]]:
        seen = _mark_text(held.highwater)
        if seen is None or seen == held.state.checkpoint.decode():
            raise UsageError(
                f"there is nothing to adopt: log {name} is as this machine last saw it",
                why="its high-water mark does not contradict it",
                code="nothing_to_adopt",
            )
        confirm(_loss(name, seen, held.checkpoint.size))
        incident = Incident(
            "rollback_adopted",
            name,
            f"a copy of size {held.checkpoint.size} was adopted against the high-water mark",
            {"seen": seen, "adopted": held.state.checkpoint.decode()},
        )

        def act() -> None:
            held.highwater.set_aside(clock())
            held.highwater.save(held.state.checkpoint)

        return incident, act

    return _way_out(data_dir, name, plan, clock, state_dir)


def _loss(name: str, seen: str, size: int) -> str:
    """In words: how many entries lie beyond this copy. The mark may be damaged, so its size is only read."""
    lines = seen.splitlines()
    if len(lines) > 1 and lines[1].isascii() and lines[1].isdigit():
        return f"this machine has signed {lines[1]} entries of log {name}, this copy holds {size}"
    return f"the high-water mark of log {name} cannot be read, this copy holds {size} entries"


def _mark_text(highwater: HighWater) -> str | None:
    data = highwater.raw()
    return None if data is None else data.decode("utf-8", "backslashreplace")


def _way_out(
    data_dir: Path,
    name: str,
    plan: Callable[[_Held], tuple[Incident, Callable[[], None]]],
    clock: Callable[[], int],
    state_dir: Path | None,
) -> Incident:
    paths = LogPaths(data_dir, check_name(name))
    if not paths.root.is_dir():
        raise UsageError(f"there is no log {name} in {data_dir}", code="log_not_found")
    folder = state_dir if state_dir is not None else state_folder()
    lock = WriterLock(paths.lock)
    try:
        signer = load_signer(paths.key)
        key = check_key(paths, signer)
        head = SqliteHead(paths.head, create=False)
        try:
            state, checkpoint = load_head(head, key)
            incident, act = plan(_Held(head, state, checkpoint, HighWater(folder, key)))
            if name != SYSTEM_LOG:
                _record(data_dir, incident, clock, folder)
            act()
        finally:
            head.close()
    finally:
        lock.release()
    if name == SYSTEM_LOG:
        _record(data_dir, incident, clock, folder)
    return incident


def _record(data_dir: Path, incident: Incident, clock: Callable[[], int], folder: Path) -> None:
    try:
        try:
            record_incident(data_dir, incident, clock=clock, state_dir=folder)
        except RefusedToStart as refused:
            if refused.code != "clock_behind" or incident.kind != "clock_accepted":
                raise
            # there is one clock: who accepts it for a log accepts it for the log of the log
            accept_clock(data_dir, SYSTEM_LOG, clock=clock, state_dir=folder)
            record_incident(data_dir, incident, clock=clock, state_dir=folder)
    except GravenError as error:
        error.hint = f"a way out has to be recorded, so the log `{SYSTEM_LOG}` comes first: {error.hint}"
        raise
