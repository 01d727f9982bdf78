"""A proof archive (`graven export --proof`): its layout, and its verification as a stream.

    manifest.json                     which indexes and blobs the archive is meant to hold
    README.txt  verify.py             for people; not evidence
    log.vkey  checkpoint              as the log published them
    entries/<n>.json proofs/<n>.tlog-proof     for each index, ascending, entry before proof
    blobs/<hex SHA-256>               what these entries refer to, ascending

The manifest is signed by nobody: it makes a loss visible, not a forgery. Whoever packs an archive may leave
out entries; what is in it is proven one by one.
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.hashing import leaf_hash
from graven.tlog.merkle import verify_inclusion
from graven.tlog.note import VerifierKey
from graven.tlog.policy import Policy
from graven.tlog.proof import TlogProof, parse_proof
from graven.verify.attachments import BlobReference, entry_references, references_in_event
from graven.verify.container import Member, read_members
from graven.verify.remember import Memory
from graven.verify.report import Finding, Kind, Report
from graven.verify.trust import Trusted, establish, tampered

__all__ = ["FORMAT", "Manifest", "decode_manifest", "encode_manifest", "verify_archive"]

FORMAT = "graven-proof/1"
_DIGITS = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_TEXT = 1 << 20
_MAX_MANIFEST = 64 << 20
_MAX_PROOF = 2 << 20
_MAX_ENTRY = 65_535
_MAX_NESTED_BLOB = 64 << 20


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`indexes` are ranges [first, last], both inclusive, ascending and apart; `blobs` hex digests, ascending.

    `readme` and `verifier` are hex SHA-256 of the two files that are no evidence: they show damage, and nothing
    against somebody who can write the manifest too.
    """

    format: str
    readme: str
    verifier: str
    indexes: tuple[tuple[int, int], ...]
    blobs: tuple[str, ...]

    def each(self) -> Iterator[int]:
        """Every index, ascending."""
        for first, last in self.indexes:
            yield from range(first, last + 1)


def encode_manifest(manifest: Manifest) -> bytes:
    """The one spelling of a manifest."""
    return msgspec.json.encode(manifest) + b"\n"


