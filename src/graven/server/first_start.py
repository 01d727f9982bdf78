"""The data directory's first start, made so that a kill at any moment only means doing the rest again.

Until the fact `first_start` is kept, nothing here was announced as finished: logs are created when absent,
and the owner's token is taken from its file when a kill came between the file and the database.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from graven.errors import RefusedToStart, StorageFailed, Unauthenticated
from graven.log.layout import log_names
from graven.server.access import ROLES
from graven.server.control import Control
from graven.server.copied import refuse_copy
from graven.server.logs import LogSet
from graven.server.tokens import TokenStore, make_token, token_id_of
from graven.storage.durable import make_directories, replace_durably
from graven.storage.redaction_key import redaction_key, refuse_exposed

__all__ = [
    "FirstStart",
    "finish_first_start",
    "first_start_finished",
    "owner_token_id",
    "prepare_data_dir",
    "redaction_key",
]

DEFAULT_LOG = "default"
OWNER_FILE = "owner.token"
_FACT = "first_start"
_ALERTS = ("alerts.sqlite", "alerts.sqlite-wal", "alerts.sqlite-shm")
_OURS = frozenset({"logs", "keys", "blobs", "index", *_ALERTS, OWNER_FILE, ".gitignore", "spool"})
"""What may stand in the directory before its first start, or after `control.sqlite` was lost: a test recorder makes
a log without a server."""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the first start made, to be told on stderr; `made` is empty at later starts."""

    made: tuple[str, ...]


def prepare_data_dir(data_dir: Path) -> None:
    """Make the directory (0700); RefusedToStart when it holds other things, or an owner.token open to others, or is a
    copy whose original is still there."""
    refuse_copy(data_dir)
    try:
        if data_dir.is_dir() and not (data_dir / "control.sqlite").exists():
            strange = sorted(p.name for p in data_dir.iterdir() if p.name not in _OURS)
            if strange:
                raise RefusedToStart(
                    f"{data_dir} is not a data directory of Graven: it holds {strange[0]!r}",
                    hint="name an empty or a new directory",
                    code="not_a_data_directory",
                )
        make_directories(data_dir, mode=0o700)
        refuse_exposed(data_dir / OWNER_FILE, "whoever reads it may record, read and make tokens")
    except OSError as error:
        raise StorageFailed(f"{data_dir} cannot be used: {error.strerror}") from error


def finish_first_start(
    data_dir: Path, control: Control, logs: LogSet, tokens: TokenStore, origin: str | None
) -> FirstStart:
    """Create `default` and the owner's token unless a first start was finished before."""
    if control.fact(_FACT) is not None:
        return FirstStart(())
    made = []
    if DEFAULT_LOG not in log_names(data_dir):
        logs.create(DEFAULT_LOG, origin, by="first start")
        made.append(f"log {DEFAULT_LOG}: {logs.get(DEFAULT_LOG).verifier_key.text}")
    path = data_dir / OWNER_FILE
    # a token file older than the database is of a database that was lost, where it may have been revoked
    token = None if control.made else _kept_token(path)
    if token is None:
        token = make_token()
        replace_durably(path, f"{token}\n".encode(), mode=0o600)
    if token_id_of(token) not in {info.id for info in tokens.list()}:
        tokens.create("owner", list(ROLES), by="first start", token=token)
    made.append(f"token with all roles: {path}")
    control.set_fact(_FACT, json.dumps({"logs": log_names(data_dir)}))
    return FirstStart((f"data directory: {data_dir}", *made))


def owner_token_id(data_dir: Path, tokens: TokenStore) -> str | None:
    """The id of the token in owner.token, when that is valid."""
    token = _kept_token(data_dir / OWNER_FILE)
    try:
        return tokens.authenticate(token).token_id if token is not None else None
    except Unauthenticated:
        return None


def first_start_finished(control: Control) -> bool:
    """Whether an earlier start made everything."""
    return control.fact(_FACT) is not None


def _kept_token(path: Path) -> str | None:
    try:
        token = path.read_text("ascii").strip()
        token_id_of(token)
    except (OSError, ValueError, Unauthenticated):
        return None
    return token
