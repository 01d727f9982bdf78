"""Sealed values: personal data under a key per subject, so that destroying the key erases the value.

    {"$sealed":{"subject":"<key id>","nonce":"<base64, 12 bytes>","ct":"<base64, ciphertext and 16-byte tag>"}}

AES-256-GCM. The plaintext is the value's RFC 8785 form; the associated data is `graven/sealed/v1`, a line
feed and the subject, so that a value cannot be moved under another subject. The members come in this order
and base64 is padded: one value, one spelling. The leaf hash covers the sealed form, so every proof still
verifies after the key is gone. Erasure itself (keeping and destroying subject keys) is not here.
"""

import binascii
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from graven.errors import InvalidInput
from graven.event import strictjson
from graven.event.jcs import canonical

__all__ = ["KEY_SIZE", "NONCE_SIZE", "Sealed", "decode_sealed", "encode_sealed", "open_sealed", "seal"]

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16
_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_CONTEXT: Final = b"graven/sealed/v1\n"


class Sealed(msgspec.Struct, frozen=True):
    """The parts of a sealed value; `ct` is ciphertext ‖ tag."""

    subject: str
    nonce: bytes
    ct: bytes


def encode_sealed(sealed: Sealed) -> bytes:
    """The one JSON spelling."""
    _check(sealed)
    nonce, ct = (binascii.b2a_base64(part, newline=False) for part in (sealed.nonce, sealed.ct))
    return b'{"$sealed":{"subject":"%b","nonce":"%b","ct":"%b"}}' % (sealed.subject.encode("ascii"), nonce, ct)


def decode_sealed(data: bytes) -> Sealed:
    """Decode the one spelling; `InvalidInput` for every other."""
    value = strictjson.loads(data)
    body = value.get("$sealed") if isinstance(value, dict) else None
    if not isinstance(body, dict) or not all(isinstance(body.get(name), str) for name in ("subject", "nonce", "ct")):
        raise InvalidInput('not a sealed value: {"$sealed":{"subject","nonce","ct"}} is expected')
    try:
        sealed = Sealed(body["subject"], binascii.a2b_base64(body["nonce"]), binascii.a2b_base64(body["ct"]))
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"not a sealed value: {error}") from error
    if encode_sealed(sealed) != data:
        raise InvalidInput("not the one spelling of a sealed value")
    return sealed


def seal(value: Any, *, subject: str, key: bytes, random: Callable[[int], bytes]) -> Sealed:
    """Encrypt a JSON value for `subject` under its 32-byte key; `random(n)` gives n unpredictable bytes."""
    nonce = random(NONCE_SIZE)
    sealed = Sealed(subject, nonce, _cipher(key).encrypt(nonce, canonical(value), _CONTEXT + subject.encode()))
    _check(sealed)
    return sealed


def open_sealed(sealed: Sealed, key: bytes) -> Any:
    """The value; `InvalidInput` (code `cannot_open`) for the wrong key or altered bytes."""
    from cryptography.exceptions import InvalidTag

    _check(sealed)
    try:
        plain = _cipher(key).decrypt(sealed.nonce, sealed.ct, _CONTEXT + sealed.subject.encode("ascii"))
    except InvalidTag as error:
        raise InvalidInput(
            f"cannot open a value sealed for {sealed.subject}: wrong key, or it was altered", code="cannot_open"
        ) from error
    value = strictjson.loads(plain)
    if canonical(value) != plain:
        raise InvalidInput("a sealed value holds JSON that is not canonical")
    return value


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow to import, rarely needed

    if len(key) != KEY_SIZE:
        raise InvalidInput(f"a subject key has {KEY_SIZE} bytes, not {len(key)}")
    return AESGCM(key)


def _check(sealed: Sealed) -> None:
    if _SUBJECT.fullmatch(sealed.subject) is None:
        raise InvalidInput(f"malformed subject {sealed.subject[:64]!r}")
    if len(sealed.nonce) != NONCE_SIZE:
        raise InvalidInput(f"a nonce has {NONCE_SIZE} bytes, not {len(sealed.nonce)}")
    if len(sealed.ct) <= _TAG_SIZE:
        raise InvalidInput(f"a ciphertext has more than {_TAG_SIZE} bytes, not {len(sealed.ct)}")
