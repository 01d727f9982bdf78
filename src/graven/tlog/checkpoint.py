"""Checkpoints (C2SP tlog-checkpoint): a log's signed statement of its size and root.

```
<origin>
<size, decimal>
<base64 root>
```
No extension lines: Graven writes none, and a reader that accepted them would accept two texts for one tree.
"""

from dataclasses import dataclass

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63, decode_base64, decode_decimal, encode_base64, shown
from graven.tlog.hashing import EMPTY_ROOT, HASH_SIZE, check_hash
from graven.tlog.keys import ED25519, Signer, VerifierKey, check_key_name
from graven.tlog.note import Note, open_note, sign_note

__all__ = ["Checkpoint", "checkpoint_of", "open_checkpoint", "parse_checkpoint_text", "sign_checkpoint"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of `size` leaves (0 to 2^63-1) of the log `origin` has the 32-byte `root`.

    Raises InvalidInput for an origin that is no key name, and for size 0 with another root than the
    empty tree's.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin, "origin")
        if not 0 <= self.size <= MAX_INT63:
            raise InvalidInput(f"no tree has size {self.size}")
        check_hash(self.root, "the root of a checkpoint")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise InvalidInput(f"the empty tree has the root {EMPTY_ROOT.hex()}, not {self.root.hex()}")

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n"


def parse_checkpoint_text(text: str) -> Checkpoint:
    """The checkpoint that the text of a note spells; `.text` gives it back. Raises InvalidInput."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise InvalidInput(f"a checkpoint is three lines (origin, size, root), unlike {shown(text)}")
    origin, size, root, _ = lines
    return Checkpoint(origin, decode_decimal(size), decode_base64(root, size=HASH_SIZE))


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in the note `data`, signed by the log's `key`, whose name is the origin.

    Raises InvalidInput: malformed; code "wrong_origin"; "invalid_signature"; "no_known_signature".
    """
    note, _ = open_note(data, [key])
    return checkpoint_of(note, key)


def checkpoint_of(note: Note, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a `note` of which the caller verified that the log's `key` signed it."""
    if key.algorithm != ED25519:
        raise InvalidInput(f"{shown(key.name)} is a witness's key: it cannot speak for a log")
    checkpoint = parse_checkpoint_text(note.text)
    if checkpoint.origin != key.name:
        raise InvalidInput(
            f"the checkpoint is of the log {shown(checkpoint.origin)}, the key of {shown(key.name)}",
            code="wrong_origin",
        )
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The note of the checkpoint, signed by the log whose name is the origin."""
    if checkpoint.origin != signer.name:
        raise InvalidInput(
            f"the log {shown(signer.name)} cannot sign for {shown(checkpoint.origin)}", code="wrong_origin"
        )
    return sign_note(checkpoint.text, signer)
