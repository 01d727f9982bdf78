"""Delivering what waits in the spool, for a person who will not wait for the next program to do it.

Batches of processes that are gone are sent as they would have been, under their own keys. What the server had
refused lies in `refused/`; it can be offered again, when the token or the server was at fault.
"""

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from graven.sdk.answers import Accepted, Answer, Later
from graven.sdk.attachments import AttachmentStore
from graven.sdk.backoff import Backoff
from graven.sdk.frozen import FrozenBatch, freeze
from graven.sdk.ledger import Ledger
from graven.sdk.outbox import Outbox
from graven.sdk.packer import make_key
from graven.sdk.sender import Sender
from graven.sdk.settings import Settings, default_spool_directory
from graven.sdk.spoolroot import REFUSED_NAME, SpoolRoot, destination_of
from graven.sdk.transport import HttpTransport

__all__ = ["Drained", "Waiting", "drain", "waiting"]

_BATCH_BYTES = 512 * 1024


@dataclass(slots=True)
class Drained:
    """Events. `stopped` says why the rest still waits; "" when nothing does."""

    delivered: int = 0
    refused: int = 0
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One folder of the spool, or one file of `refused/`. `is_here`: it is for the server and log asked about;
    None where the file does not say."""

    path: Path
    size_bytes: int
    since_s: float
    is_here: bool | None
    refused: bool
    reason: str = ""


class _Refused(msgspec.Struct):
    refused: dict[str, object]
    event: msgspec.Raw


class _UntilAway:
    """A transport that ends the sender when the server does not answer, instead of waiting for it."""

    def __init__(self, inner: HttpTransport) -> None:
        self._inner = inner
        self.sender: Sender | None = None
        self.reason = ""

    def send(self, batch: FrozenBatch) -> Answer:
        answer = self._inner.send(batch)
        if isinstance(answer, Later):
            self.reason = answer.reason
            if self.sender is not None:
                self.sender.stop()
        return answer

    def close(self) -> None:
        self._inner.close()


def waiting(settings: Settings) -> list[Waiting]:
    """What lies in the spool folder, oldest first; folders of running programs are among it."""
    root = settings.spool_dir or default_spool_directory()
    here = destination_of(settings.server, settings.log)
    found = []
    for folder in _children(root):
        if folder.name == REFUSED_NAME:
            found += [_refused_file(path, here) for path in _children(folder)]
        elif segments := list(folder.glob("*.seg")):
            sizes = sum(path.stat().st_size for path in segments)
            since = min(path.stat().st_mtime for path in segments)
            found.append(Waiting(folder, sizes, since, folder.name.startswith(f"{here}-"), refused=False))
    return sorted(found, key=lambda one: one.since_s)


def drain(settings: Settings, *, refused: bool = False) -> Drained:
    """Send what dead programs left for this server and log; with `refused`, also what it had refused.

    Stops at the first batch that gets no answer. Never raises for what a server or a disk may do.
    """
    spool_dir = settings.spool_dir or default_spool_directory()
    destination = destination_of(settings.server, settings.log)
    root = SpoolRoot(spool_dir, destination, settings.spool_bytes, settings.refused_bytes)
    ledger = Ledger(logger=_quiet())
    outbox = Outbox(root, ledger, memory_bytes=0)
    store = AttachmentStore(root, limit_bytes=settings.attachment_bytes)
    transport = _UntilAway(HttpTransport(settings, store))
    sender = Sender(outbox, transport, ledger, root, Backoff(0.0, 0.0, random.random), make_key)
    transport.sender = sender
    try:
        # before the spool: what is refused now has just been tried
        again = [one.path for one in waiting(settings) if one.refused and one.is_here] if refused else []
        while not transport.reason and outbox.head() is not None:
            sender.step()
        stats = ledger.stats()
        drained = Drained(stats.acknowledged, stats.refused)
        for path in again:
            if not transport.reason:
                _offer_again(path, transport, drained)
        drained.stopped = transport.reason
        return drained
    finally:
        outbox.close()
        transport.close()


def _quiet() -> logging.Logger:
    """The result says it all."""
    logger = logging.getLogger("graven.sdk.drain")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return logger


def _offer_again(path: Path, transport: _UntilAway, drained: Drained) -> None:
    """The file goes when the server took all of it."""
    lines = [bytes(line.event) for line in _lines(path)]
    events = [line for line in lines if line.startswith(b"{")]
    whole = len(events) == len(lines)  # a body that could not be opened stays for a person to look at
    while events and not transport.reason:
        batch, size = [events.pop(0)], 0
        while events and (size := size + len(events[0])) < _BATCH_BYTES:
            batch.append(events.pop(0))
        answer = transport.send(freeze(batch, make_key(), "identity"))
        if not isinstance(answer, Accepted):
            drained.refused += 0 if isinstance(answer, Later) else len(batch)
            return
        drained.delivered += len(batch)
    if not events and whole:
        path.unlink(missing_ok=True)


def _refused_file(path: Path, here: str) -> Waiting:
    status = path.stat()
    first = next(_lines(path), None)
    about = {} if first is None else first.refused
    to = about.get("to")
    reason = " ".join(str(about[name]) for name in ("status", "code") if name in about)
    return Waiting(
        path, status.st_size, status.st_mtime, None if to is None else to == here, refused=True, reason=reason
    )


def _lines(path: Path) -> Iterator[_Refused]:
    try:
        with path.open("rb") as stream:
            for line in stream:
                yield msgspec.json.decode(line, type=_Refused)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return


def _children(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError:
        return []
