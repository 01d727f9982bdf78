"""The key of redaction digests of one data directory: `keys/redaction.hmac`, shared by all who write there.

A server, the command line and a test recorder must use the same one, or equal redacted values would not look
equal.
"""

import hashlib
import os
import stat
from pathlib import Path

from graven.errors import RefusedToStart
from graven.storage.durable import make_directories, replace_durably

__all__ = ["redaction_key", "refuse_exposed"]


def redaction_key(data_dir: Path) -> tuple[str, bytes]:
    """Id and 32 bytes of the key of redaction digests, made when absent. RefusedToStart when malformed."""
    path = data_dir / "keys" / "redaction.hmac"
    if not path.exists():
        make_directories(path.parent, mode=0o700)
        fresh = os.urandom(32)
        replace_durably(path, f"{_key_id(fresh)} {fresh.hex()}\n".encode(), mode=0o600)
    refuse_exposed(path, "whoever reads it can guess redacted values and check the guess")
    try:
        key_id, text = path.read_text("ascii").removesuffix("\n").split(" ")
        key = bytes.fromhex(text)
    except ValueError:
        key_id, key = "", b""
    if len(key) != 32 or key_id != _key_id(key):
        raise RefusedToStart(
            f"{path} is malformed, or the key does not match its id",
            why="with another key under this id, equal redacted values would no longer look equal",
            hint="restore it from a backup; without one, move it away: a new key is made, and `system` says so",
            code="key_malformed",
        )
    return key_id, key


def refuse_exposed(path: Path, why: str) -> None:
    """RefusedToStart (`key_exposed`) when a secret may be read by others; an absent one is fine."""
    if os.name == "posix" and path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise RefusedToStart(
            f"{path} may be read by others",
            why=why,
            hint=f"chmod 600 {path}, and find out who may have read it",
            code="key_exposed",
        )


def _key_id(key: bytes) -> str:
    """Eight hex digits of the key's digest, so that a damaged key is noticed."""
    return f"r{hashlib.sha256(key).hexdigest()[:8]}"
