"""Checked events become the bytes of their entries: ids, idempotency keys, redaction, splicing, oversize.

Everything is done in a few comprehensions over the batch. The common case (one source, ids that JSON spells
without escapes) builds each entry with one formatting operation.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from graven.event import uuid7
from graven.event.batch import DIGEST_SIZE, HEAD_SIZE, MAX_ENTRY_SIZE, PreparedBatch
from graven.event.envelope import encode_text, entry_tail
from graven.event.extract import Extract
from graven.event.redact import Redactor
from graven.event.validate import Fault, invalid_event

__all__ = ["FORMAT", "Producer", "assemble", "blob_digest", "idempotency_key"]

FORMAT: Final = "event/1"
_MAX_TAIL: Final = MAX_ENTRY_SIZE - HEAD_SIZE
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_encode: Final = msgspec.json.Encoder().encode


class Producer(msgspec.Struct, frozen=True):
    """Who sent a request, as the server saw it: the id of the token and the address."""

    token_id: str
    ip: str


def idempotency_key(token_id: str, source: str, event_id: str) -> bytes:
    """The 16 bytes under which the log looks for an earlier copy of an event."""
    text = f"{token_id}\x00{source}\x00{event_id}".encode()
    return hashlib.sha256(text).digest()[:DIGEST_SIZE]


def blob_digest(content: bytes) -> str:
    """`sha256:<64 lower-case hex>`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def assemble(
    items: list[bytes],
    extract: Extract,
    marked: dict[int, int],
    producer: Producer,
    redactor: Redactor,
    now_ns: int,
    random: Callable[[int], bytes],
) -> PreparedBatch:
    """Build the batch. `items` are the exact bytes, `marked` says which need which redaction rules.

    `InvalidEvent` for control characters in an id or source: they would make keys ambiguous.
    """
    ids, made = _ids(extract.ids, now_ns, random)
    sources = extract.sources
    batch = PreparedBatch(made_ids=made)
    sha256 = hashlib.sha256
    batch.digests = [sha256(item).digest()[:DIGEST_SIZE] for item in items]
    spelled = _encode(ids)
    if b"\\" in spelled:
        _splice_each(batch, items, ids, sources, producer)
    else:
        _splice_plain(batch, items, spelled, sources, producer)
    replaced = _redact(batch, items, ids, sources, marked, producer, redactor)
    if max(map(len, batch.tails)) > _MAX_TAIL:
        _move_oversize(batch, items, ids, sources, producer, replaced)
    batch.attachments = [
        (at, attachment.digest, attachment.size)
        for at, attachments in enumerate(extract.attachments)
        if attachments
        for attachment in attachments
    ]
    return batch


def _ids(given: list[str | None], now_ns: int, random: Callable[[int], bytes]) -> tuple[list[str], dict[int, str]]:
    if None not in given:
        return given, {}  # type: ignore[return-value]
    missing = [at for at, id_ in enumerate(given) if id_ is None]
    made = dict(zip(missing, uuid7.make_many(now_ns, random, len(missing)), strict=True))
    return [made[at] if id_ is None else id_ for at, id_ in enumerate(given)], made


def _splice_plain(
    batch: PreparedBatch, items: list[bytes], spelled: bytes, sources: list[str], producer: Producer
) -> None:
    # without escapes no id holds a quotation mark or a control character, so this splits exactly between ids
    ids = spelled[2:-2].split(b'","')
    lead = b',"by":{"token":%b,"ip":%b},"id":"' % (encode_text(producer.token_id), encode_text(producer.ip))
    lead = lead.replace(b"%", b"%%")
    prefixes: dict[str, bytes] = {}
    templates: dict[str, bytes] = {}
    for source in set(sources):
        if _CONTROL.search(source) is not None:
            _check_names(sources, [""] * len(sources))  # raises, naming every item
        prefixes[source] = f"{producer.token_id}\x00{source}\x00".encode()
        middle = b'","source":%b,"format":"event/1","data":' % encode_text(source)
        templates[source] = b"%b%%b%b%%b}" % (lead, middle.replace(b"%", b"%%"))
    sha256 = hashlib.sha256
    batch.keys = [
        sha256(prefixes[source] + id_).digest()[:DIGEST_SIZE] for source, id_ in zip(sources, ids, strict=True)
    ]
    batch.tails = [templates[source] % (id_, item) for source, id_, item in zip(sources, ids, items, strict=True)]


def _splice_each(
    batch: PreparedBatch, items: list[bytes], ids: list[str], sources: list[str], producer: Producer
) -> None:
    _check_names(sources, ids)
    batch.keys = [idempotency_key(producer.token_id, source, id_) for source, id_ in zip(sources, ids, strict=True)]
    by = b',"by":{"token":%b,"ip":%b},"id":' % (encode_text(producer.token_id), encode_text(producer.ip))
    middles = {source: b',"source":%b,"format":"event/1","data":' % encode_text(source) for source in set(sources)}
    batch.tails = [
        b"%b%b%b%b}" % (by, encode_text(id_), middles[source], item)
        for id_, source, item in zip(ids, sources, items, strict=True)
    ]


def _check_names(sources: Sequence[str], ids: Sequence[str]) -> None:
    faults = [
        Fault(at, field, "control characters are not allowed here")
        for at, names in enumerate(zip(ids, sources, strict=True))
        for field, name in zip(("id", "source"), names, strict=True)
        if _CONTROL.search(name) is not None
    ]
    if faults:
        raise invalid_event(faults)


def _redact(
    batch: PreparedBatch,
    items: list[bytes],
    ids: Sequence[str],
    sources: Sequence[str],
    marked: dict[int, int],
    producer: Producer,
    redactor: Redactor,
) -> dict[int, int]:
    """Replace what the rules take; position → number of values replaced."""
    replaced: dict[int, int] = {}
    for at, rules in marked.items():
        if not rules:
            continue
        data, count = redactor.redact_bytes(items[at], event=True, rules=rules)
        if count:
            items[at] = data
            batch.tails[at] = _tail(data, ids[at], sources[at], producer, redacted=count)
            replaced[at] = count
    batch.redacted = sum(replaced.values())
    return replaced


def _tail(
    data: bytes | None,
    id_: str,
    source: str,
    producer: Producer,
    *,
    redacted: int = 0,
    blob: tuple[str, int] | None = None,
) -> bytes:
    return entry_tail(
        token=producer.token_id,
        ip=producer.ip,
        id=id_,
        source=source,
        format=FORMAT,
        data=data,
        redacted=redacted,
        blob=blob,
    )


def _move_oversize(
    batch: PreparedBatch,
    items: Sequence[bytes],
    ids: Sequence[str],
    sources: Sequence[str],
    producer: Producer,
    replaced: dict[int, int],
) -> None:
    for at, tail in enumerate(batch.tails):
        if len(tail) <= _MAX_TAIL:
            continue
        content = items[at]
        blob = (blob_digest(content), len(content))
        batch.blobs[blob[0]] = content
        batch.tails[at] = _tail(None, ids[at], sources[at], producer, redacted=replaced.get(at, 0), blob=blob)
