"""Proof files (C2SP tlog-proof): all that is needed, besides keys, to show that an entry is in a log.

```
c2sp.org/tlog-proof@v1
extra <base64>                 (optional, not authenticated)
index <n>
<base64 hash>                  (zero or more, the leaf's sibling first)
<blank line>
<the checkpoint, verbatim>
```
"""

from dataclasses import dataclass

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, checkpoint_of, parse_checkpoint_text
from graven.tlog.encoding import MAX_INT63, decode_base64, decode_decimal, decode_utf8, encode_base64, shown
from graven.tlog.hashing import HASH_SIZE, check_hash, leaf_hash
from graven.tlog.keys import VerifierKey
from graven.tlog.merkle import verify_inclusion
from graven.tlog.note import MAX_NOTE_SIZE, open_note, parse_note
from graven.tlog.policy import Policy

__all__ = ["MAX_PROOF_HASHES", "TlogProof", "format_proof", "parse_proof", "verify_leaf_proof", "verify_proof"]

MAX_PROOF_HASHES = 63
"""A tree of at most 2^63-1 leaves is at most this deep."""

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_PROOF_SIZE = 2 * MAX_NOTE_SIZE


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Entry `index` is in the tree of `checkpoint` (a signed note, verbatim) by the path `hashes`.

    `extra` is opaque and proven by nothing; never empty: None when there is none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= MAX_INT63:
            raise InvalidInput(f"no entry has index {self.index}")
        if len(self.hashes) > MAX_PROOF_HASHES:
            raise InvalidInput(f"a proof of {len(self.hashes)} hashes; at most {MAX_PROOF_HASHES} can be needed")
        for data in self.hashes:
            check_hash(data, "a hash of the proof")
        if self.extra == b"":
            raise InvalidInput("empty extra data has two spellings: leave it out")
        parse_checkpoint_text(parse_note(self.checkpoint).text)


def format_proof(proof: TlogProof) -> bytes:
    """The bytes of the proof file."""
    lines = [_HEADER]
    if proof.extra is not None:
        lines.append(f"extra {encode_base64(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines.extend(map(encode_base64, proof.hashes))
    return "".join(f"{line}\n" for line in lines).encode("ascii") + b"\n" + proof.checkpoint


def parse_proof(data: bytes) -> TlogProof:
    """The proof that a file spells; `format_proof` gives the file back. Raises InvalidInput."""
    if len(data) > _MAX_PROOF_SIZE:
        raise InvalidInput(f"a proof file of {len(data)} bytes; at most {_MAX_PROOF_SIZE} are read")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise InvalidInput("a proof file has a blank line before its checkpoint")
    header, *lines = decode_utf8(head).split("\n")
    if header != _HEADER:
        raise InvalidInput(f"a proof file begins with {_HEADER!r}, not with {shown(header)}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise InvalidInput("a proof file has an index line after its header")
    index = decode_decimal(lines[0].removeprefix("index "))
    if len(lines) - 1 > MAX_PROOF_HASHES:
        raise InvalidInput(f"a proof of more than {MAX_PROOF_HASHES} hashes")
    hashes = tuple(decode_base64(line, size=HASH_SIZE) for line in lines[1:])
    return TlogProof(index, hashes, checkpoint, extra)


def verify_proof(proof: TlogProof, entry: bytes, key: VerifierKey, policy: Policy | None = None) -> Checkpoint:
    """Check that `entry` is in the log of `key`; gives the checkpoint that proves it.

    Raises InvalidInput as `verify_leaf_proof` does.
    """
    return verify_leaf_proof(proof, leaf_hash(entry), key, policy)


def verify_leaf_proof(proof: TlogProof, leaf: bytes, key: VerifierKey, policy: Policy | None = None) -> Checkpoint:
    """Check that the entry with the leaf hash `leaf` is in the log of `key`, in the order of FORMATS:
    the log's signature for that origin, the witness policy, then inclusion.

    Raises InvalidInput: code "invalid_signature", "no_known_signature" or "wrong_origin"; "policy" when
    too few witnesses cosigned; "invalid_proof" when the path does not lead to the root.
    """
    note, _ = open_note(proof.checkpoint, [key])
    checkpoint = checkpoint_of(note, key)
    if policy is not None and not policy.satisfied_by(note):
        raise InvalidInput(
            f"the checkpoint of size {checkpoint.size} lacks the cosignatures that the policy asks for",
            code="policy",
        )
    verify_inclusion(proof.index, checkpoint.size, leaf, proof.hashes, checkpoint.root)
    return checkpoint
