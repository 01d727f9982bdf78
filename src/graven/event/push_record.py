"""The event `log.push`: that a log was pushed, with the checkpoint that its own recorder signed.

    {"id":"push-…","source":"graven/push","action":"log.push","actor":{"type":"service","id":"graven-push"},
     "targets":[{"type":"log","id":"<origin>"}],
     "attributes":{"pushed":{"origin":"…","size":n,"root":"<base64>","vkey":"…","checkpoint":"<signed note>",
                             "ranges":[[index there, index here, entries],…]}}}

It says nothing of when, by which program or how often, and its id is the digest of the rest, so that pushing the
same again records nothing.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from graven.errors import InvalidInput

__all__ = ["ACTION", "PushRecord", "push_event", "read_push"]

ACTION: Final = "log.push"
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class PushRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was pushed. `ranges` are (index there, index here, entries); together they are all of 0 … size - 1."""

    origin: str
    size: _Count
    root: str
    vkey: str
    checkpoint: str
    ranges: list[tuple[_Count, _Count, _Count]]


class _Attributes(msgspec.Struct):
    pushed: PushRecord


class _Event(msgspec.Struct):
    action: str
    attributes: msgspec.Raw = msgspec.Raw()


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_attributes = msgspec.json.Decoder(_Attributes).decode


def push_event(record: PushRecord) -> bytes:
    """The event/1 as JSON."""
    event = {
        "source": "graven/push",
        "action": ACTION,
        "outcome": "success",
        "actor": {"type": "service", "id": "graven-push"},
        "targets": [{"type": "log", "id": record.origin}],
        "attributes": {"pushed": msgspec.to_builtins(record)},
    }
    digest = hashlib.sha256(msgspec.json.encode(event)).hexdigest()
    return msgspec.json.encode({"id": f"push-{digest[:32]}", **event})


def read_push(data: bytes) -> PushRecord | None:
    """The record in the data of an event, None when it is another event; InvalidInput for a malformed one."""
    try:
        event = _decode_event(data)
        if event.action != ACTION:
            return None
        record = _decode_attributes(event.attributes).pushed
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"not the record of a push: {error}") from error
    _check_ranges(record.ranges, record.size)
    return record


def _check_ranges(ranges: Sequence[tuple[int, int, int]], size: int) -> None:
    expected = 0
    for first, _, count in ranges:
        if first != expected or not count:
            raise InvalidInput(f"the ranges of a push name entry {first} where {expected} is expected")
        expected += count
    if expected != size:
        raise InvalidInput(f"the ranges of a push hold {expected} entries, the checkpoint {size}")
