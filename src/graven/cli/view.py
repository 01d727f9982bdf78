"""What an entry says, for people: who, what, when, how, inputs and outputs. Pure.

A view is an ordered list of (label, value); values are one-line texts, or JSON to be printed as a block.
Each format has its reader; an unknown format is shown as it is.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graven.cli.printable import printable
from graven.errors import InvalidInput

__all__ = ["View", "view_of"]


@dataclass(slots=True)
class View:
    """`title` is the action and its targets; `rows` the facts in reading order; `blocks` JSON or long text.

    Title and rows are safe to print; the blocks are as they were recorded.
    """

    title: str
    outcome: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[tuple[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.title = printable(self.title)

    def row(self, label: str, *parts: str) -> None:
        """Add a row of the parts that are not empty."""
        text = "  ".join(part for part in parts if part)
        if text:
            self.rows.append((printable(label), printable(text)))

    def block(self, label: str, value: Any) -> None:
        """Add a block unless there is nothing in it."""
        if value not in (None, "", {}, []):
            self.blocks.append((label, value))


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _member(value: Any, *names: str) -> Any:
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _thing(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _text(value)
    kind, name = _text(value.get("type")), _text(value.get("id"))
    text = f"{kind}:{name}" if kind and kind != name else name  # a visitor is anonymous, not anonymous:anonymous
    label = _text(value.get("name"))
    return f"{text} ({label})" if label and label != name else text


def _duration(nanoseconds: Any) -> str:
    if not isinstance(nanoseconds, int) or isinstance(nanoseconds, bool):
        return ""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return f"took {nanoseconds / size:.1f} {unit}"
    return f"took {nanoseconds} ns"


def _native_view(entry: Mapping[str, Any]) -> View:
    data = entry.get("data")
    return _event_view(data) if isinstance(data, Mapping) else _plain_view(entry)


def _event_view(data: Mapping[str, Any]) -> View:
    targets = [_thing(item) for item in data.get("targets") or () if isinstance(item, Mapping)]
    view = View(" ".join([_text(data.get("action")), *targets[:3]]), _text(data.get("outcome")))
    behalf = [_thing(item) for item in data.get("on_behalf_of") or ()]
    actor = data.get("actor")
    view.row("who", _thing(actor), f"for {', '.join(behalf)}" if behalf else "")
    view.row("what", _text(data.get("action")), " ".join(targets), _text(data.get("outcome")))
    view.row("when", _text(data.get("time")), _duration(data.get("duration_ns")))
    method = data.get("method")
    view.row("how", *(_text(_member(method, name)) for name in ("protocol", "operation", "uri", "statement")))
    view.row("where", _text(data.get("source")), *(_text(_member(data, "origin", n)) for n in ("ip", "host")))
    for name in ("message", "reason", "ticket"):
        view.row(name, _text(data.get(name)))
    qa = data.get("qa")
    view.row("test", *(_text(_member(qa, name)) for name in ("run", "suite", "test", "status")))
    view.row("trace", _text(_member(data, "trace", "trace_id")))
    labels = data.get("labels")
    if isinstance(labels, Mapping):
        view.row("labels", *(f"{key}={_text(value)}" for key, value in labels.items()))
    error = data.get("error")
    view.row("error", _text(_member(error, "type")), _text(_member(error, "message")).split("\n", 1)[0])
    for item in data.get("targets") or ():
        if isinstance(item, Mapping) and item.get("change"):
            view.block(f"change of {_thing(item)}", item["change"])
    for name in ("input", "output", "attributes", "attachments"):
        view.block(name, data.get(name))
    view.block("stack", _member(error, "stack"))
    return view


def _k8s_view(entry: Mapping[str, Any]) -> View:
    """By way of event/1: what the index and every other reader understand of an audit event."""
    try:
        from graven.event.mappers.k8s_view import k8s_view

        event = k8s_view(
            json.dumps(entry.get("data")).encode(), id=_text(entry.get("id")), source=_text(entry.get("source"))
        )
    except InvalidInput:
        return _plain_view(entry)
    view = _event_view(event)
    view.blocks = [(label, value) for label, value in view.blocks if label != "attributes"]
    annotations = _member(event, "attributes", "annotations")
    decision = _text(_member(annotations, "authorization.k8s.io/decision"))
    view.row("decision", decision, _text(_member(annotations, "authorization.k8s.io/reason")))
    return view


def _pushed_view(entry: Mapping[str, Any]) -> View:
    """The entry that was pushed, as it looks in its own log; then where that is."""
    inner = _member(entry, "data", "entry")
    if not isinstance(inner, Mapping):
        return _plain_view(entry)
    view = view_of(inner)
    view.rows = [("recorded" if label == "received" else label, text) for label, text in view.rows]
    view.row("pushed", f"entry {_text(_member(entry, 'data', 'index'))} of {_text(_member(entry, 'data', 'origin'))}")
    return view


def _quarantine_view(entry: Mapping[str, Any]) -> View:
    view = View("quarantined: could not be parsed", "unknown")
    data = entry.get("data")
    for name, value in data.items() if isinstance(data, Mapping) else ():
        view.row(str(name), _text(value))
    view.row("kept as", _text(_member(entry, "blob", "digest")), f"{_member(entry, 'blob', 'size')} bytes")
    return view


def _plain_view(entry: Mapping[str, Any]) -> View:
    view = View("")
    view.block("data", entry.get("data"))
    return view


_READERS: Mapping[str, Callable[[Mapping[str, Any]], View]] = {
    "event/1": _native_view,
    "graven.entry/1": _pushed_view,
    "k8s.audit/v1": _k8s_view,
    "quarantine/1": _quarantine_view,
}


def view_of(entry: Mapping[str, Any]) -> View:
    """The view of a decoded entry (DESIGN.md §3); `data` has been fetched when it lies in a blob."""
    view = _READERS.get(str(entry.get("format")), _plain_view)(entry)
    producer = " from ".join(filter(None, (_text(_member(entry, "by", "token")), _text(_member(entry, "by", "ip")))))
    view.row("received", _text(entry.get("received")), f"by token {producer}" if producer else "")
    if entry.get("redacted"):
        count = entry["redacted"]
        view.row("redacted", f"{count} value{'s' if count != 1 else ''} replaced before storing")
    return view
