"""Signatures of Standard Webhooks 1.0.0 (symmetric): HMAC-SHA-256 over `id.timestamp.body`, identifier `v1`.

Every address has a secret of its own, made from the master key of the installation and the address, so that one
receiver cannot sign for another, and nothing has to be kept for an address. A second line in the key file is the key
before: while it stands there, both sign, and receivers can change over.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from graven.errors import InvalidInput, RefusedToStart
from graven.storage.durable import make_directories, replace_durably
from graven.storage.redaction_key import refuse_exposed
from graven.tlog.encoding import decode_base64, decode_hex, encode_base64

__all__ = ["alert_keys", "secret_of", "signed_headers"]

_KEY_BYTES = 32
_MOST_KEYS = 2


def secret_of(key: bytes, address: str) -> str:
    """`whsec_…` for the receiver at `address`: 32 bytes in base64."""
    derived = hmac.digest(key, b"graven webhook\0" + address.encode(), "sha256")
    return "whsec_" + encode_base64(derived)


def signed_headers(secrets: Sequence[str], message_id: str, unix_s: int, body: bytes) -> dict[str, str]:
    """`webhook-id`, `-timestamp` and `-signature`, with a signature for each secret, the current one first."""
    if "." in message_id:
        raise ValueError("an id with a full stop could be read as another id and time")
    content = b"%b.%d.%b" % (message_id.encode("ascii"), unix_s, body)
    signatures = [
        "v1," + encode_base64(hmac.new(_bytes_of(secret), content, hashlib.sha256).digest()) for secret in secrets
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(unix_s),
        "webhook-signature": " ".join(signatures),
    }


def alert_keys(data_dir: Path) -> tuple[bytes, ...]:
    """The master keys in `keys/alerts.hmac`, the current one first; made when absent.

    RefusedToStart when the file is malformed (`key_malformed`) or may be read by others (`key_exposed`).
    """
    path = data_dir / "keys" / "alerts.hmac"
    if not path.exists():
        make_directories(path.parent, mode=0o700)
        replace_durably(path, os.urandom(_KEY_BYTES).hex().encode() + b"\n", mode=0o600)
    refuse_exposed(path, "whoever reads it can sign alerts that receivers believe")
    try:
        keys = tuple(decode_hex(line, size=_KEY_BYTES) for line in path.read_text("ascii").splitlines())
    except (InvalidInput, UnicodeDecodeError):
        keys = ()
    if not 1 <= len(keys) <= _MOST_KEYS:
        raise RefusedToStart(
            f"{path} is malformed",
            why="one line of 64 hex digits is expected, or two: the current key and the one before",
            hint="restore it from a backup; without one, move it away: receivers need new secrets then",
            code="key_malformed",
        )
    return keys


def _bytes_of(secret: str) -> bytes:
    return decode_base64(secret.removeprefix("whsec_"))
