"""The body of a witness's add-checkpoint request (C2SP tlog-witness).

```
old <size>
<base64 hash>                  (0 to 63 lines of consistency proof)
<blank line>
<the checkpoint, verbatim>
```
Form only: whether the proof fits the witness's state is for the witness to say (409, 422).
"""

from dataclasses import dataclass

from graven.errors import InvalidInput
from graven.tlog.checkpoint import parse_checkpoint_text
from graven.tlog.encoding import MAX_INT63, decode_base64, decode_decimal, decode_utf8, encode_base64, shown
from graven.tlog.hashing import HASH_SIZE, check_hash
from graven.tlog.note import MAX_NOTE_SIZE, parse_note

__all__ = ["MAX_CONSISTENCY_HASHES", "AddCheckpoint", "format_add_checkpoint", "parse_add_checkpoint"]

MAX_CONSISTENCY_HASHES = 63
"""Most hash lines of a request."""

_OLD = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """Cosign `checkpoint` (a signed note, verbatim), which extends the tree of size `old` by `proof`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.old <= MAX_INT63:
            raise InvalidInput(f"no tree has size {self.old}")
        if len(self.proof) > MAX_CONSISTENCY_HASHES:
            raise InvalidInput(f"a proof of {len(self.proof)} hashes; at most {MAX_CONSISTENCY_HASHES} are sent")
        for data in self.proof:
            check_hash(data, "a hash of the proof")
        parse_checkpoint_text(parse_note(self.checkpoint).text)


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """The bytes of the request's body."""
    head = f"{_OLD}{request.old}\n" + "".join(f"{encode_base64(data)}\n" for data in request.proof)
    return head.encode("ascii") + b"\n" + request.checkpoint


def parse_add_checkpoint(data: bytes) -> AddCheckpoint:
    """The request that a body spells; `format_add_checkpoint` gives the body back. Raises InvalidInput."""
    if len(data) > MAX_NOTE_SIZE + 4_096:
        raise InvalidInput(f"an add-checkpoint request of {len(data)} bytes")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise InvalidInput("an add-checkpoint request has a blank line before its checkpoint")
    old, *lines = decode_utf8(head).split("\n")
    if not old.startswith(_OLD):
        raise InvalidInput(f"an add-checkpoint request begins with `old <size>`, not with {shown(old)}")
    if len(lines) > MAX_CONSISTENCY_HASHES:
        raise InvalidInput(f"a proof of {len(lines)} hashes; at most {MAX_CONSISTENCY_HASHES} are sent")
    return AddCheckpoint(
        decode_decimal(old.removeprefix(_OLD)),
        tuple(decode_base64(line, size=HASH_SIZE) for line in lines),
        checkpoint,
    )
