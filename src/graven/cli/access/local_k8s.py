"""Audit events of which one has a known id and other content: that one goes to quarantine, as at a server."""

import hashlib
import os

from graven.cli.access.ports import Answer
from graven.errors import Conflict
from graven.event.batch import DIGEST_SIZE, PreparedBatch
from graven.event.intake import Producer
from graven.event.quarantine import quarantine_entry
from graven.event.uuid7 import make as make_uuid7
from graven.log.opened import Log

__all__ = ["append_one_by_one"]


def append_one_by_one(log: Log, batch: PreparedBatch, producer: Producer, *, source: str, now_ns: int) -> Answer:
    """Append each item of `batch`, whose blobs come along; conflicting ones as `quarantine/1`."""
    first: int | None = None
    count = 0
    quarantined = batch.quarantined
    duplicates: dict[int, int] = {}
    for at in range(len(batch)):
        one = PreparedBatch([batch.tails[at]], [batch.keys[at]], [batch.digests[at]], blobs=batch.blobs)
        try:
            answer = log.append(one)
        except Conflict as conflict:
            quarantined += 1
            answer = log.append(_quarantined(batch.tails[at], conflict.message, producer, source, now_ns))
        count += answer.count
        if answer.first is None:
            duplicates[at] = answer.duplicates[0]
        elif first is None:
            first = answer.first
    return Answer(first, count, duplicates, batch.made_ids, quarantined)


def _quarantined(tail: bytes, reason: str, producer: Producer, source: str, now_ns: int) -> PreparedBatch:
    kept = quarantine_entry(
        tail,
        expected="k8s.audit/v1",
        reason=reason,
        token=producer.token_id,
        ip=producer.ip,
        source=source,
        made_id=make_uuid7(now_ns, os.urandom),
    )
    # the same content again is the same entry, so that importing a file twice records it once
    key = hashlib.sha256(b"quarantine\x00" + tail).digest()[:DIGEST_SIZE]
    return PreparedBatch([kept.tail], [key], [key], blobs={kept.digest: kept.content}, quarantined=1)
