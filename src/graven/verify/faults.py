"""The findings about files: what each says, in one place, so that they read alike."""

from hashlib import sha256

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.hashing import HASH_SIZE
from graven.tlog.tiles import FULL_WIDTH, TilePath
from graven.verify.attachments import BlobReference
from graven.verify.leaves import first_difference
from graven.verify.report import Finding, Kind

__all__ = [
    "blob_absent",
    "blob_altered",
    "damaged",
    "entry_mismatch",
    "missing",
    "node_mismatch",
    "not_a_prefix",
    "unexpected",
    "unreadable",
]


def missing(tile: TilePath) -> Finding:
    """A file that the checkpoint needs is not there."""
    return Finding(
        kind=Kind.TAMPERED,
        code="missing",
        message=f"{tile.path()} is missing",
        path=tile.path(),
        why="the checkpoint signs a tree of which this is a part",
    )


def damaged(tile: TilePath, error: InvalidInput) -> Finding:
    """A file that is not what its name says."""
    return Finding(kind=Kind.TAMPERED, code="malformed", message=f"{tile.path()}: {error.message}", path=tile.path())


def unreadable(tile: TilePath, error: CouldNotCheck) -> Finding:
    """A file that the system would not give."""
    return Finding(
        kind=Kind.COULD_NOT_CHECK,
        code="unreadable",
        message=f"{tile.path()}: {error.message}",
        path=tile.path(),
        hint=error.hint,
    )


def entry_mismatch(bundle: TilePath, tile: TilePath, hashes: bytes, claimed: bytes) -> Finding:
    position = first_difference(hashes, claimed)
    different = sum(
        hashes[start : start + HASH_SIZE] != claimed[start : start + HASH_SIZE]
        for start in range(0, len(hashes), HASH_SIZE)
    )
    index = bundle.index * FULL_WIDTH + position
    more = "" if different == 1 else f" (the first of {different} in this bundle)"
    place = slice(position * HASH_SIZE, (position + 1) * HASH_SIZE)
    return Finding(
        kind=Kind.TAMPERED,
        code="entry_mismatch",
        message=f"entry {index} in {bundle.path()} does not hash to what {tile.path()} holds{more}",
        path=bundle.path(),
        index=index,
        expected=claimed[place].hex(),
        found=hashes[place].hex(),
        why="the entry or the tile was changed after it was recorded",
    )


def blob_absent(index: int, reference: BlobReference, what: str) -> Finding:
    return Finding(
        kind=Kind.COULD_NOT_CHECK,
        code="blob_absent",
        message=f"blob {reference.digest} of entry {index} {what}",
        index=index,
        expected=reference.digest,
        hint="verify where the blobs are: the data directory, or a server with a token that may read them",
    )


def blob_altered(index: int, reference: BlobReference, found: str, size: int) -> Finding:
    expected = reference.digest if reference.size is None else f"{reference.digest}, {reference.size} bytes"
    return Finding(
        kind=Kind.TAMPERED,
        code="blob_altered",
        message=f"blob {reference.digest} of entry {index} was changed",
        index=index,
        expected=expected,
        found=f"{found}, {size} bytes",
    )


def not_a_prefix(tile: TilePath, wide: TilePath, narrow: bytes, expected: bytes) -> Finding:
    """An obsolete partial that is not what the wider tile begins with (both plain)."""
    return Finding(
        kind=Kind.TAMPERED,
        code="not_a_prefix",
        message=f"{tile.path()} is not a prefix of {wide.path()}",
        path=tile.path(),
        expected=f"sha256 {sha256(expected[: len(narrow)]).hexdigest()}",
        found=f"sha256 {sha256(narrow).hexdigest()}",
    )


def node_mismatch(tile: TilePath, position: int, expected: bytes, found: bytes) -> Finding:
    """A hash in a tile above level 0 that is not the root of the tile below it."""
    below = TilePath(tile.level - 1, tile.index * FULL_WIDTH + position, FULL_WIDTH)
    return Finding(
        kind=Kind.TAMPERED,
        code="node_mismatch",
        message=f"hash {position} of {tile.path()} is not the root of {below.path()}",
        path=tile.path(),
        index=below.index << (8 * tile.level),
        expected=expected.hex(),
        found=found.hex(),
        why="one of the two was changed; the index is that of the first entry below this hash",
    )


def unexpected(path: str) -> Finding:
    """A file below tile/ that no log writes."""
    return Finding(
        kind=Kind.TAMPERED,
        code="unexpected_file",
        message=f"{path} is no tile or bundle of a log",
        path=path,
        why="everything below tile/ is part of the record or does not belong there",
    )
