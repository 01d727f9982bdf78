"""Entries of another log into entries of format `graven.entry/1`: what `graven push` sends.

They are held to the same laws as what a producer sends: a strict envelope, data that is valid for its format, the
rules of redaction. Only the marks of redaction differ: `"by":"server"` and sealed values are right here, since
the other log's recorder made them. What a rule of ours takes is replaced in the innermost data; the wrapper around it
then says `"redacted":n`.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from graven.errors import InvalidEvent, InvalidInput
from graven.event.assemble import FORMAT as NATIVE
from graven.event.assemble import Producer, blob_digest
from graven.event.batch import DIGEST_SIZE, HEAD_SIZE, MAX_ENTRY_SIZE, PreparedBatch
from graven.event.envelope import Entry, decode_entry, encode_text, entry_head, entry_tail
from graven.event.intake import check_events
from graven.event.mappers.k8s import FORMAT as K8S
from graven.event.mappers.k8s import secret_bodies, strict_value
from graven.event.model import MAX_ID_CHARS, MAX_SOURCE_CHARS
from graven.event.pushed import FORMAT, MAX_INDEX, MAX_LEVELS, check_origin, leaf_of, pushed_key, unwrap, wrap
from graven.event.redact import Redactor
from graven.event.redact.markers import is_marker
from graven.event.validate import Fault, find_forgery, invalid_event

__all__ = ["Load", "prepare_pushed"]

Load = Callable[[int, str, int], bytes]
"""(position, digest, size) → the content of a blob that holds the data of an entry.

