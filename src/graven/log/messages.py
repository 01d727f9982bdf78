"""What goes in and out of a log: options, keyed requests, answers, incidents. Plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from graven.errors import InvalidInput

__all__ = ["Appended", "Incident", "KeyedRequest", "LogOptions", "decode_answer", "encode_answer"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Bounds and rhythms of one log. All byte bounds are soft by at most one batch.

    `group_bytes` caps a journal frame unless a single batch is larger; `queue_bytes` bounds what waits
    for the writer (beyond it `submit` answers Busy); `pending_bytes` bounds what is committed but not
    yet integrated (beyond it the writer waits); `round_bytes` starts an integration round early.
    """

    group_bytes: int = 4 * MIB
    queue_bytes: int = 32 * MIB
    pending_bytes: int = 64 * MIB
    round_bytes: int = 24 * MIB
    segment_bytes: int = 32 * MIB
    publish_every_s: float = 1.0
    publish_soon_s: float = 0.05
    keyed_requests: int = 2_000_000
    keyed_hours: float = 24.0
    clock_tolerance_s: float = 5.0
    supervise: bool = True
    """Reopen from disk by itself after the writer stopped; False leaves that to the caller (tests)."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """An `Idempotency-Key`, scoped by the caller to its principal, and the SHA-256 of the body."""

    key: str
    body_digest: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """The answer to a committed batch.

    `first` is the index of the first *new* entry (None when all were known), `count` the number of new
    ones; `duplicates` maps a position in the batch to the index it already has, `ids` a position to the
    id that the server made. `replayed`: the same keyed request was answered before, with this.
    """

    first: int | None
    count: int
    duplicates: dict[int, int] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that belongs in the `system` log, a metric and a log line.

    Kinds: `journal_torn`, `writer_stopped`, `writer_restarted`, `restart_failed`, `restart_refused`,
    `highwater_unwritable`, `idempotency_damaged`, `requests_lost`, `control_lost`, `callback_failed`, `anchor_failed`,
    `anchor_conflict`, `scrub_finding`, `scrub_could_not_check`, `clock_accepted`, `rollback_adopted`,
    `incidents_lost`.
    """

    kind: str
    log: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    first: int | None
    count: int
    duplicates: dict[int, int]
    ids: dict[int, str]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode


def encode_answer(answer: Appended) -> bytes:
    """The answer as compact JSON, for the journal and the table of keyed requests."""
    return _encode(_Answer(answer.first, answer.count, answer.duplicates, answer.ids))


def decode_answer(data: bytes) -> Appended:
    """The inverse of `encode_answer`, marked `replayed`; InvalidInput on anything else."""
    try:
        found = _decode(data)
    except msgspec.MsgspecError as error:
        raise InvalidInput("a kept answer is not readable", why=str(error)) from error
    return Appended(found.first, found.count, found.duplicates, found.ids, replayed=True)
