"""Creating a log, so that a kill at any moment leaves nothing half made.

Everything is written under `logs/.creating-<name>`, the new key included, made durable, and renamed: that
rename is the birth. Then the key moves from `<log>/new.key` to `keys/<name>.key`; `finish_creation` at the
next start does that when a kill came in between. What a kill left before the rename is removed by the
next creation: no checkpoint of it was ever shown.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graven.errors import Conflict, RefusedToStart
from graven.log.keys import SEED_SIZE, check_origin, format_key
from graven.log.layout import LogPaths, check_name
from graven.log.publish import CHECKPOINT
from graven.storage.contracts import HeadState
from graven.storage.durable import (
    make_directories,
    os_errors,
    replace_durably,
    sync_directory,
    write_durably,
)
from graven.storage.head import SqliteHead
from graven.storage.journal import FileJournal
from graven.storage.objects import DirectoryObjects
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.merkle import EMPTY_ROOT
from graven.tlog.note import Signer

__all__ = ["create_log", "default_origin", "finish_creation"]

_CREATING = ".creating-"


def default_origin(name: str, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """`graven.local/<128 random bits, hex>/<name>`: no two installations look like a fork of each other."""
    return f"graven.local/{random(16).hex()}/{name}"


def create_log(
    data_dir: Path,
    name: str,
    *,
    origin: str | None = None,
    clock: Callable[[], int],
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> None:
    """Make an empty log that publishes size 0; durable on return.

    `clock` gives Unix nanoseconds. Raises InvalidInput (name, origin), Conflict (`log_exists`),
    RefusedToStart when a key of that name is left of an earlier log, StorageFailed.
    """
    paths = LogPaths(data_dir, check_name(name))
    origin = check_origin(default_origin(name, random) if origin is None else origin)
    make_directories(paths.keys, mode=0o700)
    make_directories(paths.logs)
    with _creation_lock(paths.logs), os_errors("create log in", paths.logs):
        for leftover in paths.logs.glob(f"{_CREATING}*"):
            shutil.rmtree(leftover)
        if paths.root.exists():
            raise Conflict(f"the log {name} exists already", hint="choose another name", code="log_exists")
        if paths.key.exists():
            raise RefusedToStart(
                f"there is a key {paths.key}, but no log {name}",
                why="the log it signed was moved or deleted; a new log under its name would hide that",
                hint="restore the log's directory, or choose another name",
                code="log_missing",
            )
        temporary = paths.logs / f"{_CREATING}{name}"
        temporary.mkdir(mode=0o755)
        _fill(temporary, Signer(origin, seed := random(SEED_SIZE)), seed, clock())
        sync_directory(temporary)
        temporary.rename(paths.root)
        sync_directory(paths.logs)
    finish_creation(paths)


def _fill(folder: Path, signer: Signer, seed: bytes, now_ns: int) -> None:
    checkpoint = sign_checkpoint(Checkpoint(signer.name, 0, EMPTY_ROOT), signer)
    write_durably(folder / "new.key", format_key(signer.name, seed), mode=0o600)
    write_durably(folder / "log.vkey", f"{signer.verifier.text}\n".encode())
    make_directories(folder / "idempotency")
    FileJournal(folder / "journal").close(clean=True)
    head = SqliteHead(folder / "head.sqlite")
    try:
        head.swap(None, HeadState(checkpoint, now_ns))
    finally:
        head.close()
    objects = DirectoryObjects(folder)
    try:
        objects.replace(CHECKPOINT, checkpoint)
    finally:
        objects.close()


def finish_creation(paths: LogPaths) -> None:
    """Move the new key to its place if a kill left it in the log's folder; otherwise do nothing.

    Raises RefusedToStart when another key is there already.
    """
    if not paths.new_key.exists():
        return
    # the creator may be doing the same while another process already opens the new log
    with _creation_lock(paths.logs):
        if paths.new_key.exists():
            _move_key(paths)


def _move_key(paths: LogPaths) -> None:
    data = paths.new_key.read_bytes()
    if paths.key.exists() and paths.key.read_bytes() != data:
        raise RefusedToStart(
            f"both {paths.new_key} and {paths.key} exist, and differ",
            why="one of them was put there by hand",
            hint="keep the one that log.vkey belongs to",
            code="key_conflict",
        )
    make_directories(paths.keys, mode=0o700)
    # copied, then removed: a rename between two directories is durable only when both are
    if not paths.key.exists():
        replace_durably(paths.key, data, mode=0o600)
    with os_errors("remove", paths.new_key):
        paths.new_key.unlink()
    sync_directory(paths.root)


@contextmanager
def _creation_lock(folder: Path) -> Iterator[None]:
    """One creation at a time in a data directory; waits for the other."""
    fd = os.open(folder / ".create.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
