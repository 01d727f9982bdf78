"""Cosignatures (C2SP tlog-cosignature, Ed25519): a witness's statement that, at a time, a checkpoint
extended all that it had seen of the log. The line holds key id ‖ big-endian uint64 Unix seconds ‖ signature.
"""

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63
from graven.tlog.keys import COSIGNATURE_V1, VerifierKey, cosigned_message, private_key, split_cosignature
from graven.tlog.note import Note, Signature

__all__ = ["Cosigner", "cosigned_at", "cosigned_message", "split_cosignature"]


class Cosigner:
    """A witness's private key under its name, made from its 32-byte seed."""

    __slots__ = ("_private", "name", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = private_key(seed)
        self.name = name
        self.verifier = VerifierKey.of(name, self._private.public_key().public_bytes_raw(), COSIGNATURE_V1)

    def __repr__(self) -> str:
        return f"Cosigner({self.verifier.text!r})"  # never the seed

    def cosign(self, text: str, time_s: int) -> Signature:
        """The cosignature of a checkpoint's text at `time_s` Unix seconds (0 to 2^63-1)."""
        if not 0 <= time_s <= MAX_INT63:
            raise InvalidInput(f"a cosignature's time is 0 to {MAX_INT63}, not {time_s}")
        signature = self._private.sign(cosigned_message(text.encode("utf-8"), time_s))
        return Signature(self.name, self.verifier.key_id, time_s.to_bytes(8, "big") + signature)


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """Unix seconds at which the witness `key` last cosigned the note, or None when it did not.

    Raises InvalidInput, code "invalid_signature", when a cosignature under its name and id fails.
    """
    if key.algorithm != COSIGNATURE_V1:
        raise InvalidInput(f"{key.name} is a log's key: it makes no cosignatures")
    if not note.verified_by([key]):
        return None
    return max(
        split_cosignature(one.signature)[0]
        for one in note.signatures
        if (one.name, one.key_id) == (key.name, key.key_id)
    )
