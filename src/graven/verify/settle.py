"""After the tree was checked: which of two files that contradict each other was changed, told in order.

An entry and its tile cannot both be wrong in the same way: the proof of that entry leads to the signed root from
one of them only. What is named here was found before; nothing is taken out of a report but repetition.
"""

from itertools import groupby

from msgspec.structs import replace

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.checkpoint import Checkpoint
from graven.tlog.hashing import HASH_SIZE
from graven.tlog.merkle import inclusion_proof, verify_inclusion
from graven.tlog.tiles import FULL_WIDTH, TilePath, parse_tile_path, tile_node_reader
from graven.verify.leaves import leaf_hashes_of
from graven.verify.reading import read_plain
from graven.verify.report import Finding, Kind, Report
from graven.verify.source import Source

__all__ = ["settle"]

_MISMATCH = "entry_mismatch"
_OBSOLETE = "not_a_prefix"
_SETTLED_AT_MOST = 16  # each costs a few files; whoever altered more is known by then


def settle(source: Source, checkpoint: Checkpoint, report: Report) -> None:
    """Name the changed side of each mismatch, put the findings in order, and gather what repeats them."""
    changed: dict[tuple[int, int], str] = {}
    budget = _SETTLED_AT_MOST
    for position, finding in enumerate(report.findings):
        if finding.code == _MISMATCH and budget:
            budget -= 1
            settled = _settled(source, checkpoint, finding)
            if settled is not None:
                report.findings[position] = settled
                tile = parse_tile_path(settled.path or "")
                changed[tile.level, tile.index] = tile.path()
    report.findings = _gathered(sorted(report.findings, key=_order), changed)


def _settled(source: Source, checkpoint: Checkpoint, finding: Finding) -> Finding | None:
    """The finding with the side that was changed in `path`; None when neither or nothing leads to the root."""
    bundle = parse_tile_path(finding.path or "")
    tile = bundle._replace(level=0)
    index = finding.index or 0
    try:
        data, claimed = read_plain(source, bundle), read_plain(source, tile)
        if data is None or claimed is None:
            return None
        entries_hold = _leads_to_root(source, checkpoint, tile, leaf_hashes_of(data, bundle.width), index)
        tile_holds = _leads_to_root(source, checkpoint, tile, claimed, index)
    except (InvalidInput, CouldNotCheck):
        return None  # what cannot be read has a finding of its own
    if entries_hold == tile_holds:
        return None
    if tile_holds:
        why = f"the signed root supports {tile.path()}: the entry was changed after it was recorded"
        return replace(finding, why=why)
    return replace(
        finding,
        message=f"{tile.path()} does not hold the hash of entry {index}, which is as it was recorded",
        path=tile.path(),
        expected=finding.found,
        found=finding.expected,
        why="the signed root supports the entry: the tile was changed",
    )


def _leads_to_root(source: Source, checkpoint: Checkpoint, tile: TilePath, hashes: bytes, index: int) -> bool:
    """Whether entry `index` is proven when its tile holds `hashes`."""

    def read(wanted: TilePath) -> bytes:
        if wanted == tile:
            return hashes
        data = read_plain(source, wanted)
        if data is None:
            raise InvalidInput(f"{wanted.path()} is missing")
        return data

    start = index % FULL_WIDTH * HASH_SIZE
    try:
        proof = inclusion_proof(index, checkpoint.size, tile_node_reader(checkpoint.size, read))
        verify_inclusion(index, checkpoint.size, hashes[start : start + HASH_SIZE], proof, checkpoint.root)
    except InvalidInput:
        return False
    return True


def _order(finding: Finding) -> tuple[bool, bool, float, str]:
    """Tampering first, repetition last; otherwise along the log."""
    index = -1.0 if finding.index is None else finding.index
    return finding.kind is not Kind.TAMPERED, finding.code == _OBSOLETE, index, _padded(finding)


def _padded(finding: Finding) -> str:
    """The path, its widths comparable as text."""
    head, slash, last = (finding.path or "").rpartition("/")
    return f"{head}{slash}{last:0>3}"


def _gathered(findings: list[Finding], changed: dict[tuple[int, int], str]) -> list[Finding]:
    """One finding for all obsolete partials of a tile that was changed itself."""

    def culprit(finding: Finding) -> str | None:
        if finding.code != _OBSOLETE:
            return None
        tile = parse_tile_path(finding.path or "")
        return changed.get((tile.level, tile.index))

    gathered: list[Finding] = []
    for name, group in groupby(findings, culprit):
        members = list(group)
        if name is None or len(members) == 1:
            gathered += members
            continue
        paths = ", ".join(member.path or "" for member in members)
        message = f"{len(members)} obsolete partials differ from {name}, which was changed: {paths}"
        why = "they are what the tile was before it grew"
        gathered.append(replace(members[0], message=message, why=why, expected=None, found=None))
    return gathered
