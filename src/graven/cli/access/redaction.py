"""The redaction key of a data directory: the server's, so that equal values stay recognisable."""

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

from graven.event.redact import Redactor, Rule
from graven.storage.durable import write_durably

__all__ = ["directory_redactor"]


def directory_redactor(data: Path, rules: Sequence[Rule]) -> Redactor:
    """The redactor with the key in `<data>/keys/redaction.hmac`, made when it is absent."""
    path = data / "keys" / "redaction.hmac"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, secrets.token_hex(32).encode() + b"\n", mode=0o600)
    key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    return Redactor(rules, hashlib.sha256(key).hexdigest()[:8], key)
