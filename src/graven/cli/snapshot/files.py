"""The files below a folder, in the order of their names. Symbolic links are told, never followed; nothing but
regular files is opened. A file that goes while we look is listed, not an error."""

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, Final

from graven.cli.access.ports import StoredBlob
from graven.cli.snapshot.recording import Thing
from graven.sdk.composer import rfc3339

__all__ = ["Folder", "Missed"]

_PIECE: Final = 1024 * 1024
_LISTED: Final = 100
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ESTALE})


@dataclass(slots=True)
class Missed:
    """Files whose state is not known: how many, and the first of them by name."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.names) < _LISTED:
            self.names.append(name)

    def told(self) -> dict[str, Any]:
        return {"count": self.count, "names": self.names}


class Folder:
    """A folder to be read. `name` stands for it in the ids; `exclude` are patterns of names or of whole paths.

    `put_blob` is given the bytes of files up to `keep_bytes` (0: of none).
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        exclude: Sequence[str] = (),
        keep_bytes: int = 0,
        put_blob: Callable[[BinaryIO], StoredBlob] | None = None,
    ) -> None:
        self._path = path
        self._name = name
        self._exclude = exclude
        self._keep_bytes = keep_bytes
        self._put_blob = put_blob
        self.vanished = Missed()
        self.unreadable = Missed()

    def things(self) -> Iterator[Thing]:
        """Every file, link and folder below."""
        folders = [self._listed("")]
        while folders:
            inside = next(folders[-1], None)
            if inside is None:
                folders.pop()
                continue
            thing = self._thing(inside)
            if thing is None:
                continue
            yield thing
            if thing.state["kind"] == "directory":
                folders.append(self._listed(inside))

    def _listed(self, inside: str) -> Iterator[str]:
        """Paths of what a folder holds, relative to the whole, sorted by the bytes of the names."""
        try:
            names = sorted((found.name for found in (self._path / inside).iterdir()), key=os.fsencode)
        except OSError as error:
            self._missed(inside or ".", error)
            return
        for name in names:
            path = f"{inside}/{name}" if inside else name
            if not any(fnmatchcase(name, pattern) or fnmatchcase(path, pattern) for pattern in self._exclude):
                yield path

    def _thing(self, inside: str) -> Thing | None:
        path = self._path / inside
        attachments: list[dict[str, Any]] = []
        try:
            found = path.lstat()
            state: dict[str, Any] = {"kind": _kind(found.st_mode), "mode": f"{stat.S_IMODE(found.st_mode):04o}"}
            if stat.S_ISLNK(found.st_mode):
                state = {"kind": "link", "target": _shown(str(path.readlink()))}
            elif stat.S_ISREG(found.st_mode):
                self._read(path, state, attachments)
            state |= {"uid": found.st_uid, "gid": found.st_gid}
        except OSError as error:
            self._missed(inside, error)
            return None
        return Thing("file", f"{self._name}/{_shown(inside)}", state, attachments)

    def _read(self, path: Path, state: dict[str, Any], attachments: list[dict[str, Any]]) -> None:
        # not followed and not waited for, should it have become a link or a pipe since
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.ESTALE, "it is no file any more")
            digest, size, kept = hashlib.sha256(), 0, bytearray()
            while piece := stream.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                if size <= self._keep_bytes:
                    kept += piece
            after = os.fstat(stream.fileno())
        state |= {"size": size, "digest": f"sha256:{digest.hexdigest()}", "modified": rfc3339(after.st_mtime_ns)}
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or size != after.st_size:
            state["changed_while_read"] = True
        if self._put_blob is not None and 0 < size <= self._keep_bytes:
            blob = self._put_blob(io.BytesIO(bytes(kept)))
            attachments.append({"name": _shown(path.name), "digest": blob.digest, "size": blob.size})

    def _missed(self, inside: str, error: OSError) -> None:
        missed = self.vanished if error.errno in _GONE else self.unreadable
        missed.add(_shown(inside))


def _kind(mode: int) -> str:
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "pipe"}
    return kinds.get(stat.S_IFMT(mode), "socket" if stat.S_ISSOCK(mode) else "device")


def _shown(name: str) -> str:
    """The name with bytes that are no UTF-8 spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
