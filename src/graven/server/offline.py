"""Tokens of a data directory that no server holds, for the command line.

The same rules as over HTTP: the change is durable in `system` before it takes effect. `system` is
locked by a running server, so a change beside one is refused rather than unrecorded.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graven.errors import NotFound
from graven.log.layout import SYSTEM_LOG
from graven.log.messages import LogOptions
from graven.log.start import open_log
from graven.server.control import Control
from graven.server.references import BlobReferences
from graven.server.system import SystemRecorder
from graven.server.tokens import TokenInfo, TokenStore

__all__ = ["keep_blob_references", "list_tokens", "open_tokens"]


@contextmanager
def open_tokens(data_dir: Path, *, clock: Callable[[], int] = time.time_ns) -> Iterator[TokenStore]:
    """The token store, able to change; raises what `open_log` raises when `system` cannot be opened."""
    with _control(data_dir) as control:
        system = open_log(data_dir, SYSTEM_LOG, clock=clock, options=LogOptions(supervise=False))
        try:
            yield TokenStore(control, SystemRecorder(system, clock=clock).announce, clock=clock)
        finally:
            system.close()


def list_tokens(data_dir: Path) -> list[TokenInfo]:
    """All tokens ever made; works beside a running server."""
    with _control(data_dir) as control:
        return TokenStore(control, _refuse).list()


def keep_blob_references(data_dir: Path, log: str, digests: set[str]) -> None:
    """Note that entries appended without a server refer to these blobs, so that readers may fetch them."""
    if digests:
        with _control(data_dir) as control:
            BlobReferences(control).keep(log, digests)


@contextmanager
def _control(data_dir: Path) -> Iterator[Control]:
    if not (data_dir / "control.sqlite").exists():
        raise NotFound(
            f"{data_dir} has no tokens", hint=f"graven serve --data {data_dir} makes them at its first start"
        )
    control = Control(data_dir)
    try:
        yield control
    finally:
        control.close()


def _refuse(action: str, facts: dict[str, Any]) -> None:
    raise NotImplementedError(f"{action} {facts}: this store only lists")
