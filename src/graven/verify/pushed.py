"""Are the logs that were pushed into this one here as their own recorders signed them?

Every entry of format `graven.entry/1` holds the leaf of another log, and every event `log.push` the checkpoint of that
log and where its entries are. So its root is computed from the entries here and compared with the one that its own
key signed. Whoever holds the key of *this* log can change an entry and sign a new tree; that the entries of a
pushed log fit their checkpoint no more is found here all the same.

The keys of the pushed logs come from the same events: compare origin, key and root with what the job printed, or with
the `.graven` that it kept, when the holder of this log is not to be believed.

A pass over the whole log; memory: 48 bytes for each pushed entry.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256

import msgspec

from graven.errors import CouldNotCheck, InvalidInput
from graven.event import pushed
from graven.event.envelope import Entry, decode_entry
from graven.event.push_record import ACTION, PushRecord, read_push
from graven.tlog.bundle import decode_bundle
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.encoding import decode_base64, encode_base64
from graven.tlog.hashing import HASH_SIZE, leaf_hash
from graven.tlog.merkle import CompactRange
from graven.tlog.note import VerifierKey
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath
from graven.verify.reading import read_plain
from graven.verify.report import Finding, Kind, PushedLog, Report
from graven.verify.source import Source

__all__ = ["verify_pushed"]

_MENTIONED = 10
_MAX_BLOB = 64 << 20
_PUSHED = b'"format":"%b"' % pushed.FORMAT.encode()
_RECORD = ACTION.encode()


class _Leaves:
    """The pushed entries of one origin, in the order of this log."""

    def __init__(self) -> None:
        self.here = array("q")
        self.there = array("q")
        self.hashes = bytearray()
        self.redacted: set[int] = set()
        """Positions in the arrays whose leaf is no longer that of the other log."""
        self.covered = bytearray()

    def add(self, here: int, there: int, leaf: bytes, *, redacted: bool) -> None:
        if redacted:
            self.redacted.add(len(self.here))
        self.here.append(here)
        self.there.append(there)
        self.hashes += leaf
        self.covered.append(0)

    def find(self, record: PushRecord) -> "_Found | None":
        """The leaves that the record names, None when they are not all there."""
        hashes: list[bytes] = []
        positions: list[range] = []
        for first, index, count in record.ranges:
            start = bisect_left(self.here, index)
            stop = min(start + count, len(self.here))
            if stop - start != count:
                return None  # before anything as large as the record says is made
            expected = array("q", range(index, index + count)), array("q", range(first, first + count))
            if (self.here[start:stop], self.there[start:stop]) != expected:
                return None
            hashes.append(bytes(self.hashes[start * HASH_SIZE : stop * HASH_SIZE]))
            positions.append(range(start, stop))
        redacted = [self.here[at] for part in positions for at in part if at in self.redacted] if self.redacted else []
        return _Found(b"".join(hashes), positions, redacted)

    def cover(self, positions: list[range]) -> None:
        for part in positions:
            self.covered[part.start : part.stop] = b"\x01" * len(part)


class _Found(msgspec.Struct):
    hashes: bytes
    positions: list[range]
    redacted: list[int]


class _Record(msgspec.Struct):
    """A `log.push` with the entry that it is, and who recorded it."""

    index: int
    token: str
    push: PushRecord


def verify_pushed(source: Source, report: Report, *, progress: Callable[[int, int], None] | None = None) -> None:
    """Check every pushed log below the checkpoint of `report`, the result of `verify` on the same log; adds to it.

    Raises CouldNotCheck when the place does not answer; all else is a finding. Closes `source`.
    """
    try:
        _verify(source, report, progress)
    finally:
        source.close()


def _verify(source: Source, report: Report, progress: Callable[[int, int], None] | None) -> None:
    if report.checkpoint is None:
        report.notes.append("pushed logs were not checked: there is no checkpoint to go by")
        return
    leaves: dict[str, _Leaves] = {}
    records: list[_Record] = []
    own = CompactRange()
    size = report.checkpoint.size
    for bundle in _bundles(source, size):
        for index, entry in enumerate(bundle, own.size):
            _take(source, report, index, entry, leaves, records)
        own.extend([leaf_hash(entry) for entry in bundle])
        if progress is not None:
            progress(own.size, size)
    if encode_base64(own.root()) != report.checkpoint.root:
        what = "pushed logs were not checked: the entries are not those that the checkpoint signs"
        report.add(Finding(kind=Kind.COULD_NOT_CHECK, code="pushed_unchecked", message=what))
        return
    of_origin: dict[str, list[_Record]] = {}
    for record in records:
        of_origin.setdefault(record.push.origin, []).append(record)
    for origin in sorted(leaves.keys() | of_origin.keys()):
        _check_origin(report, origin, leaves.get(origin) or _Leaves(), of_origin.get(origin, []))


def _bundles(source: Source, size: int) -> Iterator[list[bytes]]:
    for number in range(-(-size // FULL_WIDTH)):
        width = min(FULL_WIDTH, size - number * FULL_WIDTH)
        tile = TilePath(ENTRIES_LEVEL, number, width)
        try:
            data = read_plain(source, tile)
            entries = None if data is None else decode_bundle(data, width)
        except InvalidInput:
            entries = None
        if entries is None:
            return  # `verify` has named it; the tree does not come out whole
        yield entries


def _take(
    source: Source, report: Report, index: int, raw: bytes, leaves: dict[str, _Leaves], records: list[_Record]
) -> None:
    """Note a pushed entry or the record of a push; every other entry is passed over at the cost of two searches."""
    oversize = b',"blob":{"digest"' in raw
    if _PUSHED not in raw and _RECORD not in raw and not oversize:
        return
    try:
        entry = decode_entry(raw)
    except InvalidInput:
        return  # of a foreign log
    if entry.format == pushed.FORMAT:
        _take_pushed(source, report, index, entry, leaves)
    elif entry.format == "event/1":
        data = entry.data
        if data is None and entry.blob is not None:
            data = _blob(source, *entry.blob)
        if data is None or _RECORD not in data:
            return
        try:
            push = read_push(data)
        except InvalidInput as error:
            report.add(_finding("push_malformed", Kind.COULD_NOT_CHECK, f"entry {index}: {error.message}", index))
            return
        if push is not None:
            records.append(_Record(index, entry.token, push))


def _take_pushed(source: Source, report: Report, index: int, entry: Entry, leaves: dict[str, _Leaves]) -> None:
    data = entry.data
    if data is None and entry.blob is not None:
        data = _blob(source, *entry.blob)
    try:
        wrapped = pushed.unwrap(data if data is not None else b"an absent blob")
    except InvalidInput as error:
        report.add(_finding("pushed_unreadable", Kind.COULD_NOT_CHECK, f"pushed entry {index}: {error.message}", index))
        return
    of_origin = leaves.setdefault(wrapped.origin, _Leaves())
    of_origin.add(index, wrapped.index, leaf_hash(wrapped.entry), redacted=entry.redacted > 0)


def _blob(source: Source, digest: str, size: int) -> bytes | None:
    """The content, None when it is absent, too large or altered (`verify` tells which)."""
    if size > _MAX_BLOB:
        return None
    with suppress(CouldNotCheck):
        chunks = source.open_blob(digest, size)
        data = b"".join(chunks) if chunks is not None else b""
        if f"sha256:{sha256(data).hexdigest()}" == digest:
            return data
    return None


def _check_origin(report: Report, origin: str, leaves: _Leaves, records: list[_Record]) -> None:
    """All checkpoints of one pushed log, smallest first: each fits its entries, and extends the one before."""
    before = b""
    tree = CompactRange()
    last: _Record | None = None
    for record in sorted(records, key=lambda one: (one.push.size, one.index)):
        push = record.push
        root = _signed_root(report, record)
        if root is None:
            continue
        found = leaves.find(push)
        if found is None:
            what = (
                f"of the {push.size} entries of {origin} that were pushed, some are not where entry {record.index} says"
            )
            report.add(_mismatch("pushed_missing", what, record))
            continue
        leaves.cover(found.positions)
        if found.redacted:
            report.add(_redacted(origin, record, found.redacted))
            continue
        extends = found.hashes.startswith(before)
        grown = tree.copy() if extends else CompactRange()
        grown.extend(
            [found.hashes[at : at + HASH_SIZE] for at in range(grown.size * HASH_SIZE, len(found.hashes), HASH_SIZE)]
        )
        if grown.root() != root:
            what = f"the entries of {origin} here are not those that its recorder signed"
            report.add(_mismatch("pushed_altered", what, record, expected=root.hex(), found=grown.root().hex()))
            continue
        if last is not None and (not extends or last.push.vkey != push.vkey):
            report.add(_forked(origin, last, record))
        before, tree, last = found.hashes, grown, record
        report.pushed.append(PushedLog(origin, push.size, push.root, push.vkey, record.index))
    uncovered = [index for index, covered in zip(leaves.here, leaves.covered, strict=True) if not covered]
    if uncovered:
        report.add(
            _finding(
                "pushed_unsigned",
                Kind.COULD_NOT_CHECK,
                f"{len(uncovered)} entries say that they come from {origin}, and no checkpoint of it covers them: "
                f"{_some(uncovered)}",
                uncovered[0],
                hint="push that log again: it was not finished, or somebody made them up",
            )
        )


def _signed_root(report: Report, record: _Record) -> bytes | None:
    """The root that the kept checkpoint signs; a finding when it signs nothing of the kind."""
    push = record.push
    try:
        key = VerifierKey.parse(push.vkey)
        checkpoint = open_checkpoint(push.checkpoint.encode("utf-8"), key)
        stated = decode_base64(push.root, size=HASH_SIZE)
    except (InvalidInput, UnicodeEncodeError) as error:
        what = f"the checkpoint of {push.origin} that was kept is not signed by its key: {error}"
        report.add(_mismatch("pushed_checkpoint", what, record))
        return None
    if (checkpoint.origin, checkpoint.size, checkpoint.root) != (push.origin, push.size, stated):
        what = f"the record of the push of {push.origin} says another size or root than the checkpoint in it"
        report.add(_mismatch("pushed_checkpoint", what, record))
        return None
    return checkpoint.root


def _finding(code: str, kind: Kind, message: str, index: int, *, hint: str = "") -> Finding:
    return Finding(kind=kind, code=code, message=message, index=index, hint=hint)


def _mismatch(
    code: str, message: str, record: _Record, *, expected: str | None = None, found: str | None = None
) -> Finding:
    return Finding(
        kind=Kind.TAMPERED,
        code=code,
        message=message,
        index=record.index,
        expected=None if expected is None else f"root {expected}",
        found=None if found is None else f"root {found}",
        why=f"entry {record.index} of this log, recorded with token {record.token}, keeps the checkpoint",
        hint="the .graven that the job kept still has the entries: graven show INDEX --data DIR",
        evidence=(record.push.checkpoint,),
    )


def _redacted(origin: str, record: _Record, indexes: list[int]) -> Finding:
    return _finding(
        "pushed_redacted",
        Kind.COULD_NOT_CHECK,
        f"the root of {origin} cannot be computed: values were redacted here in {_some(indexes)}",
        record.index,
        hint="the tree of this log proves what was kept; the .graven that the job kept proves the rest",
    )


def _forked(origin: str, last: _Record, record: _Record) -> Finding:
    same = last.push.vkey == record.push.vkey
    return Finding(
        kind=Kind.TAMPERED,
        code="pushed_fork",
        message=f"{origin} was pushed with two histories" if same else f"{origin} was pushed under two keys",
        index=record.index,
        expected=f"what extends size {last.push.size}, root {last.push.root}",
        found=f"size {record.push.size}, root {record.push.root}",
        why=f"entries {last.index} and {record.index} keep its two checkpoints; each fits its own entries",
        hint="a .graven that two jobs continued (from one cache) looks like this: give each job its own",
        evidence=(last.push.checkpoint, record.push.checkpoint),
    )


def _some(indexes: list[int]) -> str:
    text = ", ".join(map(str, indexes[:_MENTIONED]))
    return f"entries {text}" + (f" and {len(indexes) - _MENTIONED} more" if len(indexes) > _MENTIONED else "")
