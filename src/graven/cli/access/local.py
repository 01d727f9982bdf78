"""A data directory that no server holds: opened as a server opens it, used, and closed.

The start-up checks, the first start, redaction and the log `system` are the server's own; only the
network is missing. What is recorded here stands in the log under the token `local`.
"""

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

from graven.cli.access.local_k8s import append_one_by_one
from graven.cli.access.ports import Answer, StoredBlob, TokenInfo
from graven.errors import Conflict, CouldNotCheck, Forbidden, InvalidEvent, InvalidInput, NotFound, Unavailable
from graven.event.batch import PreparedBatch
from graven.event.envelope import format_time
from graven.event.intake import Producer, prepare_events
from graven.event.mappers.k8s import prepare_k8s
from graven.event.mappers.pushed import prepare_pushed
from graven.event.redact import Redactor
from graven.log.layout import SYSTEM_LOG
from graven.log.messages import KeyedRequest
from graven.log.opened import Log
from graven.server.control import Control
from graven.server.first_start import finish_first_start, first_start_finished, prepare_data_dir, redaction_key
from graven.server.known import known_ranges, refuse_itself
from graven.server.log_lines import for_people
from graven.server.logs import LogSet
from graven.server.redaction import recorded_rules
from graven.server.references import BlobReferences
from graven.server.settings import LimitSettings
from graven.server.system import system_event
from graven.server.tokens import TokenStore
from graven.tlog.tiles import ENTRIES_LEVEL, parse_tile_path

if TYPE_CHECKING:
    from graven.cli.access.questions import Search
    from graven.qa.shown import ShownTest

__all__ = ["LOCAL", "LocalAccess"]

LOCAL = "local"
PRODUCER = Producer(LOCAL, "127.0.0.1")
"""Who stands in `by` of an entry that was recorded without a server."""

PUBLISH_WAIT_S = 30.0
_PIECE: Final = 1024 * 1024


