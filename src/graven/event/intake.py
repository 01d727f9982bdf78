"""From a request body to a batch that only lacks its time of receipt: the hot path of recording.

Whole-body steps in C do the work: one typed decoding of all lines, one re-encoding whose count of quotation
marks shows duplicate members, one scan for what redaction has to look at. Python touches single events only
in comprehensions. Whatever is in doubt (`_examine`) goes through `strictjson` one item at a time, and an
error comes from there, with its item and field. A request is taken whole or refused whole.

The bytes of `data` are those received; only redacted spans differ. Digests are of the bytes as received.
"""

import operator
import os
from collections.abc import Callable
from typing import Final

import msgspec

from graven.errors import InvalidInput, TooLarge, UnsupportedMediaType
from graven.event import strictjson
from graven.event.assemble import FORMAT, Producer, assemble, idempotency_key
from graven.event.batch import PreparedBatch
from graven.event.counting import opening_brackets_over
from graven.event.extract import Extract
from graven.event.model import Actor, Event
from graven.event.redact import IDENTITY_FIELDS, Redactor
from graven.event.redact.markers import is_marker, well_formed_count
from graven.event.validate import (
    Fault,
    check_time,
    fault_of,
    find_forgery,
    invalid_event,
    time_shape,
    without_markers,
)

__all__ = [
    "FORMAT",
    "JSON",
    "NDJSON",
    "Producer",
    "check_count",
    "check_events",
    "idempotency_key",
    "prepare_events",
]

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"

_CHUNK: Final = 100
"""Events decoded at a time: what stays in a core's own cache."""
_NOTHING: Final = Event(action="", actor=Actor(id=""))
_ENDS: Final = operator.itemgetter(0, -1)
_SPACE: Final = b" \t\r"
_decoder: Final = msgspec.json.Decoder(Event)
_plain: Final = msgspec.json.Decoder().decode
_raw_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_encoder: Final = msgspec.json.Encoder()
_DECODING_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidInput)


