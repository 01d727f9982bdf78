"""Appending over HTTP: the hot path, a plain ASGI handler without framework.

authenticate → role → log → room in the budget → body → prepare → blobs → submit → await the commit.
Single events are prepared on the loop, those of one turn together; small plain bodies too, because handing
them on costs more than the work. Large or compressed ones go to the intake threads, and from there, when they
are large, to the parser processes, so that the loop stays responsive and the writer gets the interpreter lock.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from graven.errors import InvalidEvent, InvalidInput
from graven.event.batch import PreparedBatch
from graven.event.intake import Producer, check_count, prepare_events
from graven.log.messages import Appended, KeyedRequest
from graven.log.opened import Log
from graven.server.access import Principal
from graven.server.body import ClientGone, content_coding, read_body
from graven.server.coalesce import Coalescer, may_join
from graven.server.encoding import decompress
from graven.server.limits import Reservation
from graven.server.problems import code_of, send_problem
from graven.server.protocol import RESPOND
from graven.server.service import Service, client_ip

__all__ = ["AppendAnswer", "Appender", "answer_bytes", "send_json"]

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Prepare = Callable[[bytes], PreparedBatch]

_JSON_LINE = b"content-type: application/json\r\n"

INLINE_BYTES = 128 * 1024
"""Plain bodies up to this size are prepared on the event loop (about a millisecond)."""

_HEAVY_BYTES = 2 * 1024 * 1024
_EVENT_BYTES = 400  # what a prepared event takes beside its bytes, roughly


class AppendAnswer(msgspec.Struct, frozen=True):
    """`first` is the index of the first new entry, or null; positions are those in the request."""

    first: int | None
    count: int
    duplicates: dict[int, int]
    ids: dict[int, str]


_encode = msgspec.json.Encoder().encode


def answer_bytes(answer: Appended) -> bytes:
    """The answer's JSON."""
    return _encode(AppendAnswer(answer.first, answer.count, answer.duplicates, answer.ids))