class LocalAccess:
    """One data directory with all its logs. See `ports.Access`; raises RefusedToStart like a server."""

    def __init__(self, data: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.where = str(data)
        self._data = data
        self._clock = clock
        for_people()
        prepare_data_dir(data)
        self._control = Control(data)
        self._logs = LogSet(data, self._control, clock=clock)
        try:
            self._logs.open_system(create=not first_start_finished(self._control))
            self._logs.open_all()
            self._tokens = TokenStore(self._control, self._logs.system.announce, clock=clock)
            finish_first_start(data, self._control, self._logs, self._tokens, None)
            self._references = BlobReferences(self._control)
            self._redactor = Redactor(recorded_rules(self._control), *redaction_key(data))
            self._bundles_of: set[str] = set()
        except BaseException:
            self.close()
            raise

    def _log(self, name: str) -> Log:
        return self._logs.get(name)

    def _record_read(self, action: str, log: str, *targets: tuple[str, str], **facts: Any) -> None:
        """Reading a payload is recorded before it is given; reading `system` too, once (the record is no read)."""
        event = system_event(action, targets=(("log", log), *targets), attributes={"by": LOCAL, **facts})
        self._logs.system.record(event)

    def append(self, log: str, body: bytes, media_type: str, *, key: str, wait: bool) -> Answer:
        """See `ports.Access`."""
        opened = self._writable(log)
        batch = prepare_events(body, media_type, PRODUCER, self._redactor, now_ns=self._clock())
        _check_attachments(batch, opened)
        keyed = KeyedRequest(f"{LOCAL}:{key}", hashlib.sha256(body).digest()) if key else None
        self._references.keep(log, {*batch.blobs, *(digest for _, digest, _ in batch.attachments)})
        appended = opened.append(batch, keyed)
        published = wait and self._published(opened, opened.size)
        return Answer(appended.first, appended.count, appended.duplicates, appended.ids, batch.quarantined, published)

    def append_k8s(self, log: str, body: bytes, *, source: str) -> Answer:
        """See `ports.Access`."""
        opened = self._writable(log)
        source = source or f"k8s/{log}"
        batch = prepare_k8s(body, PRODUCER, self._redactor, source=source, now_ns=self._clock())
        self._references.keep(log, set(batch.blobs))
        try:
            appended = opened.append(batch)
        except Conflict:
            return append_one_by_one(opened, batch, PRODUCER, source=source, now_ns=self._clock())
        return Answer(appended.first, appended.count, appended.duplicates, appended.ids, batch.quarantined)

    def append_entries(self, log: str, entries: Sequence[bytes], *, origin: str, first: int) -> Answer:
        """See `ports.Access`."""
        opened = self._writable(log)
        refuse_itself(opened, origin)
        absent: set[str] = set()

        def load(at: int, digest: str, size: int) -> bytes:
            content = opened.blobs.get(digest)
            if content is None or len(content) != size:
                absent.add(digest)
                raise InvalidInput(f"{digest} of {size} bytes is not in the blob store")
            return content

        try:
            batch = prepare_pushed(entries, PRODUCER, self._redactor, origin=origin, first=first, load=load)
        except InvalidEvent as error:
            if not absent:
                raise
            details = {**error.details, "digests": sorted(absent)}
            raise InvalidEvent(error.message, code="unknown_attachment", details=details) from error
        _check_attachments(batch, opened)
        self._references.keep(log, {*batch.blobs, *(digest for _, digest, _ in batch.attachments)})
        appended = opened.append(batch)
        return Answer(appended.first, appended.count, appended.duplicates, appended.ids)

    def known_entries(self, log: str, hashes: bytes, *, origin: str, first: int) -> list[tuple[int, int, int]]:
        """See `ports.Access`."""
        opened = self._writable(log)
        refuse_itself(opened, origin)
        return known_ranges(opened, origin, first, hashes)

    def put_blob(self, stream: BinaryIO) -> StoredBlob:
        """See `ports.Access`; the limit is a server's default, since a server may hold this directory tomorrow."""
        blobs = self._logs.get(SYSTEM_LOG).blobs
        pieces = iter(lambda: stream.read(_PIECE), b"")
        return StoredBlob(*blobs.put_stream(pieces, limit_bytes=LimitSettings().blob_bytes))

    def _writable(self, name: str) -> Log:
        if name == SYSTEM_LOG:
            raise Forbidden(
                "nobody appends to the log system",
                why="graven records there what happens to itself",
                hint="record to another log",
                code="system_is_read_only",
            )
        return self._log(name)

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
        """See `ports.Access`."""
        return self._log(log).size

    def readable_size(self, log: str) -> int:
        """See `ports.Access`."""
        return self._log(log).size

    def entry(self, log: str, index: int) -> bytes:
        """See `ports.Access`."""
        content = self._log(log).entry(index)  # first: in `system` the record may become the entry asked for
        self._record_read("entry.read", log, ("entry", str(index)))
        return content

    def entries(self, log: str, start: int, stop: int) -> Iterator[bytes]:
        """See `ports.Access`."""
        opened = self._log(log)
        stop = min(stop, opened.size)
        self._record_read("entries.read", log, start=start, stop=stop)
        return opened.entries(start, stop)

    def shown_test(
        self, log: str, test: str, run: str | None, attempt: int | None, environment: str | None
    ) -> "ShownTest":
        """See `ports.Access`."""
        from graven.qa.shown import show_test

        opened = self._log(log)
        stop = opened.size
        self._record_read("test.read", log, ("test", test))
        return show_test(
            lambda: opened.entries(0, stop),
            opened.blobs.get,
            test,
            run=run,
            attempt=attempt,
            environment=environment,
        )

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
        self._record_read("blob.read", log, ("blob", digest))
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
        tile = parse_tile_path(path)
        content = self._log(log).object(tile)
        if content is None:
            raise NotFound(f"there is no {path} in {log}")
        if tile.level == ENTRIES_LEVEL and log not in self._bundles_of:
            self._record_read("entries.read", log, first=path, note="stands for all bundles read by this command")
            self._bundles_of.add(log)
        return content

    def logs(self) -> list[dict[str, Any]]:
        """See `ports.Access`."""
        opened = sorted(self._logs.all(), key=lambda log: log.name)
        return [{"name": log.name, "origin": log.origin, "size": log.size} for log in opened]

    def searcher(self) -> "Search":
        """See `ports.ReadAccess`."""
        from graven.cli.access.scanned import ScannedSearch
        from graven.cli.access.scanning import Entries

        def entries(log: str) -> Entries:
            opened = self._log(log)
            return Entries(opened.size, opened.entries, opened.blobs.get)

        def asked_for(method: str, log: str, facts: Mapping[str, Any]) -> None:
            self._record_read(f"events.{method}", log, **facts)

        return ScannedSearch(self.where, entries, asked_for)

    def index_state(self) -> dict[str, Any]:
        """See `ports.ReadAccess`; what lies on disk, which nobody follows now."""
        folder = self._data / "index"
        logs = []
        for log in sorted(self._logs.all(), key=lambda log: log.name):
            sealed = [one for one in (folder / log.name).glob("[0-9]" * 12) if one.is_dir()]
            files = [file for one in sealed for file in one.rglob("*") if file.is_file()]
            logs.append(
                {
                    "name": log.name,
                    "size": log.size,
                    "state": "offline",
                    "sealed_segments": len(sealed),
                    "sealed_bytes": sum(file.stat().st_size for file in files),
                }
            )
        return {"away": True, "logs": logs}

    def rebuild_index(self, log: str) -> bool:
        """See `ports.Access`. It is derived, so that taking it away loses nothing; recorded as a server records it."""
        self._log(log)
        self._record_read("index.rebuild", log)
        folder = self._data / "index" / log
        if folder.is_dir():
            shutil.rmtree(folder)
        return False

    def create_log(self, name: str, origin: str | None) -> dict[str, Any]:
        """See `ports.Access`."""
        created = self._logs.create(name, origin, by=LOCAL)
        return {"name": name, "origin": created.origin}

    def tokens(self) -> list[TokenInfo]:
        """See `ports.Access`."""
        return [
            TokenInfo(
                info.id,
                info.name,
                info.roles,
                info.logs or (),
                format_time(info.created_ns),
                format_time(info.revoked_ns) if info.revoked_ns is not None else "",
            )
            for info in self._tokens.list()
        ]

    def create_token(self, name: str, roles: Sequence[str], logs: Sequence[str]) -> tuple[str, str]:
        """See `ports.Access`."""
        info, text = self._tokens.create(name, list(roles), list(logs) or None, by=LOCAL)
        return info.id, text

    def revoke_token(self, token_id: str) -> None:
        """See `ports.Access`."""
        self._tokens.revoke(token_id, by=LOCAL)

    def close(self) -> None:
        """Publish what was accepted and close everything."""
        try:
            self._logs.close()
        finally:
            self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
        digests = sorted({digest for _, digest, _ in batch.attachments if not log.blobs.has(digest)})
        details = {"errors": missing, "digests": digests}
        raise InvalidEvent("an attachment was never uploaded", code="unknown_attachment", details=details)
