"""From an entry to its view (`query.view`), whatever its format; `VERSION` is stored with what was made of it.

- An entry that was pushed from another log shows the innermost entry's id, source, format, redactions and event, but
  the time, token and address of the outer one, which are what this log proves.
- A format that no mapper knows gives `{"action": "entry.<format>", "actor": {"id": <token>}, "attributes": <data>}`,
  with the version left out of the format: what it says is still found by its words.
- `quarantine/1` is such a format, too, with outcome `error` and the reason as message.
- What cannot be read is an event `entry.unreadable`, and data that is not to be had `entry.absent`; outcome `error`, by
  the token that recorded it.
- Bytes that are not even an envelope were received at 0.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from graven.errors import GravenError
from graven.event.mappers.k8s_view import k8s_view
from graven.event.pushed import FORMAT as PUSHED
from graven.event.quarantine import FORMAT as QUARANTINE
from graven.event.recorded import BROKEN, Recorded, recorded
from graven.index.query.times import time_ns

__all__ = ["LARGE_BYTES", "VERSION", "event_bytes", "searched", "view_of"]

VERSION: Final = 3
LARGE_BYTES: Final = 1_000_000
"""Members of an event whose JSON is longer are shown on demand, and not searched."""
_EVENT: Final = "event/1"
_K8S: Final = "k8s.audit/v1"
_FAULTS: Final = (*BROKEN, GravenError, ValueError)
"""What a mapper makes of bytes that are not what their format says."""

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


class _By(msgspec.Struct):
    token: str = ""
    ip: str = ""


class _Outer(msgspec.Struct):
    """What this log itself says of an entry."""

    received: str = ""
    by: _By = msgspec.field(default_factory=_By)
    id: str = ""
    source: str = ""
    format: str = ""


_decode_outer: Final = msgspec.json.Decoder(_Outer).decode


def view_of(index: int, entry: bytes, load_blob: Callable[[str], bytes | None]) -> dict[str, Any]:
    """The view of an entry. Raises nothing for whatever bytes.

    `load_blob` gives the content of a blob by its digest; None, or a `GravenError` from it, is data that is not to be
    had. Whatever else it raises is its own.
    """
    try:
        outer = _decode_outer(entry)
    except BROKEN as error:
        return _view(index, _Outer(), _Outer(), _failed("entry.unreadable", "", f"no entry: {error}"))
    token = outer.by.token
    try:
        inner, data = recorded(entry, _quiet(load_blob))
        if inner.format == _K8S and data is None and inner.blob is not None:
            data = _quiet(load_blob)(inner.blob.digest)
    except _FAULTS as error:
        return _view(index, outer, outer, _failed("entry.unreadable", token, str(error)))
    try:
        event = _event(inner, data, token)
    except _FAULTS as error:
        event = _failed("entry.unreadable", token, str(error))
    return _view(index, outer, inner, event)


def event_bytes(entry: bytes, load_blob: Callable[[str], bytes | None]) -> bytes | None:
    """The event of an entry's view as it was received, where its format is event/1 already; raises nothing either."""
    try:
        inner, data = recorded(entry, _quiet(load_blob))
        is_event = inner.format == _EVENT and data is not None and isinstance(_decode(data), dict)
    except _FAULTS:
        return None
    return data if is_event else None


def searched(event: dict[str, Any]) -> dict[str, Any]:
    """The members of an event that are searched: all but those above `LARGE_BYTES`."""
    return {name: value for name, value in event.items() if len(_encode(value)) <= LARGE_BYTES}


def _quiet(load: Callable[[str], bytes | None]) -> Callable[[str], bytes | None]:
    def loaded(digest: str) -> bytes | None:
        try:
            return load(digest)
        except GravenError:  # absent or out of reach: the view says so
            return None

    return loaded


def _view(index: int, outer: _Outer, inner: Recorded | _Outer, event: dict[str, Any]) -> dict[str, Any]:
    view = {
        "index": index,
        "received": time_ns(outer.received) or 0,
        "token": outer.by.token,
        "by_ip": outer.by.ip,
        "id": inner.id,
        "source": inner.source,
        "format": inner.format,
        "event": event,
    }
    if isinstance(inner, Recorded) and inner.redacted:
        view["redacted"] = inner.redacted
    return view


def _failed(action: str, token: str, message: str) -> dict[str, Any]:
    return {"action": action, "actor": {"id": token}, "outcome": "error", "message": message}


def _event(inner: Recorded, data: bytes | None, token: str) -> dict[str, Any]:
    if inner.format in (_EVENT, _K8S, PUSHED) and data is None:
        return _failed("entry.absent", token, "the data lies in a blob that is not to be had")
    if inner.format == _EVENT and data is not None:
        event = _decode(data)
        if not isinstance(event, dict):
            raise ValueError("no event: a JSON object is expected")  # it is about bytes, not a caller's type
        return event
    if inner.format == _K8S and data is not None:
        return k8s_view(data, id=inner.id, source=inner.source)
    if inner.format == PUSHED:
        return _failed("entry.unreadable", token, "it lies in more wrappers than may be")
    value = _decode(data) if data is not None else None
    if inner.format == QUARANTINE:
        return _quarantined(inner, value, token)
    event = {"action": f"entry.{inner.format.partition('/')[0]}", "actor": {"id": token}}
    return event if value is None else {**event, "attributes": value}


def _quarantined(inner: Recorded, said: Any, token: str) -> dict[str, Any]:
    said = said if isinstance(said, dict) else {}
    attributes = {"expected": said.get("expected"), "blob": inner.blob.digest if inner.blob is not None else None}
    return {
        **_failed("entry.quarantine", token, str(said.get("reason", ""))),
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }
