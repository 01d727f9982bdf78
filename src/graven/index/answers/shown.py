"""What is shown of an event in a list: the view of its entry, reduced and cut."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from graven.event.envelope import format_time
from graven.index.derive.view import LARGE_BYTES
from graven.index.query.tokens import compact_json

__all__ = ["TEXT_CHARS", "row_of", "viewed"]

TEXT_CHARS: Final = 500
_MANY: Final = 20
_READS: Final = "events."
_encode: Final = msgspec.json.Encoder().encode


def row_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a row has (docs/design: *row*); absent ones are left out, texts are cut."""
    event = view["event"]
    row = {
        "index": view["index"],
        "received": format_time(view["received"]),
        "time": _text(event.get("time")),
        "id": view["id"],
        "source": view["source"],
        "format": view["format"],
        "redacted": view.get("redacted"),
        "token": view["token"],
        "action": _text(event.get("action")),
        "outcome": _text(event.get("outcome")),
        "actor": _texts(event.get("actor"), "id", "type", "name"),
        "behalf": [_texts(actor, "id", "type", "name") for actor in _list(event.get("on_behalf_of"))],
        "targets": [_texts(target, "type", "id", "name") for target in _list(event.get("targets"))],
        "message": _text(event.get("message")),
        "reason": _text(event.get("reason")),
        "error": _texts(event.get("error"), "type", "message"),
        "duration_ns": event.get("duration_ns") if isinstance(event.get("duration_ns"), int) else None,
        "severity": event.get("severity") if isinstance(event.get("severity"), int) else None,
        "method": _texts(event.get("method"), "protocol", "operation", "uri", "statement"),
        "qa": _texts(
            event.get("qa"), "run", "suite", "test", "attempt", "phase", "status", "environment", "branch", "commit"
        ),
        "trace_id": _text(_member(event.get("trace"), "trace_id")),
        "session": _text(event.get("session_id")) or _text(_member(event.get("actor"), "session")),
        "labels": _labels(event.get("labels")),
        "attributes": _asked_for(event),
    }
    return {name: value for name, value in row.items() if value not in (None, [], {})}


def _text(value: Any) -> Any:
    if type(value) is not str:  # nothing else comes out of JSON as a kind of text
        if value is None or isinstance(value, int | float):
            return value
        value = compact_json(value)
    return value if len(value) <= TEXT_CHARS else value[:TEXT_CHARS] + "…"


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _texts(value: Any, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {name: _text(value[name]) for name in names if value.get(name) is not None}


def _list(value: Any) -> list[Any]:
    return value[:_MANY] if isinstance(value, list) else []


def _labels(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {str(name)[:TEXT_CHARS]: _text(text) for name, text in list(value.items())[:_MANY]}


def _asked_for(event: Mapping[str, Any]) -> dict[str, Any]:
    """Of a read through the index, which the log `system` records: what was asked for, and what that gave."""
    action, asked = event.get("action"), event.get("attributes")
    if not isinstance(action, str) or not action.startswith(_READS) or not isinstance(asked, dict):
        return {}
    small = [(name, value) for name, value in list(asked.items())[:_MANY] if isinstance(value, str | int | float)]
    return {str(name)[:TEXT_CHARS]: _text(value) for name, value in small}


def viewed(view: Mapping[str, Any], data: bytes | None = None) -> bytes:
    """The whole view as JSON. Members of the event above `LARGE_BYTES` are left out and stand in `large`, with the size
    of their JSON in bytes.

    `data` is the event as it was received: where it can stand whole it does, byte for byte (`1.50` stays `1.50`).
    """
    members, large = [], []
    for name, value in view["event"].items():
        text = _encode(value)
        if len(text) > LARGE_BYTES:
            large.append({"path": f"/{name}", "size": len(text)})
        else:
            members.append(b"%b:%b" % (_encode(name), text))
    head = {**view, "received": format_time(view["received"]), "large": large}
    del head["event"]
    event = data if data is not None and not large else b"{%b}" % b",".join(members)
    return b'%b,"event":%b}' % (_encode(head)[:-1], event)
