"""A log in a directory: Graven's own, or any directory that holds C2SP tiles.

Nothing is locked, opened for writing or followed: a symbolic link below `tile/` is reported, never read.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from graven.errors import CouldNotCheck
from graven.tlog.tiles import FULL_WIDTH, TilePath
from graven.verify.source import SourceSpec

__all__ = ["DirectorySource", "find_log"]

_SYSTEM_LOG = "system"
_CHUNK = 1 << 20
# no link is followed, and a pipe in place of a file does not make us wait
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_MAX_CHECKPOINT = 1 << 20
_OWN_FILES = ("tile", "journal", "head.sqlite", "new.key", "requests.sqlite", "idempotency")
"""What a log has besides the checkpoint and its key, which people also keep alone."""


def find_log(path: Path) -> Path:
    """The log directory that `path` is, or the only log (besides `system`) of the data directory that it is.

    Raises CouldNotCheck when there is none, or more than one.
    """
    if not path.is_dir():
        raise CouldNotCheck(f"{path} is no directory", hint="name a log directory, a data directory or a URL")
    if _is_unpacked_archive(path):
        raise CouldNotCheck(
            f"{path} is an unpacked proof archive, not a log",
            hint=f"graven verify the .tar.gz that it came from, or python3 {path / 'verify.py'} --key VKEY",
        )
    if any(os.path.lexists(path / name) for name in ("checkpoint", "log.vkey", *_OWN_FILES)):
        return path
    logs = path / "logs"
    if logs.is_dir():
        names = sorted(entry.name for entry in logs.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        own = [name for name in names if name != _SYSTEM_LOG]
        if len(own) == 1:
            return logs / own[0]
        if own:
            raise CouldNotCheck(
                f"{path} holds {len(own)} logs: {', '.join(own)}", hint=f"graven verify {logs / own[0]}"
            )
    raise CouldNotCheck(
        f"there is no log in {path}",
        why="a log has a checkpoint and a folder named tile",
        hint="name a directory such as <data>/logs/default",
    )


def _is_unpacked_archive(path: Path) -> bool:
    if any(os.path.lexists(path / name) for name in _OWN_FILES):
        return False
    return (path / "manifest.json").is_file() and (path / "proofs").is_dir()


class DirectorySource:
    """The files of one log below `root`; blobs under `<data>/blobs` when `root` is `<data>/logs/<name>`."""

    parallel = 1

    def __init__(self, root: Path, *, blobs: Path | None = None) -> None:
        self.root = root
        if blobs is None and root.absolute().parent.name == "logs":
            blobs = root.absolute().parent.parent / "blobs"
        self.blobs = blobs
        self._prefix = os.fspath(root) + os.sep

    @property
    def target(self) -> str:
        """The directory."""
        return os.fspath(self.root)

    def fetch_checkpoint(self) -> bytes | None:
        """The file `checkpoint`."""
        return self._read("checkpoint", _MAX_CHECKPOINT)

    def remains(self) -> str | None:
        """The folder `tile`, or something of Graven's own."""
        return next((name for name in _OWN_FILES if os.path.lexists(self._prefix + name)), None)

    advice = ""

    def fetch_key(self) -> bytes | None:
        """The file `log.vkey`."""
        return self._read("log.vkey", _MAX_CHECKPOINT)

    def fetch(self, tile: TilePath) -> bytes | None:
        """The file of the tile."""
        return self._read(tile.path())

    def wider(self, tile: TilePath) -> list[int]:
        """Widths of the partial files beside this one, and the full one."""
        folder = self._prefix + TilePath(tile.level, tile.index, 1).path().removesuffix("/1")
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names only
        except OSError:
            names = []
        widths = sorted(int(name) for name in names if name.isascii() and name.isdecimal() and len(name) <= 3)
        return [width for width in widths if tile.width < width < FULL_WIDTH] + [FULL_WIDTH]

    def paths(self) -> Iterator[str] | None:
        """Every file below `tile/`, one directory held in memory at a time."""
        return self._walk("tile")

    def _walk(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(self._prefix + folder) as entries:
                for entry in entries:
                    path = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        yield from self._walk(path)
                    elif entry.is_file(follow_symlinks=False):
                        yield path
                    else:
                        yield path + "@"
        except FileNotFoundError:
            return  # removed while we looked: an obsolete partial, or the missing file is found by name
        except OSError as error:
            raise CouldNotCheck(f"cannot list {folder}: {error.strerror}") from error

    def open_blob(self, digest: str, size: int | None = None) -> Iterator[bytes] | None:
        """The file of the blob, whole: a file has an end."""
        if self.blobs is None:
            return None
        _, _, digits = digest.partition(":")
        path = self.blobs / "sha256" / digits[:2] / digits[2:4] / digits
        try:
            stream = open(os.open(path, _OPEN), "rb")  # noqa: SIM115, PTH123 - closed by `chunks`
        except FileNotFoundError:
            return None
        except OSError as error:
            raise CouldNotCheck(f"cannot read blob {digest}: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise CouldNotCheck(f"cannot read blob {digest}: no plain file")

        def chunks() -> Iterator[bytes]:
            with stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk

        return chunks()

    def spec(self) -> SourceSpec:
        """Paths, made absolute."""
        blobs = None if self.blobs is None else os.fspath(self.blobs.absolute())
        return SourceSpec("directory", os.fspath(self.root.absolute()), blobs)

    def close(self) -> None:
        """Nothing is held."""

    def _read(self, path: str, limit: int = 1 << 30) -> bytes | None:
        # `os` calls, not pathlib: two of these a bundle are a tenth of the time of a whole verification
        try:
            fd = os.open(self._prefix + path, _OPEN)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:  # a symbolic link is no file of the log; the survey names it
                return None
            raise CouldNotCheck(f"cannot open {path}: {error.strerror}") from error
        try:
            size = min(os.fstat(fd).st_size, limit) + 1
            data = os.read(fd, size)
            while len(data) < size and (more := os.read(fd, size - len(data))):
                data += more
            return data
        except OSError as error:
            raise CouldNotCheck(f"cannot read {path}: {error.strerror}") from error
        finally:
            os.close(fd)
