"""A sealed segment: a folder of files that never change, made once, opened by mapping.

The manifest is written last and names every file with its size, so a folder without one, or with a file of another
size, is no segment: it is made again from the log. It holds their sums as well, which are looked at later (`check`):
reading everything would make a start long.
"""

import errno
import os
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from graven.errors import StorageFailed
from graven.index.derive.columns import COLUMNS
from graven.index.derive.deriver import connect
from graven.index.segment.codes import Codes, Mask
from graven.index.segment.contract import BLOCK_ROWS, Numbers
from graven.index.segment.flat import CODED, Flat, mapped, write_flat
from graven.index.segment.keys import build_keys, load, lookup, save
from graven.index.segment.terms import Terms, build_terms

__all__ = ["ASIDE", "FORMAT", "Manifest", "SealedSegment", "folder_name", "seal"]

FORMAT: Final = 2
"""Version of the files; segments of another are made again."""

ASIDE: Final = "old-"
"""Before the name of a segment while another takes its place: who opens the index puts it back where none did."""

_MANIFEST: Final = "manifest.json"
_PIECE_BYTES: Final = 2**20
_NO_MEANS: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM})


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of a segment: its size in bytes, and its CRC-32 (as of gzip, RFC 1952 8)."""

    size: int
    crc32: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a segment says of itself. `mapper` is the version that derived it, `leaf` the hexadecimal leaf hash of its
    last entry, which tells whether it is of the log as it is; `files` are those beside it, by name."""

    format: int
    mapper: int
    first: int
    count: int
    received: tuple[int, int]
    claimed: tuple[int, int]
    leaf: str
    files: dict[str, File]


def folder_name(first: int) -> str:
    return f"{first:012d}"


def seal(table: pa.Table, first: int, home: Path, *, mapper: int, leaf: str, secret: str) -> Path:
    """Write the segment of a table whose first row is `first` under `home`; gives its folder.

    It is made beside, synced, and renamed. StorageFailed when the disk refuses.
    """
    folder = home / folder_name(first)
    making = home / f"new-{folder.name}-{os.getpid()}"  # nobody else writes there, whoever was left behind
    shutil.rmtree(making, ignore_errors=True)
    try:
        (making / "terms").mkdir(parents=True)
        _write_columns(table, making / "columns.parquet")
        write_flat(table, making)
        connection = connect()
        save(build_keys(table, secret, connection), making / "keys.bin")
        connection.close()
        build_terms(table["text"], making / "terms")
        received, time = table["received"].to_numpy(), table["time"].to_numpy()
        files = {str(p.relative_to(making)): _file(p) for p in sorted(making.rglob("*")) if p.is_file()}
        spans = (int(received[0]), int(received[-1])), (int(time.min()), int(time.max()))
        manifest = Manifest(FORMAT, mapper, first, len(table), *spans, leaf, files)
        (making / _MANIFEST).write_bytes(msgspec.json.encode(manifest))
        _sync(making)
        aside = home / f"{ASIDE}{folder.name}"
        shutil.rmtree(aside, ignore_errors=True)
        if folder.is_dir():
            folder.rename(aside)  # and not removed: a gap would cost all segments behind it
        making.rename(folder)
        _sync_folder(home)
        shutil.rmtree(aside, ignore_errors=True)
    except (OSError, ValueError) as error:
        shutil.rmtree(making, ignore_errors=True)
        raise StorageFailed(
            f"a segment of the index could not be written: {error}", hint="graven index status"
        ) from error
    return folder


def _file(path: Path) -> File:
    size = crc = 0
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            size += len(piece)
            crc = zlib.crc32(piece, crc)
    return File(size, crc)


def _write_columns(table: pa.Table, path: Path) -> None:
    few = [column for column in CODED if column != "labels"]
    lists = [f"{name}.list.element" for name in ("target_type", "behalf")]
    pq.write_table(
        table.select([*COLUMNS, "text"]),
        path,
        compression="zstd",
        compression_level=1,  # of these short texts, smaller than at 3, and faster
        use_dictionary=[*few, *lists, "labels", "user_agent"],
        row_group_size=BLOCK_ROWS,
        write_statistics=False,
    )


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    _sync_folder(folder / "terms")
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_sizes(folder: Path, manifest: Manifest) -> None:
    for name, file in manifest.files.items():
        if (found := (folder / name).stat().st_size) != file.size:
            raise ValueError(f"{folder / name} has {found} bytes, expected {file.size}")


class SealedSegment:
    """See `contract.Segment`. Raises ValueError when the folder is no whole segment, OSError when the system has no
    means to look (descriptors, memory, a permission): that says nothing about the segment."""

    def __init__(self, folder: Path, *, secret: str) -> None:
        self.folder = folder
        try:
            self.manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=Manifest)
            _check_sizes(folder, self.manifest)
            self._flat = Flat(folder)
            self._keys = load(folder / "keys.bin")
            self._terms = Terms(folder / "terms", self.manifest.count)
            # held, not opened again by name: a segment made anew takes the name, and asks of the old one go on
            self._columns = mapped(folder / "columns.parquet")
            self._metadata = pq.read_metadata(pa.BufferReader(self._columns))
        except Exception as error:  # whatever the files hold, they are made again
            if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_MEANS):
                raise
            raise ValueError(f"{folder} is no whole segment: {error}") from error
        self._secret = secret
        self.first = self.manifest.first
        self.count = self.manifest.count
        self.is_damaged = False

    @property
    def size_bytes(self) -> int:
        return sum(file.size for file in self.manifest.files.values())

    def check(self) -> str:
        """What is wrong with its files, "" when they are as they were made; kept in `is_damaged`. Reads all of them."""
        found = ""
        try:
            for name, file in self.manifest.files.items():
                if _file(self.folder / name) != file:
                    found = f"{self.folder / name} is not as it was made"
                    break
        except OSError as error:
            found = f"{self.folder} cannot be read: {error}"
        self.is_damaged = bool(found)
        return found

    def numbers(self, column: str) -> Numbers:
        """See `contract.Segment`."""
        return self._flat.numbers(column)

    def codes(self, column: str) -> Codes:
        """See `contract.Segment`."""
        return self._flat.codes(column)

    def counts(self, column: str) -> npt.NDArray[np.int64]:
        """Rows by value, counted when the segment was made; those without it last."""
        return self._flat.counts(column)

    def keyed(self, column: str, value: str) -> npt.NDArray[np.int64]:
        """See `contract.Segment`."""
        return lookup(self._keys, self._secret, column, value)

    @property
    def has_terms(self) -> bool:
        return True

    def worded(
        self, tokens: Sequence[str], *, prefix: bool, infix: bool, span: tuple[int, int] | None = None
    ) -> Mask | None:
        """See `contract.Segment`; the terms know of all rows at once."""
        return self._terms.rows(tokens, prefix=prefix, infix=infix)

    def columns(self, names: Sequence[str], rows: npt.NDArray[Any] | None) -> pa.Table:
        """See `contract.Segment`; only the row groups that hold rows are read."""
        with pq.ParquetFile(pa.BufferReader(self._columns), metadata=self._metadata) as file:
            if rows is None:
                return file.read(columns=list(names))
            groups = np.unique(rows // BLOCK_ROWS)
            table = file.read_row_groups(groups.tolist(), columns=list(names))
            if len(table) == len(rows):
                return table
            starts = np.searchsorted(groups, rows // BLOCK_ROWS) * BLOCK_ROWS
            return table.take(pa.array(starts + rows % BLOCK_ROWS))