InvalidInput refuses that entry; any other error ends the whole."""

_ROOMY: Final = 48 * 1024
"""An entry up to this size fits with its wrapper, whatever its names (1,500 characters of up to 6 bytes)."""

_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_FORMAT: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}(?:/[a-z0-9][a-z0-9.]{0,30})?")


class _Layer(NamedTuple):
    """An entry with its data, wherever that lies."""

    entry: Entry
    content: bytes


def prepare_pushed(
    entries: Sequence[bytes],
    producer: Producer,
    redactor: Redactor,
    *,
    origin: str,
    first: int,
    load: Load,
) -> PreparedBatch:
    """Check, redact and wrap entries first, first + 1, … of the log `origin`.

    `InvalidEvent` with the faulty items; InvalidInput for an origin or a place that is none; whatever `load` raises.
    """
    check_origin(origin)
    if first + len(entries) - 1 > MAX_INDEX:
        raise InvalidInput(f"no log has an entry {first + len(entries) - 1}", hint=f"{MAX_INDEX} is the last")
    opened = _open_all(entries, load)
    innermost = [layers[-1] for layers in opened]
    attachments: dict[int, list[tuple[str, int]]] = {
        at: [layer.entry.blob for layer in layers if layer.entry.blob is not None] for at, layers in enumerate(opened)
    }
    replaced = _check_native(innermost, redactor, attachments)
    replaced |= _check_others(innermost, redactor)
    batch = PreparedBatch(redacted=sum(count for _, count in replaced.values()))
    lead = b',"by":{"token":%b,"ip":%b},"id":' % (encode_text(producer.token_id), encode_text(producer.ip))
    middle = b',"format":"%b","data":{"origin":%b,"index":' % (FORMAT.encode(), encode_text(origin))
    for at, raw in enumerate(entries):
        leaf = leaf_of(raw)
        outer = opened[at][0].entry
        if at in replaced:
            content, count = replaced[at]
            changed = _rebuilt(opened[at], content, batch.blobs, attachments[at])
            tail = _tail(producer, outer, wrap(origin, first + at, changed), count, batch.blobs)
        elif len(raw) <= _ROOMY:  # nearly every entry: one formatting operation
            tail = b'%b%b,"source":%b%b%d,"entry":%b}}' % (
                lead, encode_text(outer.id), encode_text(outer.source), middle, first + at, raw,
            )  # fmt: skip
        else:
            tail = _tail(producer, outer, wrap(origin, first + at, raw), 0, batch.blobs)
        batch.tails.append(tail)
        batch.keys.append(pushed_key(origin, first + at, leaf))
        batch.digests.append(leaf[:DIGEST_SIZE])
    batch.attachments = [(at, digest, size) for at, blobs in attachments.items() for digest, size in blobs]
    return batch


def _open_all(entries: Sequence[bytes], load: Load) -> list[list[_Layer]]:
    opened: list[list[_Layer]] = []
    faults: list[Fault] = []
    for at, raw in enumerate(entries):
        try:
            opened.append(_open(at, raw, load))
        except InvalidInput as error:
            faults.append(Fault(at, "entry", error.message, error.hint))
            opened.append([])
    if faults:
        raise invalid_event(faults)
    return opened


def _open(at: int, raw: bytes, load: Load) -> list[_Layer]:
    """The entry and what is wrapped in it, outermost first."""
    layers: list[_Layer] = []
    while True:
        entry = decode_entry(raw)
        if not entry.id or _has_control(entry.id) or _has_control(entry.source):
            raise InvalidInput("control characters in id or source, or no id")
        if len(entry.id) > MAX_ID_CHARS or len(entry.source) > MAX_SOURCE_CHARS:
            raise InvalidInput("an id or source that is too long")
        if entry.format != NATIVE and _FORMAT.fullmatch(entry.format) is None:
            raise InvalidInput(f"format {entry.format[:80]!r} is none")
        content = entry.data
        if content is None:
            content = load(at, *(entry.blob or ("", 0)))
        layers.append(_Layer(entry, content))
        if entry.format != FORMAT:
            return layers
        if len(layers) >= MAX_LEVELS:  # ours is one more
            raise InvalidInput(f"wrapped more than {MAX_LEVELS} times")
        raw = unwrap(content).entry


def _has_control(text: str) -> bool:
    return not text.isprintable() and _CONTROL.search(text) is not None


def _check_native(
    innermost: Sequence[_Layer], redactor: Redactor, attachments: dict[int, list[tuple[str, int]]]
) -> dict[int, tuple[bytes, int]]:
    """Check the events; adds what they attach; position → (data, values replaced) where a rule took something."""
    places = [at for at, layer in enumerate(innermost) if layer.entry.format == NATIVE]
    if not places:
        return {}
    items = [innermost[at].content for at in places]
    try:
        extract, marked = check_events(items, b"\n".join(items), redactor, recorded=True)
    except (InvalidEvent, InvalidInput) as error:
        raise _moved(error, places) from error
    faults = [
        Fault(at, "id", "the envelope and the event name different ids or sources")
        for at, id_, source in zip(places, extract.ids, extract.sources, strict=True)
        if id_ not in (None, innermost[at].entry.id) or source != innermost[at].entry.source
    ]
    if faults:
        raise invalid_event(faults)
    for at, attached in zip(places, extract.attachments, strict=True):
        attachments[at] += [(one.digest, one.size) for one in attached or ()]
    replaced: dict[int, tuple[bytes, int]] = {}
    for position, rules in marked.items():
        if rules:
            data, count = redactor.redact_bytes(items[position], event=True, rules=rules)
            if count:
                replaced[places[position]] = (data, count)
    return replaced


def _moved(error: InvalidEvent | InvalidInput, places: Sequence[int]) -> InvalidEvent:
    """The error with positions in the request."""
    listed = error.details.get("errors") or [
        {"item": error.details.get("item", 0), "field": "data", "reason": error.message, "suggestion": ""}
    ]
    return invalid_event([Fault(**{**fault, "item": places[fault["item"]]}) for fault in listed])


def _check_others(innermost: Sequence[_Layer], redactor: Redactor) -> dict[int, tuple[bytes, int]]:
    """The same for data of other formats: strict JSON, honest marks, the rules of redaction."""
    places = [at for at, layer in enumerate(innermost) if layer.entry.format != NATIVE]
    if not places:
        return {}
    items = [innermost[at].content for at in places]
    suspects = redactor.prefilter.suspects(b"\n".join(items), items)
    faults: list[Fault] = []
    replaced: dict[int, tuple[bytes, int]] = {}
    for position, (at, item) in enumerate(zip(places, items, strict=True)):
        try:
            value = strict_value(item)
        except InvalidInput as error:
            faults.append(Fault(at, "data", error.message))
            continue
        forged = find_forgery(value, recorded=True) if position in suspects else None
        if forged is not None:
            faults.append(Fault(at, *forged))
            continue
        secrets = secret_bodies(value) if innermost[at].entry.format == K8S and isinstance(value, dict) else []
        also = [(place, rule) for place, rule in secrets if not is_marker(value[place[0]])]
        if also or position in suspects:
            data, count = redactor.redact_bytes(item, rules=suspects.get(position, 0), also=also)
            if count:
                replaced[at] = (data, count)
    if faults:
        raise invalid_event(faults)
    return replaced


def _rebuilt(
    layers: Sequence[_Layer], content: bytes, blobs: dict[str, bytes], attached: list[tuple[str, int]]
) -> bytes:
    """The bytes of the entry with another innermost content; data that lay in a blob goes into a new one."""
    entry = b""
    for depth in range(len(layers) - 1, -1, -1):
        layer = layers[depth].entry
        blob = layer.blob
        if layer.data is None and blob is not None:
            attached.remove(blob)  # nothing refers any more to what a rule takes something out of
            blob = (blob_digest(content), len(content))
            blobs[blob[0]] = content
        entry = entry_head(layer.received_ns) + entry_tail(
            token=layer.token,
            ip=layer.ip,
            id=layer.id,
            source=layer.source,
            format=layer.format,
            data=None if layer.data is None else content,
            blob=blob,
            redacted=layer.redacted,
        )
        if depth:
            around = unwrap(layers[depth - 1].content)
            content = wrap(around.origin, around.index, entry)
    return entry


def _tail(producer: Producer, outer: Entry, data: bytes, redacted: int, blobs: dict[str, bytes]) -> bytes:
    """The tail of a wrapper; what is too large for it goes to `blobs`."""

    def made(content: bytes | None, blob: tuple[str, int] | None) -> bytes:
        return entry_tail(
            token=producer.token_id,
            ip=producer.ip,
            id=outer.id,
            source=outer.source,
            format=FORMAT,
            data=content,
            blob=blob,
            redacted=redacted,
        )

    tail = made(data, None)
    if len(tail) <= MAX_ENTRY_SIZE - HEAD_SIZE:
        return tail
    digest = blob_digest(data)
    blobs[digest] = data
    return made(None, (digest, len(data)))
