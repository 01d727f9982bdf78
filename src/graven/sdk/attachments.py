"""Files that events attach, kept on disk until the server has them.

`<spool>/attachments/<destination>/<64 hex digits>`: content by its SHA-256, shared by all processes of a user that
record to one log. It goes to the server before the batch that names it, and is removed when that batch was
acknowledged. Content that no batch ever named (its process was killed in between) is removed after a while.
It counts towards `spool_bytes` like everything else there.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graven.errors import StorageFailed, TooLarge
from graven.sdk.spoolroot import SpoolRoot

__all__ = ["FOLDER_NAME", "AttachmentStore"]

FOLDER_NAME = "attachments"
_FORGOTTEN_S = 14 * 24 * 3600.0
_DIGITS = frozenset("0123456789abcdef")


class AttachmentStore:
    """Of one destination. Writers and the sender may be different threads and processes."""

    def __init__(self, root: SpoolRoot, *, limit_bytes: int) -> None:
        self._root = root
        self._folder = root.root / FOLDER_NAME / root.destination
        self._limit = limit_bytes

    def keep(self, content: bytes) -> tuple[str, int]:
        """Digest and size of what will be sent. TooLarge above the limit, StorageFailed when there is no room."""
        if len(content) > self._limit:
            raise TooLarge(f"an attachment of {len(content)} bytes is larger than {self._limit}")
        name = hashlib.sha256(content).hexdigest()
        path = self._folder / name
        # another size: the machine stopped before that file was whole
        if not path.exists() or path.stat().st_size != len(content):
            self._write(path, content)
        return f"sha256:{name}", len(content)

    def named_in(self, text: bytes) -> list[tuple[str, Path]]:
        """(digest, file) of each kept attachment that `text` names."""
        return [(f"sha256:{path.name}", path) for path in self._kept() if b"sha256:" + path.name.encode() in text]

    def is_empty(self) -> bool:
        """Nothing is kept for this destination."""
        return next(self._kept(), None) is None

    def forget_old(self) -> None:
        """Remove what waits for so long that nothing will name it any more."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if time.time() - path.stat().st_mtime > _FORGOTTEN_S:
                    path.unlink(missing_ok=True)

    def _kept(self) -> Iterator[Path]:
        try:
            paths = list(self._folder.iterdir())
        except OSError:
            return
        yield from (path for path in paths if len(path.name) == 64 and _DIGITS.issuperset(path.name))

    def _write(self, path: Path, content: bytes) -> None:
        if not self._root.has_room(len(content), time.monotonic()):
            raise StorageFailed(f"no room for an attachment of {len(content)} bytes in {self._root.root}")
        temporary = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.tmp")
        try:
            self._root.prepare()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                temporary.replace(path)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StorageFailed(f"an attachment could not be kept in {self._folder}: {error.strerror}") from error
