"""`POST /k8s/{log}/audit`: the audit webhook of a Kubernetes API server.

Such a sender drops or endlessly repeats what is refused, so one bad item never costs the others: what
cannot be parsed is kept in quarantine, and so is an item whose id is known with other content.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from graven.errors import Conflict, InvalidInput
from graven.event.batch import PreparedBatch
from graven.event.intake import Producer
from graven.event.mappers.k8s import prepare_k8s
from graven.event.quarantine import quarantine_entry, quarantine_key
from graven.event.uuid7 import make as make_uuid7
from graven.log.messages import Appended
from graven.log.opened import Log
from graven.server.append import Appender
from graven.server.body import content_coding, read_body
from graven.server.service import Service, client_ip

__all__ = ["ForeignAnswer", "K8sIntake"]

Receive = Callable[[], Awaitable[Any]]


class ForeignAnswer(msgspec.Struct, frozen=True):
    """`quarantined` of the new entries hold what could not be taken as it was."""

    first: int | None
    count: int
    quarantined: int
    duplicates: dict[int, int]
    ids: dict[int, str]


class K8sIntake:
    """Reads, maps and appends one webhook call."""

    def __init__(self, service: Service, appender: Appender) -> None:
        self._service = service
        self._appender = appender

    async def handle(self, log_name: str, scope: Any, receive: Receive) -> ForeignAnswer:
        """Raises what authentication, limits and the log say; never for a single item."""
        service = self._service
        headers = dict(scope["headers"])
        principal = service.authenticate(headers)
        principal.require("append", log_name)
        log = service.logs.get(log_name)
        source = _source(scope["query_string"], log_name)
        producer = Producer(principal.token_id, client_ip(scope))
        now_ns = service.clock()

        def prepare(body: bytes) -> PreparedBatch:
            return prepare_k8s(body, producer, service.redactor, source=source, now_ns=now_ns)

        with service.budget.reserve(principal.token_id) as reservation:
            body = await read_body(headers, receive, reservation, service.settings.limits.body_bytes)
            batch = await self._appender.prepare(body, content_coding(headers), reservation, prepare)
            del body
            if batch.blobs:
                await service.on_disk(self._appender.store_blobs, log, principal.token_id, batch)
            quarantined = batch.quarantined
            if not len(batch):
                return ForeignAnswer(None, 0, 0, {}, {})
            try:
                answer = await service.completions.append(log, batch)
            except Conflict:
                answer, conflicting = await self._one_by_one(log, batch, producer, source)
                quarantined += conflicting
        service.metrics.events.labels(log_name).inc(answer.count)
        service.metrics.quarantined.labels(log_name).inc(quarantined)
        service.metrics.redacted.inc(batch.redacted)
        return ForeignAnswer(answer.first, answer.count, quarantined, answer.duplicates, answer.ids)

    async def _one_by_one(
        self, log: Log, batch: PreparedBatch, producer: Producer, source: str
    ) -> tuple[Appended, int]:
        """Append item by item; one whose id has other content goes to quarantine."""
        first: int | None = None
        count = conflicting = 0
        duplicates: dict[int, int] = {}
        for at in range(len(batch)):
            one = PreparedBatch([batch.tails[at]], [batch.keys[at]], [batch.digests[at]])
            try:
                answer = await self._service.completions.append(log, one)
            except Conflict as conflict:
                conflicting += 1
                one = self._quarantined(batch.tails[at], str(conflict), producer, source)
                await self._service.on_disk(self._appender.store_blobs, log, producer.token_id, one)
                answer = await self._service.completions.append(log, one)
            count += answer.count
            if answer.first is not None and first is None:
                first = answer.first
            elif answer.first is None:
                duplicates[at] = answer.duplicates[0]
        return Appended(first, count, duplicates, batch.made_ids), conflicting

    def _quarantined(self, tail: bytes, reason: str, producer: Producer, source: str) -> PreparedBatch:
        made_id = make_uuid7(self._service.clock(), os.urandom)
        kept = quarantine_entry(
            tail,
            expected="k8s.audit/v1",
            reason=reason,
            token=producer.token_id,
            ip=producer.ip,
            source=source,
            made_id=made_id,
        )
        key = quarantine_key(producer.token_id, source, kept.digest)
        return PreparedBatch([kept.tail], [key], [key], blobs={kept.digest: kept.content}, quarantined=1)


def _source(query: bytes, log_name: str) -> str:
    given = parse_qs(query.decode("latin-1"), keep_blank_values=True)
    unknown = sorted(set(given) - {"source", "timeout"})  # API servers add ?timeout=30s
    if unknown:
        raise InvalidInput(f"unknown query {unknown[0][:100]!r}", hint="?source=NAME", code="unknown_query")
    source = given.get("source", [f"k8s/{log_name}"])[0]
    if not 1 <= len(source) <= 200 or not source.isprintable():
        raise InvalidInput("`source` must have 1 to 200 printable characters", code="invalid_source")
    return source
