"""The recorder's settings: an argument wins over the environment, which wins over the default."""

import difflib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from graven.errors import UsageError

__all__ = ["Compression", "Settings", "default_spool_directory", "resolve"]

Compression = Literal["auto", "gzip", "zstd", "none"]

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a recorder can be told. Sizes are bytes, times are seconds."""

    server: str
    """Base address, `http(s)://host:port`; environment `GRAVEN_SERVER`."""
    token: str = field(default="", repr=False)
    """Bearer token, `grv_…`; environment `GRAVEN_TOKEN`."""
    log: str = "default"
    """Name of the log; environment `GRAVEN_LOG`."""
    source: str = ""
    """`source` of events that name none; environment `GRAVEN_SOURCE`, else the program's name."""
    batch_events: int = 500
    batch_bytes: int = 1 * MIB
    """A batch is cut at this many events or uncompressed bytes, or when its oldest event is this old:"""
    batch_age_s: float = 0.25
    queue_events: int = 50_000
    queue_bytes: int = 16 * MIB
    """Bound of what waits to be batched; beyond it the newest event is dropped and counted."""
    memory_bytes: int = 4 * MIB
    """Compressed batches that wait in memory for the network before they go to disk."""
    spool_dir: Path | None = None
    """Folder shared by all processes of a user; None takes `default_spool_directory()`."""
    spool_bytes: int = 64 * MIB
    """Bound of the whole spool folder, all processes together (0: no spool). Beyond it the oldest is
    kept and the newest refused and counted."""
    spool_after_s: float = 1.0
    """A request that takes longer than this has its batch, and those behind it, copied to the spool."""
    refused_bytes: int = 16 * MIB
    """Bound of `refused/`, where events that the server will never take are kept for inspection."""
    attachment_bytes: int = 32 * MIB
    """Bound of one attached file; they wait in the spool until the server has them."""
    event_bytes: int = 1 * MIB
    """Bound of one encoded event; its largest members are cut until it fits."""
    connect_timeout_s: float = 5.0
    timeout_s: float = 15.0
    backoff_base_s: float = 0.5
    backoff_cap_s: float = 60.0
    compression: Compression = "auto"
    """`auto`: zstd where the package zstandard is installed, else gzip."""
    close_timeout_s: float = 10.0
    exit_timeout_s: float = 5.0
    """How long `close()` and the exit of the process wait for a server that answers before what is left is
    spooled. A server that cannot be reached is not waited for."""
    redaction_key: bytes | None = field(default=None, repr=False)
    """HMAC key of redacted values. None makes a random one per process: equal values are then
    recognisable within the process only."""


def default_spool_directory(environ: Mapping[str, str] | None = None) -> Path:
    """`$GRAVEN_SPOOL`, else `$XDG_STATE_HOME/graven/spool`, else `~/.local/state/graven/spool`."""
    env = os.environ if environ is None else environ
    if chosen := env.get("GRAVEN_SPOOL"):
        return Path(chosen)
    state = env.get("XDG_STATE_HOME")
    base = Path(state) if state else Path.home() / ".local" / "state"
    return base / "graven" / "spool"


def _program_name() -> str:
    name = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] else ""
    return name if name and name not in {"-c", "-m", "__main__"} else "python"


def resolve(environ: Mapping[str, str] | None = None, /, **given: Any) -> Settings:
    """Merge arguments (None means "not given") with the environment; raises `UsageError`.

    A misspelt setting or a missing server is told at once, at construction: from then on the recorder
    never raises.
    """
    env = os.environ if environ is None else environ
    known = {setting.name for setting in fields(Settings)}
    if unknown := sorted(given.keys() - known):
        close = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
        raise UsageError(f"unknown setting {unknown[0]!r}", hint=hint)
    chosen = {name: value for name, value in given.items() if value is not None}
    for name in ("server", "token", "log", "source"):
        if name not in chosen and (value := env.get(f"GRAVEN_{name.upper()}")):
            chosen[name] = value
    server = str(chosen.get("server", "")).rstrip("/")
    if not server.startswith(("http://", "https://")):
        raise UsageError(
            f"no server to record to: {server!r} is not an http(s) address",
            hint="set GRAVEN_SERVER=http://127.0.0.1:8470, or pass server=",
        )
    chosen["server"] = server
    chosen.setdefault("source", _program_name())
    chosen["spool_dir"] = Path(chosen.get("spool_dir") or default_spool_directory(env))
    return Settings(**chosen)
