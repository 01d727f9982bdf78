"""The process-wide client, made from the environment at first use, for `graven.record` and what takes none."""

import os
import threading
from collections.abc import Mapping
from typing import Any

from graven.errors import UsageError
from graven.event.model import Event
from graven.sdk.client import Client
from graven.sdk.context import ActorLike
from graven.sdk.guard import internal
from graven.sdk.ledger import LOGGER

__all__ = ["configure", "default_client", "flush", "record"]

_LOCK = threading.Lock()
_client: Client | None = None
_unusable = False


def _after_fork() -> None:
    global _LOCK
    _LOCK = threading.Lock()  # another thread of the parent may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def configure(client: Client | None = None, **settings: Any) -> Client:
    """Make `client`, or `Client(**settings)`, the process-wide one; the one before is closed.

    Raises `UsageError` for settings that cannot work.
    """
    global _client, _unusable
    chosen = Client(**settings) if client is None else client
    with _LOCK:
        before, _client, _unusable = _client, chosen, False
    if before is not None and before is not chosen:
        before.close()
    return chosen


def default_client() -> Client | None:
    """The process-wide client; None, said once in the log, where no server is configured: an application
    that runs without its environment still runs."""
    if _client is None and not _unusable:
        with _LOCK:
            _make_default()
    return _client


def _make_default() -> None:
    """With the lock held: another thread may have been first."""
    global _client, _unusable
    if _client is not None or _unusable:
        return
    try:
        _client = Client()
    except UsageError as error:
        _unusable = True
        with internal():
            LOGGER.warning("nothing is recorded: %s (%s)", error.message, error.hint)


def record(what: str | Event | Mapping[str, Any], /, actor: ActorLike | None = None, **fields: Any) -> str | None:
    """`Client.record` of the process-wide client; None without one."""
    client = default_client()
    return None if client is None else client.record(what, actor, **fields)


def flush(timeout_s: float | None = 10.0) -> bool:
    """`Client.flush` of the process-wide client; True without one."""
    return True if _client is None else _client.flush(timeout_s)
