"""Kubernetes audit events (`audit.k8s.io`, v1 and v1beta1) into entries of format `k8s.audit/v1`.

A cluster's webhook cannot mend and resend one bad item, so nothing here refuses a request: what is no audit
event goes to quarantine, bytes and all, and is counted. Taken are an `EventList` (webhook), one `Event`, and
JSON Lines of either (log backend); items of a list and old dumps often lack `apiVersion` or `kind`.

The idempotency id is `auditID/stage`, because a retried webhook batch repeats it exactly. Bodies of secrets
are redacted whole (`k8s-secret-body`): patches and last-applied annotations repeat the data in other shapes.
A cluster user can plant `$redacted` in any object; that must not send the event to quarantine, where no rule
looks, so the server replaces only the planted object (`forged-marker`).
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from graven.errors import InvalidInput
from graven.event import strictjson, uuid7
from graven.event.assemble import Producer, blob_digest, idempotency_key
from graven.event.batch import DIGEST_SIZE, HEAD_SIZE, MAX_ENTRY_SIZE, PreparedBatch
from graven.event.envelope import entry_tail
from graven.event.model import MAX_ID_CHARS
from graven.event.quarantine import quarantine_entry, quarantine_key
from graven.event.redact import FORGED, Redactor
from graven.event.redact.markers import is_marker

__all__ = [
    "FORMAT",
    "SECRET_RULE",
    "VERSIONS",
    "audit_id",
    "prepare_k8s",
    "secret_bodies",
    "split_body",
    "strict_value",
]

FORMAT: Final = "k8s.audit/v1"
SECRET_RULE: Final = "k8s-secret-body"  # noqa: S105  # the name of a rule
VERSIONS: Final = frozenset({"audit.k8s.io/v1", "audit.k8s.io/v1beta1"})
_STAGES: Final = frozenset({"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"})
_DECODING_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_SPACE: Final = b" \t\r\n"

Place = tuple[str | int, ...]


class _Body(msgspec.Struct):
    """The members that tell a list from an event; everything else is skipped over."""

    kind: Any = None
    apiVersion: Any = None  # noqa: N815  # the member's own name
    items: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # in a union with None, Raw would take null only


_body_decoder: Final = msgspec.json.Decoder(_Body)
_items_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def split_body(body: bytes) -> Iterator[tuple[bytes, str]]:
    """The exact bytes of each item, with "" or the reason why its surroundings are no audit body."""
    body = body.strip(_SPACE)
    if not body:
        return
    try:
        yield from _unpacked(body)
        return
    except _DECODING_ERRORS:
        lines = [line.strip(_SPACE) for line in body.split(b"\n")]
    parts: list[tuple[bytes, str]] = []
    readable = 0
    for line in filter(None, lines):
        try:
            parts += _unpacked(line)
            readable += 1
        except _DECODING_ERRORS as error:
            parts.append((line, f"not JSON: {error}"))
    if readable:
        yield from parts
    else:  # not lines either: keep it in one piece
        yield body, _reason(body)


def _unpacked(text: bytes) -> list[tuple[bytes, str]]:
    """The items of one JSON text; raises msgspec's errors when it is not JSON."""
    if text[:1] == b"[":
        return [(bytes(raw), "") for raw in _items_decoder.decode(text)]
    if text[:1] != b"{":
        _decode(text)
        return [(text, "a JSON object is expected")]
    outer = _body_decoder.decode(text)
    if outer.kind != "EventList" and not (outer.items is not msgspec.UNSET and outer.kind is None):
        return [(text, "")]
    if not _known_version(outer.apiVersion):
        return [(text, f"unknown apiVersion {outer.apiVersion!r}")]
    try:
        items = [] if outer.items is msgspec.UNSET else _items_decoder.decode(bytes(outer.items))
    except msgspec.ValidationError:
        return [(text, '"items" of an EventList is a list')]
    return [(bytes(raw), "") for raw in items]


def _reason(data: bytes) -> str:
    try:
        strictjson.parse(data)
    except InvalidInput as error:
        return error.message
    return "not an audit event"


def strict_value(item: bytes) -> Any:
    """The value of one item under the same laws as native events; `InvalidInput` says what is wrong."""
    try:
        value = _decode(item)
    except _DECODING_ERRORS:
        return strictjson.loads(item)
    opened = item.count(b"{") + item.count(b"[")
    if opened > strictjson.MAX_DEPTH or (
        strictjson.structural_quotes(item) != strictjson.structural_quotes(_encode(value))
    ):
        return strictjson.loads(item)
    return value


def _known_version(version: Any) -> bool:
    return version is None or (isinstance(version, str) and version in VERSIONS)


