"""Opening a log: the lock, the key, the storage, the checks, and only then the threads."""

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from graven.errors import GravenError, NotFound, RefusedToStart
from graven.log.checks import check_key
from graven.log.create import finish_creation
from graven.log.drivers import local_blobs, local_drivers
from graven.log.engine import Engine
from graven.log.highwater import HighWater, state_folder
from graven.log.keys import load_signer, load_vkey
from graven.log.layout import LogPaths, check_name
from graven.log.lock import WriterLock
from graven.log.messages import Incident, LogOptions
from graven.log.opened import Log
from graven.log.supervise import Hooks

__all__ = ["open_log", "original_of"]


def original_of(data_dir: Path, name: str, state_dir: Path | None = None) -> Path | None:
    """The data directory that this one is a copy of, if this machine knows one that is still there.

    What is written to a copy moves the high-water mark that both share, and the original is refused from then on.
    """
    paths = LogPaths(data_dir, check_name(name))
    with suppress(RefusedToStart):
        highwater = HighWater(state_dir if state_dir is not None else state_folder(), load_vkey(paths.vkey))
        if (root := highwater.original_of(paths.root)) is not None:
            return root.parent.parent
    return None


def _nothing(_: object) -> None:
    return None


def open_log(
    data_dir: Path,
    name: str,
    *,
    clock: Callable[[], int] = time.time_ns,
    options: LogOptions | None = None,
    on_incident: Callable[[Incident], None] = _nothing,
    on_published: Callable[[bytes], None] = _nothing,
    state_dir: Path | None = None,
) -> Log:
    """Open the log for writing, after every check of DESIGN.md §4 "Start".

    `clock` gives Unix nanoseconds. `on_incident` and `on_published` (every published checkpoint) are called
    from any thread and must not block. `state_dir` is the folder of the high-water marks, by default
    `$XDG_STATE_HOME/graven`. Raises NotFound (no such log), RefusedToStart, StorageFailed.
    """
    options = options if options is not None else LogOptions()
    paths = LogPaths(data_dir, check_name(name))
    if not paths.root.is_dir():
        raise NotFound(f"there is no log {name} in {data_dir}", hint=f"graven log create {name}", code="log_not_found")
    try:
        return _open_locked(paths, name, clock, options, on_incident, on_published, state_dir)
    except RefusedToStart as refused:
        _name_log(refused, data_dir, name)
        raise


def _open_locked(
    paths: LogPaths,
    name: str,
    clock: Callable[[], int],
    options: LogOptions,
    on_incident: Callable[[Incident], None],
    on_published: Callable[[bytes], None],
    state_dir: Path | None,
) -> Log:
    lock = WriterLock(paths.lock)
    try:
        finish_creation(paths)
        signer = load_signer(paths.key)
        key = check_key(paths, signer)
        highwater = HighWater(state_dir if state_dir is not None else state_folder(), key)

        def open_engine(hooks: Hooks) -> Engine:
            drivers = local_drivers(paths, segment_bytes=options.segment_bytes)
            try:
                return Engine(
                    name,
                    drivers,
                    signer,
                    highwater,
                    clock=clock,
                    options=options,
                    on_incident=hooks.on_incident,
                    on_published=hooks.on_published,
                    on_failure=hooks.on_failure,
                )
            except BaseException:
                # nothing was appended: a journal that was found clean is left so, or refusing would change it
                with suppress(GravenError):
                    drivers.close(clean=drivers.journal.recovery.clean)
                raise

        log = Log(
            name,
            key,
            local_blobs(paths),
            open_engine,
            lock.release,
            supervise=options.supervise,
            on_incident=on_incident,
            on_published=on_published,
        )
        highwater.keep_place(paths.root)
        return log
    except BaseException:
        lock.release()
        raise


def _name_log(refused: RefusedToStart, data_dir: Path, name: str) -> None:
    """Say which log refuses, and make the ways out commands that can be pasted: the checks know neither."""
    refused.message = f"log {name}: {refused.message}"
    refused.args = (refused.message,)
    for bare, whole in (
        ("graven log adopt-rollback", f"graven log adopt-rollback {name} --data {shlex.quote(str(data_dir))}"),
        ("graven doctor --accept-clock", f"graven doctor --accept-clock --data {shlex.quote(str(data_dir))}"),
    ):
        if refused.hint.endswith(bare):
            refused.hint = refused.hint.removesuffix(bare) + whole