def prepare_events(
    body: bytes,
    media_type: str,
    producer: Producer,
    redactor: Redactor,
    *,
    now_ns: int,
    random: Callable[[int], bytes] = os.urandom,
    most: int | None = None,
) -> PreparedBatch:
    """Check, redact and splice the events of one request; TooLarge when they are more than `most`.

    `application/json` holds one object or an array of them, `application/x-ndjson` one object a line.
    `InvalidInput` when the body is not JSON or holds no event, `InvalidEvent` with all faulty items when
    one is no event, `UnsupportedMediaType` for any other type.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind == NDJSON:
        items, joined = _read_lines(body)
    elif kind == JSON:
        items, joined = _read_json(body)
    else:
        raise UnsupportedMediaType(f"content type {media_type!r} is not taken here", hint=f"send {JSON} or {NDJSON}")
    if most is not None:
        # before decoding, which takes a kilobyte for the smallest event
        check_count(len(items), most)
    extract, marked = check_events(items, joined, redactor)
    return assemble(items, extract, marked, producer, redactor, now_ns, random)


def check_events(
    items: list[bytes], joined: bytes, redactor: Redactor, *, recorded: bool = False
) -> tuple[Extract, dict[int, int]]:
    """What the envelope needs of valid events, and position → rules of those that redaction has to look at.

    `joined` is the items joined by newlines. `recorded`: another recorder took them, and may have redacted.
    Raises as `prepare_events`.
    """
    marked = redactor.prefilter.suspects(joined, items)
    extract, doubtful = _decode(items, joined)
    if doubtful or marked:
        _examine(items, extract, doubtful, marked, recorded)
    _check_times(extract.times)
    return extract, marked


def check_count(count: int, most: int) -> None:
    """TooLarge (`too_many_events`) when a request holds more events than it may."""
    if count > most:
        raise TooLarge(
            f"the request holds {count} events, {most} are the most",
            hint="send smaller batches",
            code="too_many_events",
            details={"limit": most},
        )


def _read_lines(body: bytes) -> tuple[list[bytes], bytes]:
    """(lines that are not blank, the same joined by newlines)."""
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
        body = body[:-1]
    if _all_objects(lines):
        return lines, body
    lines = [line for line in (line.strip(_SPACE) for line in lines) if line]
    if not lines:
        raise _empty()
    return lines, b"\n".join(lines)


def _all_objects(lines: list[bytes]) -> bool:
    """Whether each line begins with { and ends with }."""
    return all(lines) and set(map(_ENDS, lines)) == {(0x7B, 0x7D)}


def _read_json(body: bytes) -> tuple[list[bytes], bytes]:
    """(the object, or the elements of the array; the same joined by newlines)."""
    body = body.strip(b" \t\r\n")
    if not body:
        raise _empty()
    if not body.startswith(b"["):
        return [body], body
    try:
        items = [bytes(raw) for raw in _raw_decoder.decode(body)]
    except _DECODING_ERRORS as error:
        strictjson.parse(body, max_depth=strictjson.MAX_DEPTH + 1)  # says where
        raise InvalidInput(f"not JSON: {error}", code="not_json") from error
    if not items:
        raise _empty()
    return items, b"\n".join(items)


def _empty() -> InvalidInput:
    return InvalidInput("the request holds no event", code="empty_batch", hint="send at least one event")


def _decode(items: list[bytes], joined: bytes) -> tuple[Extract, set[int]]:
    """Decode chunk by chunk; also gives the positions of the items that the strict parser has to judge."""
    extract = Extract()
    doubtful: set[int] = set()
    for start in range(0, len(items), _CHUNK):
        chunk = items[start : start + _CHUNK]
        body = joined if len(chunk) == len(items) else b"\n".join(chunk)
        events = _decode_chunk(chunk, body)
        if events is None:
            extract.add([_NOTHING] * len(chunk))
            doubtful |= set(range(start, start + len(chunk)))
        else:
            extract.add(events)
            if strictjson.structural_quotes(body) != strictjson.structural_quotes(_encoder.encode(events)):
                doubtful |= {at for at, item in enumerate(chunk, start) if _may_repeat_members(item)}
    for at in opening_brackets_over(strictjson.MAX_DEPTH, joined, items):
        if strictjson.depth_of(items[at]) > strictjson.MAX_DEPTH:
            doubtful.add(at)
    return extract, doubtful


def _decode_chunk(items: list[bytes], joined: bytes) -> list[Event] | None:
    """The events, or None when one of the items is none (or a value crosses the border of an item)."""
    try:
        if len(items) == 1:
            return [_decoder.decode(joined)]
        # when every item is {…}, no value can cross a line, and as many values as lines means one in each
        if not _all_objects(items):
            return None
        events = _decoder.decode_lines(joined)
    except _DECODING_ERRORS:
        return None
    return events if len(events) == len(items) else None


def _may_repeat_members(item: bytes) -> bool:
    """Whether a value loses members when it is decoded (to plain objects: they keep explicit nulls)."""
    return strictjson.structural_quotes(item) != strictjson.structural_quotes(_encoder.encode(_plain(item)))


def _examine(items: list[bytes], extract: Extract, doubtful: set[int], marked: dict[int, int], recorded: bool) -> None:
    """Settle all doubts in `extract`; `InvalidEvent` or `InvalidInput` names what is wrong."""
    faults: list[Fault] = []
    not_json: InvalidInput | None = None
    for at, item in enumerate(items):
        if at in doubtful:
            event = _quickly(item)
            if event is not None and (at not in marked or _markers_are_fine(item, recorded)):
                extract.put(at, event)
                continue
        elif at not in marked or _markers_are_fine(item, recorded):
            continue
        try:
            extract.put(at, _strictly(item, recorded))
        except _Refused as refused:
            faults.append(Fault(at, *refused.args))
        except InvalidInput as error:
            if error.code == "not_json" and not_json is None:
                not_json = _located(error, at, len(items))
            faults.append(fault_of(at, error))
        except _DECODING_ERRORS as error:
            faults.append(fault_of(at, error))
    if not_json is not None:
        raise not_json
    if faults:
        raise invalid_event(faults)


class _Refused(Exception):  # (field, reason), becomes a Fault
    pass


def _quickly(item: bytes) -> Event | None:
    """The event when the fast checks settle it, else None."""
    try:
        event = _decoder.decode(item)
        if _may_repeat_members(item):
            return None
    except _DECODING_ERRORS:
        return None
    too_deep = opening_brackets_over(strictjson.MAX_DEPTH, item, [item])
    return None if too_deep and strictjson.depth_of(item) > strictjson.MAX_DEPTH else event


def _markers_are_fine(item: bytes, recorded: bool) -> bool:
    """Cheaply: no marker, or only well-formed ones in their usual spelling."""
    if b"$" not in item and b"\\u0024" not in item:
        return True
    if b"\\u0" in item or b"$sealed" in item:
        return False
    return item.count(b"$redacted") == well_formed_count(item, recorded=recorded)


def _strictly(item: bytes, recorded: bool) -> Event:
    value = strictjson.loads(item)
    if isinstance(value, dict):
        for name in sorted(IDENTITY_FIELDS & value.keys()):
            if is_marker(value[name]):
                raise _Refused(name, f"{name} must not be redacted: it identifies or orders the event")
    forged = find_forgery(value, recorded=recorded)
    if forged is not None:
        raise _Refused(*forged)
    return msgspec.convert(without_markers(value), Event)


def _located(error: InvalidInput, item: int, total: int) -> InvalidInput:
    message = error.message if total == 1 else f"item {item}: {error.message}"
    return InvalidInput(message, code=error.code, details={**error.details, "item": item})


def _check_times(times: list[str | None]) -> None:
    bad = [at for at, time in enumerate(times) if time is not None and (time_shape(time) is None or "-02-29T" in time)]
    if bad:
        reasons = [(at, check_time(times[at] or "")) for at in bad]
        faults = [
            Fault(at, "time", reason, "RFC 3339 with a zone, for example 2026-11-22T20:01:02.123Z")
            for at, reason in reasons
            if reason is not None
        ]
        if faults:
            raise invalid_event(faults)