def audit_id(value: Any) -> str:
    """`auditID/stage` of a decoded event; `InvalidInput` when it is no audit event of a known version."""
    if not isinstance(value, dict):
        raise InvalidInput("an audit event is a JSON object")
    kind, version = value.get("kind"), value.get("apiVersion")
    if kind is not None and kind != "Event":
        raise InvalidInput(f"kind is {kind!r}, not 'Event'")
    if not _known_version(version):
        raise InvalidInput(f"unknown apiVersion {version!r}")
    audit, stage = value.get("auditID"), value.get("stage")
    if not isinstance(audit, str) or not audit:
        raise InvalidInput("auditID is missing")
    if not isinstance(stage, str) or stage not in _STAGES:
        raise InvalidInput(f"unknown stage {stage!r}")
    event_id = f"{audit}/{stage}"
    if len(event_id) > MAX_ID_CHARS:
        raise InvalidInput(f"auditID has {len(audit)} characters, too many")
    return event_id


def _kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def secret_bodies(value: dict[str, Any]) -> list[tuple[Place, str]]:
    """The places of request and response bodies that hold secrets, for `Redactor.redact_bytes(also=…)`."""
    reference = value.get("objectRef")
    of_secrets = isinstance(reference, dict) and reference.get("resource") == "secrets"
    found: list[tuple[Place, str]] = []
    for name in ("requestObject", "responseObject"):
        body = value.get(name)
        if body is None:
            continue
        kind = _kind(body)
        about_secrets = of_secrets and kind not in {"Status", "DeleteOptions"}
        if about_secrets or kind in {"Secret", "SecretList"}:
            found.append(((name,), SECRET_RULE))
    return found


def _forged(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        if place and is_marker(value):
            yield place, FORGED
            return
        for name, child in value.items():
            if not place and name.startswith("$"):
                yield (name,), FORGED
            else:
                yield from _forged(child, (*place, name))
    elif isinstance(value, list):
        for position, child in enumerate(value):
            yield from _forged(child, (*place, position))


def prepare_k8s(
    body: bytes,
    producer: Producer,
    redactor: Redactor,
    *,
    source: str,
    now_ns: int,
    random: Callable[[int], bytes] = os.urandom,
) -> PreparedBatch:
    """Make a batch of everything in `body`; raises nothing for what the body holds.

    `source` names the cluster (`k8s/staging`). An empty body or list gives an empty batch.
    """
    batch = PreparedBatch()
    parts = list(split_body(body))
    items = [item for item, _ in parts]
    suspects = redactor.prefilter.suspects(b"\n".join(items), items)
    for position, (item, wrong) in enumerate(parts):
        try:
            value: Any = None if wrong else strict_value(item)
            event_id = audit_id(value)
        except InvalidInput as error:
            _quarantine(batch, item, wrong or error.message, producer, source, uuid7.make(now_ns, random))
            continue
        also = secret_bodies(value)
        data, count = item, 0
        if also or position in suspects:
            also += [found for found in _forged(value) if not any(found[0][:1] == place for place, _ in also)]
            data, count = redactor.redact_bytes(item, rules=suspects.get(position, 0), also=also)
        _append(batch, item, data, count, event_id, producer, source)
    return batch


def _append(
    batch: PreparedBatch, received: bytes, data: bytes, redacted: int, event_id: str, producer: Producer, source: str
) -> None:
    def tail(content: bytes | None, blob: tuple[str, int] | None) -> bytes:
        return entry_tail(
            token=producer.token_id,
            ip=producer.ip,
            id=event_id,
            source=source,
            format=FORMAT,
            data=content,
            blob=blob,
            redacted=redacted,
        )

    made = tail(data, None)
    if len(made) > MAX_ENTRY_SIZE - HEAD_SIZE:
        digest = blob_digest(data)
        batch.blobs[digest] = data
        made = tail(None, (digest, len(data)))
    batch.tails.append(made)
    batch.keys.append(idempotency_key(producer.token_id, source, event_id))
    batch.digests.append(hashlib.sha256(received).digest()[:DIGEST_SIZE])
    batch.redacted += redacted


def _quarantine(batch: PreparedBatch, item: bytes, reason: str, producer: Producer, source: str, made_id: str) -> None:
    kept = quarantine_entry(
        item,
        expected=FORMAT,
        reason=reason,
        token=producer.token_id,
        ip=producer.ip,
        source=source,
        made_id=made_id,
    )
    batch.blobs[kept.digest] = kept.content
    batch.made_ids[len(batch)] = made_id
    batch.tails.append(kept.tail)
    batch.keys.append(quarantine_key(producer.token_id, source, kept.digest))
    batch.digests.append(hashlib.sha256(item).digest()[:DIGEST_SIZE])
    batch.quarantined += 1
