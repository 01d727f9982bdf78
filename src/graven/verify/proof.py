"""One entry and its `.tlog-proof` (C2SP tlog-proof): verified in the order of the specification."""

from collections.abc import Sequence
from pathlib import Path

from graven.errors import CouldNotCheck, InvalidInput
from graven.event.envelope import decode_entry
from graven.tlog.hashing import leaf_hash
from graven.tlog.merkle import verify_inclusion
from graven.tlog.note import VerifierKey
from graven.tlog.policy import Policy
from graven.tlog.proof import TlogProof, parse_proof
from graven.verify.attachments import entry_references
from graven.verify.remember import Memory
from graven.verify.report import Finding, Kind, Report
from graven.verify.trust import establish, tampered

__all__ = ["verify_proof", "verify_proof_file"]

_FIRST_LINE = b"c2sp.org/tlog-proof@"


def verify_proof_file(
    path: Path,
    key: VerifierKey | None,
    *,
    entry: Path | None = None,
    policy: Policy | None = None,
    memory: Memory | None = None,
    known: Sequence[bytes] = (),
) -> Report:
    """Check the proof in the file `path` for the entry in the file `entry`.

    Without `entry`, the file of the same name ending in `.entry` or `.json` is the entry, when there is one.
    Raises CouldNotCheck when a file cannot be read, or `path` is no proof at all.
    """
    content = _load(path)
    _refuse_other_files(path, content)
    beside = None
    if entry is None:
        candidates = (path.with_suffix(suffix) for suffix in (".entry", ".json"))
        entry = beside = next((one for one in candidates if one != path and one.is_file()), None)
    report = verify_proof(
        str(path),
        content,
        None if entry is None else _load(entry),
        key,
        policy=policy,
        memory=memory,
        known=known,
    )
    if beside is not None:
        report.notes.append(f"the entry is {beside}, which lies beside the proof; --entry names another")
    return report


def _refuse_other_files(path: Path, content: bytes) -> None:
    """CouldNotCheck for a file that never was a proof; one that looks like an altered proof is left to be judged."""
    if content.startswith(_FIRST_LINE):
        return
    try:
        decode_entry(content)
    except InvalidInput:
        if path.suffix == ".tlog-proof" or b"\nindex " in content or "\n\n\N{EM DASH} ".encode() in content:
            return
        raise CouldNotCheck(
            f"{path} is not a proof",
            why=f"a proof begins with the line {_FIRST_LINE.decode()}v1",
            hint="graven prove INDEX -o FILE.tlog-proof writes one",
            code="not_a_proof",
        ) from None
    raise CouldNotCheck(
        f"{path} is an entry, not a proof",
        hint=f"graven verify FILE.tlog-proof --entry {path}; graven prove INDEX -o FILE.tlog-proof writes the proof",
        code="not_a_proof",
    )


def verify_proof(
    target: str,
    content: bytes,
    entry: bytes | None,
    key: VerifierKey | None,
    *,
    policy: Policy | None = None,
    memory: Memory | None = None,
    known: Sequence[bytes] = (),
) -> Report:
    """Check the proof file `content` for the bytes of `entry`; `target` is its name in the report.

    There is no key beside a proof: without `key`, one that the policy names or the memory holds is needed.
    A proof may be older than what was last seen of its log, so it is no rollback, and is not remembered.
    """
    report = Report(target=target)
    # 1. form
    try:
        proof = parse_proof(content)
    except InvalidInput as error:
        report.add(tampered("proof_malformed", f"the proof is malformed: {error.message}"))
        return report
    # 2. signature of the log, and witnesses
    trusted = establish(
        report,
        proof.checkpoint,
        key=key,
        key_file=None,
        policy=policy,
        memory=memory,
        known=known,
        whole_log=False,
    )
    if trusted is None:
        return report
    # 3. the entry under the signed root
    if entry is None:
        report.add(
            Finding(
                kind=Kind.COULD_NOT_CHECK,
                code="no_entry",
                message=f"the entry {proof.index} that the proof is about was not given",
                index=proof.index,
                hint="give the file with --entry; graven show --raw writes it",
            )
        )
        return report
    _check_inclusion(report, proof, entry, trusted.checkpoint.size, trusted.checkpoint.root)
    report.entries, report.entry_bytes, report.files = 1, len(entry), 2
    report.complete = True
    report.notes += [
        f"entry {proof.index} refers to {reference.digest}, which a proof does not hold"
        for reference in entry_references(entry)
    ]
    return report


def _check_inclusion(report: Report, proof: TlogProof, entry: bytes, size: int, root: bytes) -> None:
    found = leaf_hash(entry)
    try:
        verify_inclusion(proof.index, size, found, proof.hashes, root)
    except InvalidInput as error:
        report.add(
            tampered(
                "invalid_proof",
                f"the log does not hold these bytes as its entry {proof.index}: {error.message}",
                index=proof.index,
                expected=f"root {root.hex()} of size {size}",
                found=f"leaf hash {found.hex()}",
                why="the entry, its index or the proof was changed; one more or less newline is enough",
            )
        )


def _load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CouldNotCheck(f"{path} cannot be read: {error.strerror}") from error
