"""The log's signing key on disk.

`<data>/keys/<name>.key`, mode 0600, one line of ASCII:

    graven-ed25519-seed-1 <origin> <base64 of the 32-byte seed>\\n

The origin is part of the line because it is part of the key's identity (C2SP signed-note: the key id
hashes the name). `log.vkey` holds the verifier key, one line. One spelling each; anything else is refused.
"""

import os
import stat
from pathlib import Path

from graven.errors import InvalidInput, RefusedToStart
from graven.storage.durable import write_durably
from graven.tlog.encoding import decode_base64, encode_base64
from graven.tlog.note import Signer, VerifierKey

__all__ = ["SEED_SIZE", "check_origin", "format_key", "load_signer", "load_vkey", "parse_key", "write_key"]

SEED_SIZE = 32
_FORMAT = "graven-ed25519-seed-1"


def check_origin(origin: str) -> str:
    """Give `origin` back when it can name a key and a checkpoint; InvalidInput otherwise.

    URL without scheme, no white space, no `+`, printable (C2SP signed-note, tlog-checkpoint).
    """
    bad = [c for c in origin if c.isspace() or c == "+" or not c.isprintable()]
    if not origin or bad or "://" in origin or len(origin.encode()) > 255:
        raise InvalidInput(
            f"invalid origin {origin!r}",
            why="an origin is a URL without scheme, at most 255 bytes, without spaces and without +",
            hint="use a name you control, such as audit.example.com/prod",
            code="invalid_origin",
        )
    return origin


def format_key(origin: str, seed: bytes) -> bytes:
    """The key file's bytes."""
    return f"{_FORMAT} {check_origin(origin)} {encode_base64(seed)}\n".encode()


def parse_key(data: bytes) -> tuple[str, bytes]:
    """Origin and seed of a key file; InvalidInput on any other spelling (the seed is never in a message)."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("the key file is not text") from error
    parts = text.removesuffix("\n").split(" ")
    if len(parts) != 3 or parts[0] != _FORMAT:
        raise InvalidInput(f"the key file is not of the form `{_FORMAT} <origin> <base64 seed>`")
    origin = check_origin(parts[1])
    try:
        seed = decode_base64(parts[2], size=SEED_SIZE)
    except InvalidInput:
        # not chained: a decoder's message may quote its input, and this one is secret
        raise InvalidInput(f"the seed is not the base64 of {SEED_SIZE} bytes") from None
    if format_key(origin, seed) != data:
        raise InvalidInput("the key file is not spelt canonically")
    return origin, seed


def write_key(path: Path, origin: str, seed: bytes) -> None:
    """Create the key file, durable on return; an existing one is never replaced (StorageFailed)."""
    write_durably(path, format_key(origin, seed), mode=0o600)


def load_signer(path: Path) -> Signer:
    """The signer of a log; RefusedToStart when the file is missing, malformed or readable by others."""
    try:
        data = path.read_bytes()
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError as error:
        raise RefusedToStart(
            f"the signing key {path} is missing",
            why="a log without its key cannot be continued, and a new key would be another log",
            hint="restore the key file from its backup",
            code="key_missing",
        ) from error
    except OSError as error:
        raise RefusedToStart(f"the signing key {path} cannot be read: {error.strerror}") from error
    if os.name == "posix" and mode & 0o077:
        raise RefusedToStart(
            f"the signing key {path} has mode {mode:04o}, expected 0600",
            why="whoever reads it can sign another history",
            hint=f"chmod 600 {path}, and find out who may have read it",
            code="key_exposed",
        )
    try:
        origin, seed = parse_key(data)
        return Signer(origin, seed)
    except InvalidInput as error:
        raise RefusedToStart(
            f"the signing key {path} is malformed: {error.message}",
            why="it is written once, so it was damaged or edited",
            hint="restore the key file from its backup",
            code="key_malformed",
        ) from error


def load_vkey(path: Path) -> VerifierKey:
    """The verifier key of `log.vkey`; RefusedToStart when missing or malformed."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RefusedToStart(
            f"{path} is missing",
            why="whoever verifies this log from its files needs it, and it is written when the log is made",
            hint="restore it from a copy of this log",
            code="vkey_missing",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedToStart(f"{path} cannot be read: {error}", code="vkey_malformed") from error
    try:
        # one line: without its newline the parser must see a key that is malformed
        return VerifierKey.parse(text.removesuffix("\n") if text.endswith("\n") else "")
    except InvalidInput as error:
        raise RefusedToStart(
            f"{path} is malformed: {error.message}",
            why="it is written once, so it was damaged or edited",
            hint="restore it from a copy of this log",
            code="vkey_malformed",
        ) from error
