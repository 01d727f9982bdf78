"""A data directory that no server holds: the log is opened, used and closed by this process.

What is read here is not recorded in `system`: who can open the directory can read its files anyway.
What is changed here is: tokens and logs are entries of `system` before they take effect.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graven.cli.access.ports import Answer, TokenInfo
from graven.errors import CouldNotCheck, InvalidEvent, NotFound, Unavailable
from graven.event.batch import PreparedBatch
from graven.event.intake import Producer, prepare_events
from graven.event.redact import Redactor, default_rules
from graven.log.layout import LogPaths, check_name, log_names
from graven.log.messages import Incident, KeyedRequest
from graven.log.opened import Log
from graven.log.start import open_log
from graven.tlog.tiles import parse_tile_path

__all__ = ["LocalAccess", "held_by"]

PRODUCER = Producer("local", "127.0.0.1")
"""Who stands in `by` of an entry that was recorded without a server."""

PUBLISH_WAIT_S = 30.0


def held_by(data: Path) -> str | None:
    """The process that holds a log of this directory, as text, or None when nobody does."""
    try:
        import fcntl
    except ImportError:  # Windows: no server runs there either
        return None
    for name in log_names(data):
        lock = LogPaths(data, name).lock
        try:
            with lock.open("rb") as stream:
                try:
                    fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return stream.read(32).decode("ascii", "replace").strip() or "unknown"
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def _quiet(incident: Incident) -> None:
    from graven.cli.terminal import note

    note(f"{incident.log}: {incident.message}")


def _check_attachments(batch: PreparedBatch, log: Log) -> None:
    """As the server: an event may only name attachments whose bytes are here."""
    missing = [
        {
            "item": position,
            "field": "attachments",
            "reason": f"{digest} is not in the blob store",
            "suggestion": "upload it to a server first (PUT /v1/blobs)",
        }
        for position, digest, _ in batch.attachments
        if digest not in batch.blobs and not log.blobs.has(digest)
    ]
    if missing:
        raise InvalidEvent("an attachment was never uploaded", details={"errors": missing})


class LocalAccess:
    """One data directory; logs are opened when they are first needed. See `ports.Access`."""

    def __init__(self, data: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.where = str(data)
        self._data = data
        self._clock = clock
        self._open: dict[str, Log] = {}
        self._redactor: Redactor | None = None

    def _log(self, name: str) -> Log:
        check_name(name)
        if name not in self._open:
            known = log_names(self._data)
            if name not in known:
                raise NotFound(
                    f'there is no log "{name}" in {self._data}',
                    hint=f"known: {', '.join(known) or 'none'}; graven log create {name} makes it",
                )
            self._open[name] = open_log(self._data, name, clock=self._clock, on_incident=_quiet)
        return self._open[name]

    def _rules(self) -> Redactor:
        """The built-in rules, with the directory's own HMAC key where there is one."""
        if self._redactor is None:
            from graven.cli.access.redaction import directory_redactor

            self._redactor = directory_redactor(self._data, default_rules())
        return self._redactor

    def append(self, log: str, body: bytes, media_type: str, *, key: str, wait: bool) -> Answer:
        """See `ports.Access`."""
        batch = prepare_events(body, media_type, PRODUCER, self._rules(), now_ns=self._clock())
        keyed = KeyedRequest(f"local:{key}", hashlib.sha256(body).digest()) if key else None
        return self._append(log, batch, keyed, wait=wait)

    def append_k8s(self, log: str, body: bytes, *, source: str) -> Answer:
        """See `ports.Access`."""
        from graven.event.mappers.k8s import prepare_k8s

        batch = prepare_k8s(body, PRODUCER, self._rules(), source=source or "k8s", now_ns=self._clock())
        return self._append(log, batch, None, wait=False)

    def _append(self, name: str, batch: PreparedBatch, keyed: KeyedRequest | None, *, wait: bool) -> Answer:
        log = self._log(name)
        _check_attachments(batch, log)
        appended = log.append(batch, keyed)
        published = False
        if wait and log.size:
            published = self._published(log, log.size)
        return Answer(appended.first, appended.count, appended.duplicates, appended.ids, batch.quarantined, published)

    @staticmethod
    def _published(log: Log, size: int) -> bool:
        """Wait until a published checkpoint covers `size` entries."""
        finished = threading.Event()
        answers: list[bool] = []

        def done(published: bool) -> None:
            answers.append(published)
            finished.set()

        log.wait_published(size, done)
        return finished.wait(PUBLISH_WAIT_S) and answers[0]

    def size(self, log: str) -> int:
        """The committed size."""
        return self._log(log).size

    def entry(self, log: str, index: int) -> bytes:
        """See `ports.Access`."""
        return self._log(log).entry(index)

    def entries(self, log: str, start: int, stop: int) -> Iterator[bytes]:
        """See `ports.Access`."""
        opened = self._log(log)
        return opened.entries(start, min(stop, opened.size))

    def proof(self, log: str, index: int) -> bytes:
        """See `ports.Access`."""
        opened = self._log(log)
        if index < opened.size and not self._published(opened, index + 1):
            raise Unavailable(f"no checkpoint covers entry {index} yet", hint="run it again in a moment")
        return opened.proof(index)

    def blob(self, log: str, digest: str) -> bytes:
        """See `ports.Access`."""
        content = self._log(log).blobs.get(digest)
        if content is None:
            raise CouldNotCheck(f"the blob {digest} is absent", hint=f"look in {self._data / 'blobs'}")
        return content

    def checkpoint(self, log: str) -> bytes:
        """See `ports.Access`."""
        opened = self._log(log)
        self._published(opened, opened.size)
        return opened.checkpoint()

    def verifier_key(self, log: str) -> str:
        """See `ports.Access`."""
        return self._log(log).verifier_key.text

    def tile(self, log: str, path: str) -> bytes:
        """See `ports.Access`."""
        content = self._log(log).object(parse_tile_path(path))
        if content is None:
            raise NotFound(f"there is no {path} in {log}")
        return content

    def logs(self) -> list[dict[str, Any]]:
        """See `ports.Access`."""
        listed = []
        for name in log_names(self._data):
            log = self._log(name)
            listed.append({"name": name, "origin": log.origin, "size": log.size})
        return listed

    def create_log(self, name: str, origin: str | None) -> dict[str, Any]:
        """See `ports.Access`."""
        from graven.log.create import create_log

        create_log(self._data, name, origin=origin, clock=self._clock)
        return {"name": name, "origin": self._log(name).origin}

    def tokens(self) -> list[TokenInfo]:
        """See `ports.Access`."""
        from graven.cli.access import local_tokens

        return local_tokens.listed(self._data)

    def create_token(self, name: str, roles: Sequence[str], logs: Sequence[str]) -> tuple[str, str]:
        """See `ports.Access`."""
        from graven.cli.access import local_tokens

        return local_tokens.create(self._data, name, roles, logs)

    def revoke_token(self, token_id: str) -> None:
        """See `ports.Access`."""
        from graven.cli.access import local_tokens

        local_tokens.revoke(self._data, token_id)

    def close(self) -> None:
        """Publish what was accepted and close every log that was opened."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
