"""`export --proof`: entries with their proofs, the checkpoint, the key, the blobs and a verifier, in one archive.

Everything is taken from the public files of the log, whether on disk or over HTTP, and every proof is verified
before it is written: what is exported can be proven, or nothing is exported. Equal content gives equal bytes.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, NamedTuple

from graven.errors import CouldNotCheck, InvalidInput, NotFound, Tampered
from graven.evidence.reader import LogReader
from graven.tlog.checkpoint import Checkpoint
from graven.tlog.note import VerifierKey
from graven.verify.archive import FORMAT, Manifest, encode_manifest
from graven.verify.attachments import BlobReference, entry_references, references_in_event
from graven.verify.container import ArchiveWriter
from graven.verify.source import Source
from graven.verify.trust import parse_key_file

__all__ = ["Exported", "export_proof", "verifier_text"]

_MAX_NESTED_BLOB = 64 << 20


class Exported(NamedTuple):
    """What went into an archive; `absent` are digests of blobs that the source did not give."""

    checkpoint: Checkpoint
    entries: int
    blobs: int
    absent: tuple[str, ...]


def verifier_text() -> bytes:
    """The verifier in one Python file, as it goes into every archive."""
    return files("graven.evidence").joinpath("portable.py").read_bytes()


def export_proof(
    source: Source, indexes: Iterable[int | range], target: Path, *, key: VerifierKey | None = None
) -> Exported:
    """Write the archive `target` (a `.tar.gz`, replaced only when all is well) for these entries.

    `key` None means the one beside the log. Raises NotFound for an index that is not published yet, Tampered when
    the files of the log do not prove an entry, CouldNotCheck when they or the key cannot be read.
    """
    ranges = _ranges(indexes)
    with closing(source):
        key_file = source.fetch_key()
        if key_file is None:
            if key is None:
                raise CouldNotCheck("there is no log.vkey", hint="give the log's verifier key with --key")
            key_file = key.text.encode() + b"\n"
        reader = _open(source, key, key_file)
        blobs = _Blobs(source)
        for index in _each(ranges):
            blobs.note(reader.entry(index))
        blobs.look()
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("xb") as stream:
                count = _write(stream, reader, key_file, ranges, blobs)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return Exported(reader.checkpoint, count, len(blobs.present), tuple(sorted(blobs.absent)))


def _open(source: Source, key: VerifierKey | None, key_file: bytes) -> LogReader:
    try:
        if key is None:
            key = parse_key_file(key_file)
        elif key_file != key.text.encode() + b"\n":
            raise Tampered("log.vkey holds another key than the one given", hint="graven verify shows both")
        return LogReader(source, key)
    except InvalidInput as error:
        raise Tampered(f"log.vkey is malformed: {error.message}") from error


def _write(
    stream: BinaryIO, reader: LogReader, key_file: bytes, ranges: Sequence[tuple[int, int]], blobs: "_Blobs"
) -> int:
    readme, verifier = _readme(reader.checkpoint, ranges).encode(), verifier_text()
    manifest = Manifest(
        FORMAT,
        sha256(readme).hexdigest(),
        sha256(verifier).hexdigest(),
        tuple(ranges),
        tuple(sorted(digest.removeprefix("sha256:") for digest in blobs.present)),
    )
    archive = ArchiveWriter(stream)
    archive.add("manifest.json", encode_manifest(manifest))
    archive.add("README.txt", readme)
    archive.add("verify.py", verifier)
    archive.add("log.vkey", key_file)
    archive.add("checkpoint", reader.note)
    count = 0
    for index in _each(ranges):
        archive.add(f"entries/{index}.json", reader.entry(index))
        archive.add(f"proofs/{index}.tlog-proof", reader.proof(index))
        count += 1
    for digits in manifest.blobs:
        digest = f"sha256:{digits}"
        archive.add_stream(f"blobs/{digits}", blobs.present[digest], blobs.chunks(digest))
    archive.close()
    return count


class _Blobs:
    """The blobs that the exported entries refer to, and what the source has of them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._wanted: dict[str, BlobReference] = {}
        self.present: dict[str, int] = {}
        self.absent: set[str] = set()

    def note(self, entry: bytes) -> None:
        for reference in entry_references(entry):
            self._wanted.setdefault(reference.digest, reference)

    def look(self) -> None:
        """Find size and digest of each; what a blob with an event refers to is wanted, too."""
        pending = list(self._wanted.values())
        while pending:
            reference = pending.pop()
            content = bytearray()
            size = 0
            try:
                for chunk in self.chunks(reference.digest):
                    size += len(chunk)
                    if reference.nested and size <= _MAX_NESTED_BLOB:
                        content += chunk
            except NotFound:
                self.absent.add(reference.digest)
                continue
            self.present[reference.digest] = size
            inner = references_in_event(bytes(content))
            pending += [one for one in inner if self._wanted.setdefault(one.digest, one) is one]

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The content. Raises NotFound, and Tampered at the end when it is not what the digest says."""
        found = self._source.open_blob(digest)
        if found is None:
            raise NotFound(f"blob {digest} is absent")
        hashed = sha256()
        for chunk in found:
            hashed.update(chunk)
            yield chunk
        if f"sha256:{hashed.hexdigest()}" != digest:
            raise Tampered(f"blob {digest} was changed: its content hashes to {hashed.hexdigest()}")


def _ranges(indexes: Iterable[int | range]) -> list[tuple[int, int]]:
    """Ascending ranges [first, last], as few as possible. Raises InvalidInput when there is no index."""
    spans = sorted((one, one) if isinstance(one, int) else (one[0], one[-1]) for one in indexes if one != range(0))
    merged: list[tuple[int, int]] = []
    for first, last in spans:
        if first < 0 or last < first:
            raise InvalidInput(f"no entries {first} to {last}")
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    if not merged:
        raise InvalidInput("nothing to export", hint="name entries by index, or a range")
    return merged


def _each(ranges: Sequence[tuple[int, int]]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _readme(checkpoint: Checkpoint, ranges: Sequence[tuple[int, int]]) -> str:
    spans = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in ranges)
    return f"""\
Entries {spans} of the log {checkpoint.origin}, which had {checkpoint.size} entries.

entries/<n>.json         an entry, byte for byte as it was recorded
proofs/<n>.tlog-proof    the proof that it is in the log (c2sp.org/tlog-proof)
checkpoint               the log's signed statement of its size and root (c2sp.org/tlog-checkpoint)
log.vkey                 the log's verifier key
blobs/<SHA-256>          content that the entries refer to
manifest.json            what this archive is meant to hold

Check it, with any Python from 3.8 on and nothing else:

    python3 verify.py --key <the log's key, from somebody you trust>

Without --key it uses log.vkey, which proves no more than that the archive agrees with itself. The program is not
evidence: whoever could change the entries could change it, so prefer a copy that you already have. Any
other tool that reads tlog-proof files will do as well, and so will `graven verify` on the archive itself.

The proofs show that these entries are in the log, unchanged. They do not show what else is in it.
"""
