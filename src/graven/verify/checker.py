"""The work of one process: a run of bundles with their level-0 tiles and blobs, or some obsolete partials.

Everything goes in and out as values that cross a pipe. What is returned for a bundle is the root of its
entries; where a tile says otherwise, both roots, so that the levels above can tell which of the two they
support.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.hashing import perfect_root
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath
from graven.verify.attachments import BlobReference, may_refer, references, references_in_event
from graven.verify.faults import blob_absent, blob_altered, damaged, entry_mismatch, missing, not_a_prefix, unreadable
from graven.verify.leaves import leaf_hashes_of
from graven.verify.reading import read_plain
from graven.verify.report import Finding
from graven.verify.source import UNREACHABLE, Source

__all__ = ["Checker", "Outcome", "Task"]

_BLOBS_REMEMBERED = 65_536
_MAX_NESTED_BLOB = 64 << 20


class Task(msgspec.Struct, frozen=True):
    """Bundles [first, first + count) of a tree of `size` leaves; and obsolete partials to be compared."""

    size: int
    first: int = 0
    count: int = 0
    partials: tuple[TilePath, ...] = ()


class Outcome(msgspec.Struct):
    """What a task found. `roots` are those of full bundles, in order; None where nothing could be read.

    `claimed` holds, by position in `roots`, what the tile says where it differs from the entries.
    `edge` is the concatenated leaf hashes of the partial bundle at the right edge.
    """

    roots: list[bytes | None] = msgspec.field(default_factory=list)
    claimed: dict[int, bytes] = msgspec.field(default_factory=dict)
    edge: bytes = b""
    edge_claimed: bytes = b""
    findings: list[Finding] = msgspec.field(default_factory=list)
    entries: int = 0
    entry_bytes: int = 0
    files: int = 0
    partials: int = 0
    blobs: int = 0
    blob_bytes: int = 0


class Checker:
    """Runs tasks on one source; keeps a bounded memory of blobs that were already checked."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known_blobs: OrderedDict[str, None] = OrderedDict()
        self._wide: tuple[TilePath, bytes | Finding] | None = None

    def run(self, task: Task) -> Outcome:
        """Check everything that the task names. Raises CouldNotCheck only when nobody answers."""
        outcome = Outcome()
        for bundle, tile, bundle_data, tile_data in self._read_pairs(task):
            self._check_pair(bundle, tile, bundle_data, tile_data, outcome)
        for tile in task.partials:
            self._check_partial(tile, task.size, outcome)
        return outcome

    def _read_pairs(self, task: Task) -> Iterator[tuple[TilePath, TilePath, bytes | Finding, bytes | Finding]]:
        widths = [
            min(FULL_WIDTH, task.size - index * FULL_WIDTH) for index in range(task.first, task.first + task.count)
        ]
        pairs = [
            (TilePath(ENTRIES_LEVEL, task.first + i, width), TilePath(0, task.first + i, width))
            for i, width in enumerate(widths)
        ]
        if self._source.parallel == 1:
            for bundle, tile in pairs:
                yield bundle, tile, self._read(bundle), self._read(tile)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self._source.parallel) as pool:
            answers = pool.map(self._read, [tile for pair in pairs for tile in pair])
            for bundle, tile in pairs:
                yield bundle, tile, next(answers), next(answers)

    def _read(self, tile: TilePath) -> bytes | Finding:
        """Plain bytes, or why there are none."""
        try:
            data = read_plain(self._source, tile)
        except InvalidInput as error:
            return damaged(tile, error)
        except CouldNotCheck as error:
            if error.code == UNREACHABLE:
                raise
            return unreadable(tile, error)
        return missing(tile) if data is None else data

    def _check_pair(
        self, bundle: TilePath, tile: TilePath, data: bytes | Finding, claimed: bytes | Finding, outcome: Outcome
    ) -> None:
        hashes: bytes | None = None
        if isinstance(data, Finding):
            outcome.findings.append(data)
        else:
            outcome.files += 1
            try:
                hashes = leaf_hashes_of(data, bundle.width)
            except InvalidInput as error:
                outcome.findings.append(damaged(bundle, error))
            else:
                outcome.entries += bundle.width
                outcome.entry_bytes += len(data) - 2 * bundle.width
        if isinstance(claimed, Finding):
            outcome.findings.append(claimed)
            claimed = hashes if hashes is not None else b""
        else:
            outcome.files += 1
        if hashes is not None and hashes != claimed:
            outcome.findings.append(entry_mismatch(bundle, tile, hashes, claimed))
        self._note_roots(bundle.width, hashes, claimed, outcome)
        if hashes is not None and isinstance(data, bytes) and may_refer(data):
            for position, reference in references(data):
                self._check_blob(bundle.index * FULL_WIDTH + position, reference, outcome)

    @staticmethod
    def _note_roots(width: int, hashes: bytes | None, claimed: bytes, outcome: Outcome) -> None:
        if width < FULL_WIDTH:
            outcome.edge = hashes if hashes is not None else claimed
            outcome.edge_claimed = claimed
            return
        best = hashes if hashes is not None else claimed
        if claimed and claimed != best:
            outcome.claimed[len(outcome.roots)] = perfect_root(claimed)
        outcome.roots.append(perfect_root(best) if best else None)

    def _check_partial(self, tile: TilePath, size: int, outcome: Outcome) -> None:
        """An obsolete partial must be a prefix of the tile that took its place."""
        count = size >> (8 * max(tile.level, 0))
        wide = tile._replace(width=min(FULL_WIDTH, count - tile.index * FULL_WIDTH))
        narrow = self._read(tile)  # from a wider one when it was cleaned up since it was listed
        if self._wide is None or self._wide[0] != wide:  # the partials of one tile come one after another
            self._wide = (wide, self._read(wide))
        expected = self._wide[1]
        if isinstance(narrow, Finding):
            outcome.findings.append(narrow)
            return
        outcome.files += 1
        outcome.partials += 1
        if isinstance(expected, Finding):
            return  # reported where the wide one is checked
        if tile.level == ENTRIES_LEVEL:
            try:
                leaf_hashes_of(narrow, tile.width)
            except InvalidInput as error:
                outcome.findings.append(damaged(tile, error))
                return
        if not expected.startswith(narrow):
            outcome.findings.append(not_a_prefix(tile, wide, narrow, expected))

    def _check_blob(self, index: int, reference: BlobReference, outcome: Outcome) -> None:
        pending = [reference]
        while pending:
            current = pending.pop()
            if current.digest in self._known_blobs:
                self._known_blobs.move_to_end(current.digest)
                continue
            pending += self._read_blob(index, current, outcome)
            self._known_blobs[current.digest] = None
            if len(self._known_blobs) > _BLOBS_REMEMBERED:
                self._known_blobs.popitem(last=False)

    def _read_blob(self, index: int, reference: BlobReference, outcome: Outcome) -> Iterable[BlobReference]:
        """Check one blob; gives what it refers to in turn."""
        digest = sha256()
        size = 0
        content = bytearray()
        try:
            chunks = self._source.open_blob(reference.digest, reference.size)
            if chunks is None:
                outcome.findings.append(blob_absent(index, reference, "is absent"))
                return ()
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                if reference.nested and size <= _MAX_NESTED_BLOB:
                    content += chunk
        except (CouldNotCheck, OSError) as error:
            if isinstance(error, CouldNotCheck) and error.code == UNREACHABLE:
                raise
            outcome.findings.append(blob_absent(index, reference, f"could not be read: {error}"))
            return ()
        outcome.blobs += 1
        outcome.blob_bytes += size
        found = f"sha256:{digest.hexdigest()}"
        if found != reference.digest or (reference.size is not None and size != reference.size):
            outcome.findings.append(blob_altered(index, reference, found, size))
            return ()
        if not reference.nested:
            return ()
        if size > _MAX_NESTED_BLOB:
            outcome.findings.append(blob_absent(index, reference, f"has {size} bytes: too large to look inside"))
            return ()
        return references_in_event(bytes(content))
