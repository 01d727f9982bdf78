"""The last checkpoint seen of each log: what makes a rollback or a fork visible to whoever verifies twice.

One JSON file a user, replaced atomically under a lock, readable by its owner only. It advances and never goes
back; a file that cannot be understood is never written over.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.note import VerifierKey

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["Memory", "Remembered", "default_memory_path"]


def default_memory_path(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/graven/checkpoints.json`, by default below `~/.local/state`."""
    base = environ.get("XDG_STATE_HOME", "")
    folder = Path(base) if base and Path(base).is_absolute() else Path.home() / ".local" / "state"
    return folder / "graven" / "checkpoints.json"


class Remembered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log as it was last seen: its verifier key, the signed checkpoint verbatim, and when (RFC 3339)."""

    vkey: str
    checkpoint: str
    seen: str

    def key(self) -> VerifierKey:
        """The key. Raises InvalidInput."""
        return VerifierKey.parse(self.vkey)

    def open(self) -> Checkpoint:
        """The checkpoint, its signature verified under the remembered key. Raises InvalidInput."""
        return open_checkpoint(self.checkpoint.encode(), self.key())


class _File(msgspec.Struct, forbid_unknown_fields=True):
    version: int = 1
    logs: dict[str, Remembered] = msgspec.field(default_factory=dict)


class Memory:
    """The remembered checkpoints in the file `path`; `clock` gives Unix nanoseconds."""

    def __init__(self, path: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.path = path
        self._clock = clock

    def recall(self, origin: str) -> Remembered | None:
        """What is remembered of a log. Raises CouldNotCheck when the file cannot be read or understood."""
        return self._load().logs.get(origin)

    def remember(self, key: VerifierKey, note: bytes) -> bool:
        """Keep this checkpoint, whose signature is verified again; False when a later one is there already.

        Raises CouldNotCheck when the file cannot be written, or holds another key for the log.
        """
        checkpoint = open_checkpoint(note, key)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                content = self._load()
                known = content.logs.get(key.name)
                if known is not None:
                    if known.vkey != key.text:
                        raise CouldNotCheck(f"{self.path} remembers another key for {key.name}", code="other_key")
                    if self._opened(known).size > checkpoint.size:
                        return False
                seen = datetime.fromtimestamp(self._clock() // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                content.logs[key.name] = Remembered(key.text, note.decode(), seen)
                content.logs = dict(sorted(content.logs.items()))
                self._replace(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
        except OSError as error:
            raise CouldNotCheck(
                f"{self.path} cannot be written: {error.strerror}",
                why="without it the next verification cannot notice a rollback or a fork",
                hint="name another file with --remember",
            ) from error
        return True

    def _opened(self, known: Remembered) -> Checkpoint:
        try:
            return known.open()
        except InvalidInput as error:
            raise self._malformed(error.message) from error

    def _load(self) -> _File:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise CouldNotCheck(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            content = msgspec.json.decode(data, type=_File)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._malformed(str(error)) from error
        if content.version != 1:
            raise self._malformed(f"version {content.version} is not known")
        return content

    def _malformed(self, reason: str) -> CouldNotCheck:
        return CouldNotCheck(
            f"{self.path} is no memory of checkpoints: {reason}",
            why="it is the only trace of what was seen before, and is not written over",
            hint="restore it, or move it away to start anew",
            code="memory_malformed",
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # the lock is a file of its own: the memory itself is replaced, and a lock on it would be on the old one
        fd = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _replace(self, data: bytes) -> None:
        fd, temporary = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # 0600
        try:
            with os.fdopen(fd, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(self.path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink()
            raise
