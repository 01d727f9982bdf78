"""Signed notes (C2SP signed-note): a text, a blank line, and lines of signatures.

```
<text, one or more lines>
<blank line>
— <key name> <base64(key id[4] ‖ signature)>
```
Parsing checks form and says nothing about truth; `open_note` verifies. Lines are split at newline only:
`str.splitlines` would also split at eight other characters that a text may hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from graven.errors import InvalidInput
from graven.tlog.encoding import decode_base64, decode_utf8, encode_base64, shown
from graven.tlog.keys import Signer, VerifierKey, check_key_name

__all__ = [
    "MAX_NOTE_SIZE",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "Signer",
    "VerifierKey",
    "add_signatures",
    "open_note",
    "parse_note",
    "parse_signatures",
    "sign_note",
]

MAX_NOTE_SIZE = 1_000_000
"""Bytes of the largest note that is read."""

MAX_SIGNATURES = 100
"""Most signatures of a note that is read; the specification asks for at least 16."""

_DASH = "\N{EM DASH} "
_ID_SIZE = 4


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, 4-byte key id, and the bytes after it (never empty)."""

    name: str
    key_id: bytes
    signature: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_id) != _ID_SIZE or not self.signature:
            raise InvalidInput("a signature consists of a 4-byte key id and at least one byte")

    @classmethod
    def parse(cls, line: str) -> Self:
        """The signature that one line spells, given without its newline."""
        parts = line.removeprefix(_DASH).split(" ")
        if not line.startswith(_DASH) or len(parts) != 2:
            raise InvalidInput(f"not a signature line: {shown(line)}")
        name, encoded = parts
        payload = decode_base64(encoded)
        return cls(name, payload[:_ID_SIZE], payload[_ID_SIZE:])

    @property
    def line(self) -> str:
        """The line, newline included."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in newline, and at least one signature, none of them verified."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        decode_utf8(encode_text(self.text))
        if not self.text.endswith("\n"):
            raise InvalidInput("the text of a note ends in newline")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise InvalidInput(f"a note has 1 to {MAX_SIGNATURES} signatures, not {len(self.signatures)}")

    def encode(self) -> bytes:
        """The bytes of the note."""
        return (self.text + "\n" + "".join(one.line for one in self.signatures)).encode("utf-8")

    def verified_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Those of `keys` that signed the text, each once, in the order of the signatures.

        Raises InvalidInput, code "invalid_signature", when a signature under the name and id of one of
        `keys` does not verify, or when two of `keys` share name and id; both condemn the whole note.
        """
        known: dict[tuple[str, bytes], VerifierKey] = {}
        for key in keys:
            if known.setdefault((key.name, key.key_id), key) != key:
                raise InvalidInput(f"two keys named {shown(key.name)} have the id {key.key_id.hex()}")
        message = self.text.encode("utf-8")
        verified: list[VerifierKey] = []
        for one in self.signatures:
            found = known.get((one.name, one.key_id))
            if found is None:
                continue
            if not found.verify(message, one.signature):
                raise InvalidInput(
                    f"the signature of {shown(one.name)} (key {one.key_id.hex()}) does not verify",
                    code="invalid_signature",
                )
            if found not in verified:
                verified.append(found)
        return verified


def encode_text(text: str) -> bytes:
    """UTF-8 of `text`. Raises InvalidInput for a lone surrogate."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput(f"not valid Unicode at character {error.start}") from error


def parse_note(data: bytes) -> Note:
    """The note that `data` spells; `parse_note(data).encode() == data`. Raises InvalidInput."""
    if len(data) > MAX_NOTE_SIZE:
        raise InvalidInput(f"a note of {len(data)} bytes; at most {MAX_NOTE_SIZE} are read")
    text, blank, signatures = decode_utf8(data).rpartition("\n\n")
    if not blank:
        raise InvalidInput("a note has a blank line before its signatures")
    return Note(text + "\n", _parse_lines(signatures))


def parse_signatures(data: bytes) -> tuple[Signature, ...]:
    """One or more signature lines, each ended by newline: what a witness answers. Raises InvalidInput."""
    if len(data) > MAX_NOTE_SIZE:
        raise InvalidInput(f"signatures of {len(data)} bytes; at most {MAX_NOTE_SIZE} are read")
    return _parse_lines(decode_utf8(data))


def _parse_lines(text: str) -> tuple[Signature, ...]:
    if not text.endswith("\n"):
        raise InvalidInput("signature lines end in newline")
    lines = text[:-1].split("\n", MAX_SIGNATURES)
    if len(lines) > MAX_SIGNATURES:
        raise InvalidInput(f"more than {MAX_SIGNATURES} signatures")
    return tuple(Signature.parse(line) for line in lines)


def sign_note(text: str, *signers: Signer) -> bytes:
    """The note of `text`, which ends in newline, signed by each signer in turn."""
    message = encode_text(text)
    return Note(text, tuple(Signature(one.name, one.verifier.key_id, one.sign(message)) for one in signers)).encode()


def add_signatures(data: bytes, signatures: Iterable[Signature]) -> bytes:
    """The note `data` with more signatures after its own; those that it already has are not repeated."""
    note = parse_note(data)
    merged = dict.fromkeys((*note.signatures, *signatures))
    return Note(note.text, tuple(merged)).encode()


def open_note(data: bytes, keys: Iterable[VerifierKey]) -> tuple[Note, list[VerifierKey]]:
    """The note, and those of `keys` that signed it: at least one. Signatures of others are ignored.

    Raises InvalidInput: malformed; code "invalid_signature" when a known key's signature fails; code
    "no_known_signature" when no known key signed.
    """
    note = parse_note(data)
    verified = note.verified_by(keys)
    if not verified:
        raise InvalidInput("the note is signed by no known key", code="no_known_signature")
    return note, verified
