"""Names and Ed25519 keys of those who sign notes (C2SP signed-note, tlog-cosignature).

A key signs in one of two ways, told apart by the algorithm byte that goes into its id: a log signs the
note text itself (0x01), a witness signs the text with a time before it (0x04). Keys of other kinds,
such as ML-DSA-44 (0x06), cannot be made into a `VerifierKey`; their signatures are those of unknown
keys, which every reader of notes must ignore.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from graven.errors import InvalidInput
from graven.tlog.encoding import MAX_INT63, decode_base64, decode_hex, encode_base64, shown

__all__ = [
    "COSIGNATURE_V1",
    "ED25519",
    "SEED_SIZE",
    "Signer",
    "VerifierKey",
    "check_key_name",
    "cosigned_message",
    "split_cosignature",
]

ED25519 = 0x01
"""Algorithm of a log's key: Ed25519 over the note text; the signature has 64 bytes."""

COSIGNATURE_V1 = 0x04
"""Algorithm of a witness's key: Ed25519 over time and text; the signature has 8 + 64 bytes."""

SEED_SIZE = 32
"""Bytes of a private key."""

_ID_SIZE = 4
_PUBLIC_SIZE = 32
_TIME_SIZE = 8
_SIGNATURE_SIZE = 64


def check_key_name(name: str, what: str = "key name") -> None:
    """Raise InvalidInput unless `name` is non-empty text without spaces, `+` and control characters."""
    if not name or "+" in name or any(char.isspace() or char < " " for char in name):
        raise InvalidInput(f"a {what} has no spaces and no `+`, unlike {shown(name)}")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput(f"a {what} is valid Unicode, unlike {shown(name)}") from error


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name; `key_id` is 4 bytes, `public` 32, `algorithm` 0x01 or 0x04.

    Raises InvalidInput when the parts do not belong together.
    """

    name: str
    key_id: bytes
    public: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.algorithm not in (ED25519, COSIGNATURE_V1):
            raise InvalidInput(
                f"the key {shown(self.name)} has algorithm {self.algorithm:#04x}; known are 0x01 and 0x04",
                code="unknown_algorithm",
            )
        if len(self.public) != _PUBLIC_SIZE:
            raise InvalidInput(f"an Ed25519 public key has {_PUBLIC_SIZE} bytes, not {len(self.public)}")
        expected = _key_id(self.name, self.public, self.algorithm)
        if self.key_id != expected:
            raise InvalidInput(f"the key {shown(self.name)} has the id {expected.hex()}, not {self.key_id.hex()}")

    @classmethod
    def of(cls, name: str, public: bytes, algorithm: int = ED25519) -> Self:
        """The key with its id computed."""
        check_key_name(name)
        return cls(name, _key_id(name, public, algorithm), public, algorithm)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that `<name>+<hex id>+<base64(algorithm ‖ public)>` spells, without newline.

        Raises InvalidInput, with code "unknown_algorithm" for a key that is no Ed25519 key.
        """
        parts = text.split("+", 2)  # base64 may hold a `+` of its own
        if len(parts) != 3:
            raise InvalidInput(f"not a verifier key (<name>+<id>+<key>): {shown(text)}")
        name, key_id, encoded = parts
        data = decode_base64(encoded)
        if not data:
            raise InvalidInput(f"a verifier key without a key: {shown(text)}")
        return cls(name, decode_hex(key_id, size=_ID_SIZE), data[1:], data[0])

    @property
    def text(self) -> str:
        """The verifier key line, without newline."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.algorithm]) + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes, or 72 of a cosignature) is this key's for the note text `message`."""
        if self.algorithm == COSIGNATURE_V1:
            try:
                time_s, signature = split_cosignature(signature)
            except InvalidInput:
                return False
            message = cosigned_message(message, time_s)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):  # ValueError: a backend may refuse what is no point of the curve
            return False
        return True


class Signer:
    """A log's private key under its name, made from its 32-byte seed."""

    __slots__ = ("_private", "name", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = private_key(seed)
        self.name = name
        self.verifier = VerifierKey.of(name, self._private.public_key().public_bytes_raw(), ED25519)

    def __repr__(self) -> str:
        return f"Signer({self.verifier.text!r})"  # never the seed

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of a note text."""
        return self._private.sign(message)


def private_key(seed: bytes) -> Ed25519PrivateKey:
    """The private key of a 32-byte seed."""
    if len(seed) != SEED_SIZE:
        raise InvalidInput(f"an Ed25519 seed has {SEED_SIZE} bytes, not {len(seed)}")
    return Ed25519PrivateKey.from_private_bytes(seed)


def cosigned_message(text: bytes, time_s: int) -> bytes:
    """What a witness signs: the note `text` after a header with the time in Unix seconds."""
    return b"cosignature/v1\ntime %d\n%b" % (time_s, text)


def split_cosignature(payload: bytes) -> tuple[int, bytes]:
    """(Unix seconds, 64-byte signature) of a cosignature's 72 bytes."""
    if len(payload) != _TIME_SIZE + _SIGNATURE_SIZE:
        raise InvalidInput(f"a cosignature has {_TIME_SIZE + _SIGNATURE_SIZE} bytes, not {len(payload)}")
    time_s = int.from_bytes(payload[:_TIME_SIZE], "big")
    if time_s > MAX_INT63:
        raise InvalidInput(f"a cosignature's time is at most {MAX_INT63}, not {time_s}")
    return time_s, payload[_TIME_SIZE:]


def _key_id(name: str, public: bytes, algorithm: int) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ algorithm ‖ public)[:4]."""
    return sha256(b"%b\n%c%b" % (name.encode("utf-8"), algorithm, public)).digest()[:_ID_SIZE]