class Appender:
    """`POST /v1/logs/{log}/events`, and the parts that other intakes share."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._limit = service.settings.limits.body_bytes
        self._coalescer = Coalescer(self._prepare_here)

    async def __call__(self, log_name: str, scope: Any, receive: Receive, send: Send) -> None:
        """Handle one request; every refusal is answered in the one error shape."""
        started = time.perf_counter()
        try:
            status, answer = await self.handle(log_name, scope, receive)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
            self._service.metrics.refused.labels(code_of(error)).inc()
            await send_problem(send, error)
            return
        respond = scope.get("extensions", {}).get(RESPOND)
        if respond is not None and not answer.replayed:
            respond(status, _JSON_LINE, answer_bytes(answer))
        else:
            await send_json(send, status, answer_bytes(answer), replayed=answer.replayed)
        self._service.metrics.append_seconds.observe(time.perf_counter() - started)

    async def handle(self, log_name: str, scope: Any, receive: Receive) -> tuple[int, Appended]:
        """Status and answer of one request; raises any refusal, and ClientGone."""
        service = self._service
        headers = dict(scope["headers"])
        principal = service.authenticate(headers)
        principal.require("append", log_name)
        log = service.logs.get(log_name)
        with service.budget.reserve(principal.token_id) as reservation:
            status, answer = await self._append(log, principal, headers, scope, receive, reservation)
        service.metrics.events.labels(log_name).inc(answer.count)
        return status, answer

    async def _append(
        self,
        log: Log,
        principal: Principal,
        headers: Mapping[bytes, bytes],
        scope: Any,
        receive: Receive,
        reservation: Reservation,
    ) -> tuple[int, Appended]:
        wait = _wants_publication(scope["query_string"])
        key = _idempotency_key(headers)
        producer = Producer(principal.token_id, client_ip(scope))
        media_type = headers.get(b"content-type", b"").decode("latin-1")

        def prepare(body: bytes) -> PreparedBatch:
            if len(body) > INLINE_BYTES and self._service.parsers.available:
                return self._prepare_elsewhere(body, media_type, producer)
            return self._prepare_here(body, media_type, producer)

        keyed: KeyedRequest | None = None
        body = await read_body(headers, receive, reservation, self._limit)
        if key is not None:
            digest = hashlib.sha256(headers.get(b"content-type", b"") + b"\x00" + body).digest()
            keyed = KeyedRequest(f"{principal.token_id}/{key}", digest)
        coding = content_coding(headers)
        if coding is None and may_join(body, media_type):
            batch = await self._coalescer.prepare(body, producer)
            self._account(batch, reservation)
        else:
            batch = await self.prepare(body, coding, reservation, prepare)
        del body
        if batch.blobs or batch.attachments:
            await self._service.on_disk(self.store_blobs, log, principal.token_id, batch)
        if batch.redacted:
            self._service.metrics.redacted.inc(batch.redacted)
        answer = await self._service.completions.append(log, batch, keyed)
        if not wait:
            return 200, answer
        return await self._published(log, answer), answer

    async def prepare(
        self, body: bytes, coding: str | None, reservation: Reservation, prepare: Prepare
    ) -> PreparedBatch:
        """Decompress and prepare where it disturbs least."""
        if coding is None and len(body) <= INLINE_BYTES:
            batch = prepare(body)
            self._account(batch, reservation)
            return batch
        return await self.prepare_apart(body, coding, reservation, prepare)

    async def prepare_apart(
        self, body: bytes, coding: str | None, reservation: Reservation, prepare: Prepare
    ) -> PreparedBatch:
        """Decompress and prepare on the intake threads, whatever the size."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.intake, self._expand, body, coding, reservation, prepare)

    def _prepare_here(self, body: bytes, media_type: str, producer: Producer) -> PreparedBatch:
        service = self._service
        most = service.settings.limits.events
        return prepare_events(body, media_type, producer, service.redactor, now_ns=service.clock(), most=most)

    def _prepare_elsewhere(self, body: bytes, media_type: str, producer: Producer) -> PreparedBatch:
        service = self._service
        most = service.settings.limits.events
        return service.parsers.prepare(body, media_type, producer, now_ns=service.clock(), most=most)

    def _expand(self, body: bytes, coding: str | None, reservation: Reservation, prepare: Prepare) -> PreparedBatch:
        if coding is not None:
            body = decompress(body, coding, limit=self._limit, account=reservation.grow)
        with self._service.heavy if len(body) > _HEAVY_BYTES else contextlib.nullcontext():
            batch = prepare(body)
        self._account(batch, reservation)
        return batch

    def _account(self, batch: PreparedBatch, reservation: Reservation) -> None:
        """Any intake's batch: not more events than a request may hold, and their room in the budget."""
        check_count(len(batch), self._service.settings.limits.events)
        reservation.grow(len(batch) * _EVENT_BYTES)

    def store_blobs(self, log: Log, token_id: str, batch: PreparedBatch) -> None:
        """Blobs durable, attachments known, references kept: before the batch is submitted."""
        references = self._service.references
        if batch.attachments:
            references.check_attachments(log.name, token_id, batch)
            _check_sizes(log, batch)
        for content in batch.blobs.values():
            log.blobs.put(content)
        references.keep(log.name, {*batch.blobs, *(digest for _, digest, _ in batch.attachments)})

    async def _published(self, log: Log, answer: Appended) -> int:
        last = -1 if answer.first is None else answer.first + answer.count - 1
        last = max(last, *answer.duplicates.values(), -1) if answer.duplicates else last
        timeout_s = self._service.settings.limits.publish_wait_s
        return 200 if await self._service.completions.published(log, last + 1, timeout_s) else 202


async def send_json(send: Send, status: int, body: bytes, *, replayed: bool = False) -> None:
    """Answer a raw ASGI request with JSON."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if replayed:
        headers.append((b"idempotency-replayed", b"true"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _wants_publication(query: bytes) -> bool:
    if not query:
        return False
    if query == b"wait=published":
        return True
    raise InvalidInput(
        f"unknown query {query.decode('latin-1')[:100]!r}", hint="?wait=published is the only one", code="unknown_query"
    )


def _idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    raw = headers.get(b"idempotency-key")
    if raw is None:
        return None
    if not 1 <= len(raw) <= 255 or not all(0x20 < byte < 0x7F for byte in raw):
        raise InvalidInput(
            "Idempotency-Key must have 1 to 255 visible ASCII characters", code="invalid_idempotency_key"
        )
    return raw.decode("ascii")


def _check_sizes(log: Log, batch: PreparedBatch) -> None:
    wrong = []
    absent = set()
    for item, digest, size in batch.attachments:
        stored = log.blobs.size(digest)
        if stored is None:
            absent.add(digest)
        if stored is None or stored != size:
            reason = f"{digest} is not stored" if stored is None else f"{digest} has {stored} bytes, not {size}"
            wrong.append({"item": item, "field": "attachments", "reason": reason, "suggestion": "PUT /v1/blobs"})
    if wrong:
        raise InvalidEvent(
            f"{len(wrong)} attachments do not match what is stored",
            hint="PUT /v1/blobs first, and name its digest and size",
            code="unknown_attachment",
            details={"errors": wrong, "digests": sorted(absent)},
        )
