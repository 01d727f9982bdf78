"""The high-water mark: the last published checkpoint of each origin, kept outside the data directory.

`$XDG_STATE_HOME/graven/highwater/<hex SHA-256 of the origin>` holds the signed checkpoint verbatim. When
an old copy of a data directory is restored, the mark is ahead of it, and starting would sign a fork.
It is written after the head and before publication, so it never runs ahead of a sound log.

In `$XDG_STATE_HOME/graven/places/`, under the same name, stands the folder of the log that it is the mark of: by that a
copy is known while the original is still there.
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from graven.errors import GravenError, RefusedToStart, StorageFailed
from graven.storage.durable import replace_durably
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.note import VerifierKey

__all__ = ["HighWater", "state_folder"]

_MOST_BYTES: Final = 16_384


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/graven`, by default `~/.local/state/graven` (XDG base directories).

    RefusedToStart (`no_state_folder`) for a user without a home, as services often run.
    """
    base = environ.get("XDG_STATE_HOME", "")
    if base and Path(base).is_absolute():
        return Path(base) / "graven"
    try:
        return Path.home() / ".local" / "state" / "graven"
    except RuntimeError as error:
        raise RefusedToStart(
            "this user has no home directory to keep the high-water marks in",
            why="without them an old copy of a log would go on as if it were the newest",
            hint="set XDG_STATE_HOME to a folder outside the data directory that this user may write",
            code="no_state_folder",
        ) from error


def _short_text(path: Path) -> str:
    """What stands in a file of a few lines. Nothing is waited for, however much comes: whoever owns the folder now may
    have put a pipe or a device there."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no file")
        return file.read(_MOST_BYTES).decode()


class HighWater:
    """The mark of one origin."""

    def __init__(self, folder: Path, key: VerifierKey) -> None:
        self._key = key
        self.path = folder / "highwater" / hashlib.sha256(key.name.encode()).hexdigest()
        self.place = folder / "places" / self.path.name

    def raw(self) -> bytes | None:
        """The mark's bytes, whatever they are, or None; RefusedToStart when they cannot be read."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RefusedToStart(f"the high-water mark {self.path} cannot be read: {error.strerror}") from error

    def load(self) -> Checkpoint | None:
        """The mark, None when there is none; RefusedToStart when it is there but not readable as one."""
        data = self.raw()
        if data is None:
            return None
        try:
            return open_checkpoint(data, self._key)
        except GravenError as error:
            raise RefusedToStart(
                f"the high-water mark {self.path} is no checkpoint of this log: {error.message}",
                why="it is the only witness on this machine of how far the log had come",
                hint="restore it, or state that this log is the newest copy: graven log adopt-rollback",
                code="highwater_malformed",
            ) from error

    def save(self, checkpoint: bytes) -> None:
        """Replace the mark, durable on return; raises StorageFailed or OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_durably(self.path, checkpoint)

    def original_of(self, root: Path) -> Path | None:
        """The folder that the mark belongs to, when that is another one than `root`, and is still there with this log
        in it. None when nobody can tell."""
        with suppress(OSError, ValueError):
            place = Path(_short_text(self.place).removesuffix("\n"))
            vkey = _short_text(place / "log.vkey").strip()
            if vkey == self._key.text and not place.samefile(root):
                return place
        return None

    def keep_place(self, root: Path) -> None:
        """Say that the mark belongs to `root`, unless it belongs to another that is still there. It only warns, so that
        a folder that cannot be written is no reason to fail."""
        said = f"{root.resolve()}\n"
        with suppress(OSError, ValueError, StorageFailed):
            if self.place.is_file() and (_short_text(self.place) == said or self.original_of(root)):
                return
            self.place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_durably(self.place, said.encode())

    def set_aside(self, now_ns: int) -> None:
        """Keep the mark under another name, `<mark>.given-up-<Unix nanoseconds>`, durable on return."""
        data = self.raw()
        if data is not None:
            replace_durably(self.path.with_name(f"{self.path.name}.given-up-{now_ns}"), data)