def decode_manifest(data: bytes) -> Manifest:
    """The manifest that `data` spells. Raises InvalidInput for another spelling, or for ranges out of order."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"manifest.json: {error}") from error
    if encode_manifest(manifest) != data or manifest.format != FORMAT:
        raise InvalidInput("manifest.json is not in its one spelling, or of another format")
    edges = [-1, *(edge for pair in manifest.indexes for edge in pair)]
    ascending = all(first <= last for first, last in manifest.indexes)
    apart = all(edges[i] < edges[i + 1] for i in range(0, len(edges) - 1, 2))
    digests = all(_DIGITS.fullmatch(blob) for blob in manifest.blobs)
    if not (ascending and apart and digests) or list(manifest.blobs) != sorted(set(manifest.blobs)):
        raise InvalidInput("manifest.json names indexes or blobs out of order")
    return manifest


def verify_archive(
    path: Path,
    key: VerifierKey | None,
    *,
    policy: Policy | None = None,
    memory: Memory | None = None,
    known: Sequence[bytes] = (),
) -> Report:
    """Check everything in the archive at `path`.

    Without `key`: what the policy or the memory knows, or the archive's own `log.vkey`, trusted on first use. An
    archive may be older than what was last seen of its log, so it is no rollback, and is not remembered.
    """
    report = Report(target=str(path))
    try:
        with path.open("rb") as stream:
            members = read_members(stream)
            try:
                _verify_members(report, members, key, policy, memory, known)
            except InvalidInput as error:
                report.add(tampered("archive_malformed", f"the archive is malformed: {error.message}"))
    except OSError as error:
        raise CouldNotCheck(f"{path} cannot be read: {error.strerror}") from error
    return report


def _verify_members(
    report: Report,
    members: Iterator[Member],
    key: VerifierKey | None,
    policy: Policy | None,
    memory: Memory | None,
    known: Sequence[bytes],
) -> None:
    # 1. what is not evidence, and what the archive means to hold
    manifest = decode_manifest(_expect(members, "manifest.json").read(_MAX_MANIFEST))
    for name, stated in (("README.txt", manifest.readme), ("verify.py", manifest.verifier)):
        found = sha256(_expect(members, name).read(_MAX_TEXT)).hexdigest()
        if found != stated:
            report.add(tampered("altered", f"{name} was changed", path=name, expected=stated, found=found))
    # 2. key, signature, witnesses
    key_file = _expect(members, "log.vkey").read(_MAX_TEXT)
    note = _expect(members, "checkpoint").read(_MAX_TEXT)
    report.files = 5
    trusted = establish(
        report, note, key=key, key_file=key_file, policy=policy, memory=memory, known=known, whole_log=False
    )
    if trusted is None:
        return
    # 3. each entry under the signed root
    wanted: dict[str, tuple[int, BlobReference]] = {}
    for index in manifest.each():
        entry = _expect(members, f"entries/{index}.json").read(_MAX_ENTRY)
        proof = _expect(members, f"proofs/{index}.tlog-proof").read(_MAX_PROOF)
        report.files += 2
        report.entries += 1
        report.entry_bytes += len(entry)
        if _check_entry(report, trusted, index, entry, proof):
            for reference in entry_references(entry):
                wanted.setdefault(reference.digest, (index, reference))
    # 4. each blob under its digest
    present = _check_blobs(report, manifest, members, wanted)
    for member in members:
        raise InvalidInput(f"{member.name} does not belong into the archive")
    for digest, (index, _) in wanted.items():
        if digest not in present:
            report.add(
                Finding(
                    kind=Kind.COULD_NOT_CHECK,
                    code="blob_absent",
                    message=f"blob {digest} of entry {index} is not in the archive",
                    index=index,
                    expected=digest,
                )
            )
    report.complete = True


def _expect(members: Iterator[Member], name: str) -> Member:
    member = next(members, None)
    if member is None:
        raise InvalidInput(f"{name} is missing")
    if member.name != name:
        raise InvalidInput(f"{member.name} stands where {name} should")
    return member


def _check_entry(report: Report, trusted: Trusted, index: int, entry: bytes, content: bytes) -> bool:
    try:
        _check_proof(trusted, index, entry, parse_proof(content))
    except InvalidInput as error:
        report.add(
            tampered(
                "invalid_proof",
                f"entry {index} is not proven: {error.message}",
                path=f"entries/{index}.json",
                index=index,
                expected=f"root {trusted.checkpoint.root.hex()}",
                found=f"leaf hash {leaf_hash(entry).hex()}",
            )
        )
        return False
    return True


def _check_proof(trusted: Trusted, index: int, entry: bytes, proof: TlogProof) -> None:
    if proof.index != index:
        raise InvalidInput(f"the proof is for entry {proof.index}")
    if proof.checkpoint != trusted.note:
        raise InvalidInput("the proof is for another checkpoint than the archive's")
    current = trusted.checkpoint
    verify_inclusion(index, current.size, leaf_hash(entry), proof.hashes, current.root)


def _check_blobs(
    report: Report, manifest: Manifest, members: Iterator[Member], wanted: dict[str, tuple[int, BlobReference]]
) -> set[str]:
    """Check the blobs; adds to `wanted` what they refer to in turn; gives the digests that are there."""
    present: dict[str, int] = {}
    nested: list[tuple[int, BlobReference]] = []
    for digits in manifest.blobs:
        member = _expect(members, f"blobs/{digits}")
        digest = f"sha256:{digits}"
        index, referring = wanted.get(digest, (0, None))
        content = bytearray()
        hashed = sha256()
        for chunk in member.chunks:
            hashed.update(chunk)
            if referring is not None and referring.nested and member.size <= _MAX_NESTED_BLOB:
                content += chunk
        report.files += 1
        report.blobs += 1
        report.blob_bytes += member.size
        present[digest] = member.size
        if hashed.hexdigest() != digits:
            report.add(
                tampered("blob_altered", f"blob {digest} was changed", expected=digest, found=hashed.hexdigest())
            )
        elif content:
            nested += [(index, one) for one in references_in_event(bytes(content))]
    for index, reference in nested:
        wanted.setdefault(reference.digest, (index, reference))
    for digest, size in present.items():
        if digest not in wanted:
            report.add(tampered("unexpected_file", f"no entry of the archive refers to blob {digest}"))
        elif (stated := wanted[digest][1].size) not in (None, size):
            report.add(
                tampered("blob_altered", f"blob {digest} has another size", expected=str(stated), found=str(size))
            )
    return set(present)
