"""Blobs by SHA-256 as files: `<root>/sha256/ab/cd/<64 hex digits>`.

A blob is written under a temporary name, synced, linked into place, and its directory synced: durable on
return, so that a journal frame may refer to it. A known digest is believed durable only if this process made
it so: one that another thread has just linked, or that a killed process left behind, may not be yet.
"""

import hashlib
import io
import itertools
import os
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from graven.errors import InvalidInput, Tampered, TooLarge
from graven.storage.durable import (
    WRITE_NEW,
    make_directories,
    open_descriptor,
    os_errors,
    read_file,
    sync_directory,
    sync_names,
    write_all,
)
from graven.storage.filesystem import REAL, FileSystem

__all__ = ["DirectoryBlobs"]

_INCOMING = ".incoming"
_READ = os.O_RDONLY | os.O_CLOEXEC
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_REMEMBERED = 65_536


class DirectoryBlobs:
    """`Blobs` under `root`; usable from any thread. One process at a time writes."""

    def __init__(self, root: Path, *, fs: FileSystem = REAL) -> None:
        self._fs = fs
        self._root = os.fspath(root)
        self._incoming = f"{self._root}/{_INCOMING}"
        # several instances may share a directory: a log each, one blob store
        self._prefix = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._names = itertools.count()
        self._durable: dict[str, None] = {}  # in order of arrival: the oldest is forgotten first
        self._named = {self._root}  # directories whose own names are durable
        self._held: Counter[str] = Counter()
        self._lock = threading.Lock()
        make_directories(self._incoming, fs)
        sync_names(root, fs)

    def put(self, content: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if self._known_durable(digest):
            return digest
        if read_file(self._path(digest), self._fs) == content:
            self._sync_existing(digest)
        else:
            self._store([content], len(content))
        return digest

    def put_stream(self, chunks: Iterator[bytes], *, limit_bytes: int) -> tuple[str, int]:
        return self._store(chunks, limit_bytes)

    def has(self, digest: str) -> bool:
        return self.size(digest) is not None

    def size(self, digest: str) -> int | None:
        path = self._path(digest)
        with os_errors("look up", path):
            return self._fs.file_size(path)

    def get(self, digest: str) -> bytes | None:
        path = self._path(digest)
        content = read_file(path, self._fs)
        if content is None:
            return None
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            raise Tampered(
                f"blob {digest} has other content: its digest is {found}",
                why="a blob is named by the digest of its content",
                hint="keep the file and restore it from a backup",
                details={"file": path},
            )
        return content

    def open(self, digest: str) -> BinaryIO | None:
        path = self._path(digest)
        with os_errors("open", path):
            try:
                fd = self._fs.open(path, _READ)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return io.BufferedReader(_Stream(self._fs, fd, path))

    @contextmanager
    def holding(self, digests: Iterable[str]) -> Iterator[None]:
        """Spare these from `collect` during the block: between `put` and the frame that refers to them."""
        held = list(digests)
        with self._lock:
            self._held.update(held)
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(held)
                self._held += Counter()  # drops the zeros

    def collect(self, is_referenced: Callable[[str], bool]) -> list[str]:
        """Remove blobs that nothing refers to and nobody holds; gives their digests.

        The caller answers from the log, and spares recent uploads (`is_referenced` is free to say so).
        """
        removed = []
        for digest in self.digests():
            with self._lock:
                if self._held[digest] or is_referenced(digest):
                    continue
                self._durable.pop(digest, None)
                path = self._path(digest)
                with os_errors("remove", path), suppress(FileNotFoundError):
                    self._fs.unlink(path)
                removed.append(digest)
        return removed

    def digests(self) -> Iterator[str]:
        """Of all blobs, in no particular order."""
        pending = [f"{self._root}/sha256"]
        while pending:
            folder = pending.pop()
            with os_errors("list", folder):
                try:
                    entries = self._fs.scan(folder)
                except (FileNotFoundError, NotADirectoryError):
                    continue
            for name, is_directory in entries:
                if is_directory:
                    pending.append(f"{folder}/{name}")
                elif _DIGEST.fullmatch(f"sha256:{name}"):
                    yield f"sha256:{name}"

    def sweep(self) -> None:
        """Remove what crashes left half-written. For the owner of the directory, before anybody writes."""
        with os_errors("clear", self._incoming):
            for name, _ in self._fs.scan(self._incoming):
                self._fs.unlink(f"{self._incoming}/{name}")

    def _store(self, chunks: Iterable[bytes], limit_bytes: int) -> tuple[str, int]:
        temporary = f"{self._incoming}/{self._prefix}-{next(self._names)}"
        hashed = hashlib.sha256()
        size = 0
        with os_errors("create", temporary):
            fd = self._fs.open(temporary, WRITE_NEW | os.O_EXCL)
        try:
            # errors of the iterator are the caller's and pass as they are: a broken connection is an OSError
            for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise _too_large(limit_bytes)
                hashed.update(chunk)
                with os_errors("write", temporary):
                    write_all(self._fs, fd, [chunk])
            digest = f"sha256:{hashed.hexdigest()}"
            if not self._known_durable(digest):
                with os_errors("sync", temporary):
                    self._fs.sync(fd)
                self._place(temporary, digest)
        finally:
            with suppress(OSError):
                self._fs.close(fd)
            with suppress(OSError):
                self._fs.unlink(temporary)
        return digest, size

    def _sync_existing(self, digest: str) -> None:
        """Known content that this process did not write: nobody knows whether its sync was finished."""
        path = self._path(digest)
        with os_errors("sync", path), open_descriptor(self._fs, path, _READ) as fd:
            self._fs.sync(fd)
        self._sync_name(path, digest)

    def _place(self, temporary: str, digest: str) -> None:
        path = self._path(digest)
        make_directories(os.path.dirname(path), self._fs)  # noqa: PTH120
        with os_errors("rename", temporary):
            # renamed, not linked: over a damaged file, the content with the right digest is the right one
            self._fs.rename(temporary, path)
        self._sync_name(path, digest)

    def _sync_name(self, path: str, digest: str) -> None:
        directory = os.path.dirname(path)  # noqa: PTH120
        sync_directory(directory, self._fs)
        # `cd`, `ab` and `sha256` may all be younger than the last sync of another thread or process
        while directory not in self._named:
            parent = os.path.dirname(directory)  # noqa: PTH120
            sync_directory(parent, self._fs)
            self._named.add(directory)
            directory = parent
        with self._lock:
            self._durable[digest] = None
            while len(self._durable) > _REMEMBERED:
                del self._durable[next(iter(self._durable))]

    def _known_durable(self, digest: str) -> bool:
        with self._lock:
            return digest in self._durable and self._fs.file_size(self._path(digest)) is not None

    def _path(self, digest: str) -> str:
        if not _DIGEST.fullmatch(digest):
            raise InvalidInput(f"this is no digest: {digest[:80]!r}", hint="write sha256:<64 lower-case hex>")
        name = digest[7:]
        return f"{self._root}/sha256/{name[:2]}/{name[2:4]}/{name}"


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"the blob is larger than {limit_bytes} bytes",
        hint="store it elsewhere and record its digest",
        details={"limit_bytes": limit_bytes},
    )


class _Stream(io.RawIOBase):
    """A file of a `FileSystem`, for reading in order or from a position."""

    def __init__(self, fs: FileSystem, fd: int, path: str) -> None:
        self._fs, self._fd, self._path, self._position = fs, fd, path, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._fs.size(self._fd)}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with os_errors("read", self._path):
            data = self._fs.read(self._fd, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            with suppress(OSError):
                self._fs.close(self._fd)
        super().close()
