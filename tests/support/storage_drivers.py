"""Every storage driver behind one face, so that a contract is one suite: a *place* opens drivers again and again."""

import struct
from collections.abc import Sequence
from pathlib import Path

from graven.storage.blobs import DirectoryBlobs
from graven.storage.contracts import Blobs, Head, Journal, Objects
from graven.storage.faulty import Faults, FaultyFileSystem, FaultyHead, FaultyJournal, FaultyObjects
from graven.storage.filesystem import REAL, FileSystem
from graven.storage.head import SqliteHead
from graven.storage.journal import FileJournal
from graven.storage.memory import MemoryBlobs, MemoryDisk, MemoryHead, MemoryJournal, MemoryObjects
from graven.storage.objects import DirectoryObjects
from graven.storage.simulated import SimulatedDisk

SEGMENT_BYTES = 300


class FilePlace:
    """Real files, or the same drivers on a simulated disk (but for SQLite, which has its own files)."""

    def __init__(self, root: Path, fs: FileSystem = REAL, *, sqlite: Path | None = None) -> None:
        self.root = root
        self.fs = fs
        self.sqlite = (sqlite or root) / "head.sqlite"

    def journal(self) -> Journal:
        return FileJournal(self.root / "journal", segment_bytes=SEGMENT_BYTES, fs=self.fs)

    def head(self) -> Head:
        return SqliteHead(self.sqlite)

    def objects(self) -> Objects:
        return DirectoryObjects(self.root / "objects", fs=self.fs)

    def blobs(self) -> Blobs:
        return DirectoryBlobs(self.root / "blobs", fs=self.fs)


class MemoryPlace:
    """The strict drivers in memory."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()

    def journal(self) -> Journal:
        return MemoryJournal(self.disk, segment_bytes=SEGMENT_BYTES)

    def head(self) -> Head:
        return MemoryHead(self.disk)

    def objects(self) -> Objects:
        return MemoryObjects(self.disk)

    def blobs(self) -> Blobs:
        return MemoryBlobs(self.disk)


class WrappedPlace:
    """Wrappers that inject faults, with a plan that has none: they must be transparent."""

    def __init__(self) -> None:
        self.inner = MemoryPlace()

    def journal(self) -> Journal:
        return FaultyJournal(self.inner.journal(), Faults())

    def head(self) -> Head:
        return FaultyHead(self.inner.head(), Faults())

    def objects(self) -> Objects:
        return FaultyObjects(self.inner.objects(), Faults())

    def blobs(self) -> Blobs:
        return self.inner.blobs()


Place = FilePlace | MemoryPlace | WrappedPlace
DRIVERS = ("files", "simulated", "simulated, no syncfs", "simulated, faultless wrapper", "memory", "wrapped")


def make_place(driver: str, tmp_path: Path) -> Place:
    root = Path("/data")
    match driver:
        case "files":
            return FilePlace(tmp_path)
        case "simulated":
            return FilePlace(root, SimulatedDisk(), sqlite=tmp_path)
        case "simulated, no syncfs":
            return FilePlace(root, SimulatedDisk(supports_sync_all=False), sqlite=tmp_path)
        case "simulated, faultless wrapper":
            return FilePlace(root, FaultyFileSystem(SimulatedDisk(), Faults()), sqlite=tmp_path)
        case "memory":
            return MemoryPlace()
        case _:
            return WrappedPlace()


def records(*entries: bytes) -> list[bytes]:
    """Bundle encoding, as the buffers that `append` takes."""
    return [buffer for entry in entries for buffer in (struct.pack(">H", len(entry)), entry)]


def append(journal: Journal, first_index: int, *entries: bytes, note: bytes = b"") -> None:
    journal.append(first_index, len(entries), records(*entries), note)


def contents(journal: Journal) -> list[tuple[int, int, bytes, bytes]]:
    """(first index, count, entries, note) of each frame."""
    return [frame[:4] for frame in journal.frames()]


def content(first_index: int, entries: Sequence[bytes], note: bytes = b"") -> tuple[int, int, bytes, bytes]:
    """What `contents` gives for one frame."""
    return (first_index, len(entries), b"".join(records(*entries)), note)
