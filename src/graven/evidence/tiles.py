"""`export --tiles DIR`: the plain files of C2SP tlog-tiles, for readers that know only directories.

Bundles are uncompressed, partial tiles have the width of the published size only, and the checkpoint is written
last, so that a reader beside us sees the old log or the new one. Exporting again into the same directory
adds what is new; a full tile that is already there must be the same.
"""

import os
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from graven.errors import CouldNotCheck, InvalidInput, Tampered, UsageError
from graven.evidence.reader import LogReader, read_tile
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import Checkpoint, open_checkpoint
from graven.tlog.merkle import consistency_proof, verify_consistency
from graven.tlog.note import VerifierKey
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath, all_tiles
from graven.verify.source import Source
from graven.verify.trust import parse_key_file

__all__ = ["ExportedTiles", "export_tiles"]


_OWN_FILES = ("journal", "head.sqlite", "logs")


class ExportedTiles(NamedTuple):
    """The checkpoint that was exported, and how many files were written (those already there not counted)."""

    checkpoint: Checkpoint
    files: int


def export_tiles(
    source: Source,
    directory: Path,
    *,
    key: VerifierKey | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExportedTiles:
    """Write the log at `source` below `directory`; `progress` gets (bundles done, bundles in all).

    `key` None means the one beside the log. The files are copied in their exact form and not verified: run
    `graven verify DIR`. Raises UsageError when the directory holds something else, Tampered when a file is missing,
    malformed, or differs from one that is already there.
    """
    with closing(source):
        _refuse_live(directory)
        if key is None:
            key = _key_beside(source)
        reader = LogReader(source, key)
        size = reader.checkpoint.size
        before = _already_there(directory, reader, key)
        written = 0
        total = -(-size // FULL_WIDTH)
        for tile in all_tiles(size):
            path = directory / tile.path()
            if not (tile.width == FULL_WIDTH and _is_covered(tile, before) and path.is_file()):
                written += _put(directory, path, _plain(source, tile))
            if tile.level == ENTRIES_LEVEL and progress is not None:
                progress(tile.index + 1, total)
        key_file = source.fetch_key()
        if key_file is not None:
            _replace(directory, directory / "log.vkey", key_file)
        _replace(directory, directory / "checkpoint", reader.note)
        _remove_obsolete(directory, before, size)
    return ExportedTiles(reader.checkpoint, written)


def _refuse_live(directory: Path) -> None:
    """UsageError for a folder that a recorder writes to, or that lies in its data directory."""
    place = directory.absolute()
    own = next((name for name in _OWN_FILES if (place / name).exists()), None)
    around = next((one for one in (place, *place.parents) if (one / "control.sqlite").exists()), None)
    if own is not None or around is not None:
        raise UsageError(
            f"{directory} belongs to a data directory",
            why=f"{around or place} is where a recorder keeps its logs; foreign files there would damage them",
            hint="name an empty directory elsewhere",
        )


def _key_beside(source: Source) -> VerifierKey:
    data = source.fetch_key()
    if data is None:
        raise CouldNotCheck("there is no log.vkey", hint="give the log's verifier key with --key")
    try:
        return parse_key_file(data)
    except InvalidInput as error:
        raise Tampered(f"log.vkey is malformed: {error.message}") from error


def _already_there(directory: Path, reader: LogReader, key: VerifierKey) -> int:
    """The size of an earlier export of this log in the directory, 0 for an empty one.

    Raises UsageError when something else is there, Tampered when the log does not extend what was exported.
    """
    if not directory.exists() or not any(directory.iterdir()):
        return 0
    try:
        before = open_checkpoint((directory / "checkpoint").read_bytes(), key)
    except (OSError, InvalidInput) as error:
        raise UsageError(
            f"{directory} is not empty and holds no export of this log", hint="name an empty directory"
        ) from error
    now = reader.checkpoint
    try:
        proof = consistency_proof(before.size, now.size, reader.nodes())
        verify_consistency(before.size, now.size, proof, before.root, now.root)
    except InvalidInput as error:
        raise Tampered(
            f"the log no longer extends what was exported to {directory}: {error.message}",
            why=f"size {before.size} was exported, the log now has {now.size}; a log only grows",
            hint="keep both checkpoints: together they are the proof",
        ) from error
    return before.size


def _is_covered(tile: TilePath, size: int) -> bool:
    return (tile.index + 1) * FULL_WIDTH <= size >> (8 * max(tile.level, 0))


def _plain(source: Source, tile: TilePath) -> bytes:
    data = read_tile(source, tile)
    if tile.level == ENTRIES_LEVEL:
        try:
            decode_bundle(data, tile.width)
        except InvalidInput as error:
            raise Tampered(f"{tile.path()}: {error.message}") from error
    return data


def _put(root: Path, path: Path, data: bytes) -> bool:
    """Whether the file was written; `Tampered` when it is there with other content."""
    try:
        existing = path.read_bytes()
    except FileNotFoundError:
        _replace(root, path, data)
        return True
    if existing != data:
        raise Tampered(
            f"{path} was exported before with other content",
            why="tiles never change: the log was rewritten, or the copy was",
            hint="run graven verify on both",
        )
    return False


def _replace(root: Path, path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = root / f".{path.name}.{os.getpid()}.tmp"  # not below tile/, where nothing else may lie
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_obsolete(directory: Path, before: int, size: int) -> None:
    """Partial tiles of the earlier export that the new size has replaced."""
    keep = set(_edge(size))
    for tile in _edge(before):
        if tile not in keep:
            path = directory / tile.path()
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()


def _edge(size: int) -> list[TilePath]:
    """The partial tiles of a tree of `size` leaves."""
    levels = range(-(-size.bit_length() // 8))
    edges = [(level, size >> (8 * level)) for level in levels]
    tiles = [TilePath(level, count // FULL_WIDTH, count % FULL_WIDTH) for level, count in edges if count % FULL_WIDTH]
    return tiles + [tile._replace(level=ENTRIES_LEVEL) for tile in tiles if tile.level == 0]
