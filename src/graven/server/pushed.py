"""Entries of another log: `POST /v1/logs/{log}/entries`, and `…/entries/known`, which spares sending them again.

A body is a plain entry bundle (C2SP tlog-tiles: each entry after its length as a uint16), as the tiles of the other log
hold it; the query says which log it comes from and where its first entry stands there. Every entry is idempotent by
its place and its bytes, whoever sends it, so that nothing but sending again is needed after a failure.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from graven.errors import InvalidEvent, InvalidInput, TooLarge
from graven.event.batch import PreparedBatch
from graven.event.intake import Producer, check_count
from graven.event.mappers.pushed import prepare_pushed
from graven.event.pushed import check_origin
from graven.log.messages import Appended
from graven.log.opened import Log
from graven.server.access import Principal
from graven.server.append import INLINE_BYTES, Appender
from graven.server.body import content_coding, read_body
from graven.server.known import known_ranges, refuse_itself
from graven.server.limits import Reservation
from graven.server.parsing.bundle import decode_entries
from graven.server.service import Service, client_ip
from graven.tlog.encoding import decode_decimal
from graven.tlog.hashing import HASH_SIZE

__all__ = ["KnownAnswer", "PushedIntake"]

Receive = Callable[[], Awaitable[Any]]


class KnownAnswer(msgspec.Struct, frozen=True):
    """Ranges of what is here: [position in the request, index in this log, number of entries]."""

    known: list[tuple[int, int, int]]


class PushedIntake:
    """Reads, wraps and appends; and tells what needs no sending."""

    def __init__(self, service: Service, appender: Appender) -> None:
        self._service = service
        self._appender = appender

    async def handle(self, log_name: str, scope: Any, receive: Receive) -> Appended:
        """One bundle. Raises what authentication, limits, the entries and the log say; nothing is stored then."""
        service = self._service
        headers, principal, log, origin, first = self._asked(log_name, scope)
        producer = Producer(principal.token_id, client_ip(scope))
        with service.budget.reserve(principal.token_id) as reservation:
            body = await read_body(headers, receive, reservation, service.settings.limits.body_bytes)

            def prepare(plain: bytes) -> PreparedBatch:
                return self._prepare(log, plain, producer, origin, first, reservation)

            batch = await self._appender.prepare_apart(body, content_coding(headers), reservation, prepare)
            del body
            if batch.blobs or batch.attachments:
                await service.on_disk(self._appender.store_blobs, log, principal.token_id, batch)
            answer = await service.completions.append(log, batch)
        service.metrics.events.labels(log_name).inc(answer.count)
        service.metrics.redacted.inc(batch.redacted)
        return answer

    async def known(self, log_name: str, scope: Any, receive: Receive) -> KnownAnswer:
        """The body is leaf hashes, 32 bytes each. Nobody learns more by it than by sending the entries."""
        service = self._service
        headers, principal, log, origin, first = self._asked(log_name, scope)
        with service.budget.reserve(principal.token_id) as reservation:
            body = await read_body(headers, receive, reservation, service.settings.limits.body_bytes)
            check_count(len(body) // HASH_SIZE, service.settings.limits.events)
            return KnownAnswer(await service.on_disk(known_ranges, log, origin, first, body))

    def _asked(self, log_name: str, scope: Any) -> tuple[dict[bytes, bytes], Principal, Log, str, int]:
        """Headers, who asks, the log, and the place that the query names; whoever may not append learns nothing."""
        headers = dict(scope["headers"])
        principal = self._service.authenticate(headers)
        principal.require("append", log_name)
        log = self._service.logs.get(log_name)
        origin, first = _place(scope["query_string"])
        refuse_itself(log, origin)
        return headers, principal, log, origin, first

    def _prepare(
        self, log: Log, body: bytes, producer: Producer, origin: str, first: int, reservation: Reservation
    ) -> PreparedBatch:
        service = self._service
        limit = service.settings.limits.body_bytes
        most = service.settings.limits.events
        if len(body) > INLINE_BYTES and service.parsers.available:
            batch = service.parsers.prepare_entries(body, producer, origin=origin, first=first, most=most)
            if batch is not None:
                return batch
        entries = decode_entries(body, most)
        absent: dict[str, int] = {}
        loaded = 0

        def load(at: int, digest: str, size: int) -> bytes:
            nonlocal loaded
            # whoever may not refer to a blob must not learn from our errors what it holds
            if not service.references.may_attach(log.name, producer.token_id, digest):
                absent.setdefault(digest, at)
                raise InvalidInput(f"{digest} was not uploaded")
            loaded += size
            if loaded > limit:
                raise TooLarge(
                    f"the events of this request take more than {limit} bytes with those that lie in blobs",
                    hint="send fewer entries at a time; limits.body_bytes of the server bounds a single event",
                    details={"limit": limit},
                    code="body_too_large",
                )
            reservation.grow(size)
            stored = log.blobs.size(digest)
            content = log.blobs.get(digest) if stored == size else None
            if content is None:
                if stored is None:
                    absent.setdefault(digest, at)
                raise InvalidInput(f"{digest} of {size} bytes is not stored")
            return content

        try:
            return prepare_pushed(entries, producer, service.redactor, origin=origin, first=first, load=load)
        except InvalidEvent as error:
            if absent:
                raise _unknown(absent) from error
            raise


def _unknown(absent: dict[str, int]) -> InvalidEvent:
    errors = [
        {"item": at, "field": "blob", "reason": f"{digest} was not uploaded", "suggestion": "PUT /v1/blobs"}
        for digest, at in absent.items()
    ]
    return InvalidEvent(
        f"{len(absent)} events lie in blobs that were never uploaded with this token",
        hint="PUT /v1/blobs first, with the same token",
        code="unknown_attachment",
        details={"errors": errors, "digests": sorted(absent)},
    )


def _place(query: bytes) -> tuple[str, int]:
    """(origin, index of the first entry there) of the query."""
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    unknown = sorted(set(given) - {"origin", "first"})
    twice = sorted(name for name, values in given.items() if len(values) != 1)
    if unknown or twice:
        told = f"unknown query {unknown[0][:100]!r}" if unknown else f"the query has {twice[0]!r} more than once"
        raise InvalidInput(told, hint="?origin=ORIGIN&first=INDEX", code="unknown_query")
    origin = given.get("origin", [""])[0]
    check_origin(origin)
    return origin, decode_decimal(given.get("first", ["0"])[0])
