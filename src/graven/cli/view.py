"""What an entry says, for people: who, what, when, how, inputs and outputs. Pure.

A view is an ordered list of (label, value); values are one-line texts, or JSON to be printed as a block.
Each format has its reader; an unknown format is shown as it is.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["View", "view_of"]


@dataclass(slots=True)
class View:
    """`title` is the action and its targets; `rows` the facts in reading order; `blocks` JSON or long text."""

    title: str
    outcome: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[tuple[str, Any]] = field(default_factory=list)

    def row(self, label: str, *parts: str) -> None:
        """Add a row of the parts that are not empty."""
        text = "  ".join(part for part in parts if part)
        if text:
            self.rows.append((label, text))

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
    text = f"{kind}:{name}" if kind else name
    label = _text(value.get("name"))
    return f"{text} ({label})" if label and label != name else text


def _duration(nanoseconds: Any) -> str:
    if not isinstance(nanoseconds, int) or isinstance(nanoseconds, bool):
        return ""
    for unit, size in (("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)):
        if nanoseconds >= size:
            return f"took {nanoseconds / size:.1f} {unit}"
    return f"took {nanoseconds} ns"


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


def _k8s_outcome(status: Any) -> str:
    code = _member(status, "code")
    if not isinstance(code, int):
        return ""
    if code in (401, 403):
        return f"denied ({code})"
    return f"success ({code})" if code < 400 else f"failure ({code})"


def _k8s_view(data: Mapping[str, Any]) -> View:
    reference = data.get("objectRef")
    kind = "/".join(filter(None, (_text(_member(reference, n)) for n in ("resource", "subresource"))))
    path = "/".join(filter(None, (_text(_member(reference, n)) for n in ("namespace", "name"))))
    target = f"{kind}:{path}" if path else kind
    view = View(f"{_text(data.get('verb'))} {target}".strip(), _k8s_outcome(data.get("responseStatus")))
    impersonated = _text(_member(data, "impersonatedUser", "username"))
    view.row("who", _text(_member(data, "user", "username")), f"as {impersonated}" if impersonated else "")
    groups = _member(data, "user", "groups")
    if isinstance(groups, list):
        view.row("groups", ", ".join(map(_text, groups)))
    view.row("what", view.title, view.outcome)
    view.row("when", _text(data.get("stageTimestamp") or data.get("requestReceivedTimestamp") or data.get("timestamp")))
    view.row("how", _text(data.get("requestURI")), _text(data.get("userAgent")))
    addresses = data.get("sourceIPs")
    if isinstance(addresses, list) and addresses:
        view.row("where", _text(addresses[-1]))
    decision = _member(data, "annotations", "authorization.k8s.io/decision")
    view.row("allowed", _text(decision), _text(_member(data, "annotations", "authorization.k8s.io/reason")))
    view.row("stage", _text(data.get("stage")), _text(data.get("level")))
    view.block("input", data.get("requestObject"))
    view.block("output", data.get("responseObject"))
    return view


def _quarantine_view(data: Mapping[str, Any]) -> View:
    view = View("quarantined: could not be parsed", "unknown")
    for name, value in data.items():
        view.row(str(name), _text(value))
    return view


def _plain_view(data: Mapping[str, Any]) -> View:
    view = View("")
    view.block("data", data)
    return view


_READERS: Mapping[str, Callable[[Mapping[str, Any]], View]] = {
    "event/1": _event_view,
    "k8s.audit/v1": _k8s_view,
    "quarantine/1": _quarantine_view,
}


def view_of(entry: Mapping[str, Any]) -> View:
    """The view of a decoded entry (DESIGN.md §3); `data` has been fetched when it lies in a blob."""
    data = entry.get("data")
    reader = _READERS.get(str(entry.get("format")), _plain_view)
    view = reader(data) if isinstance(data, Mapping) else View("")
    if not isinstance(data, Mapping):
        view.block("data", data)
    producer = " from ".join(filter(None, (_text(_member(entry, "by", "token")), _text(_member(entry, "by", "ip")))))
    view.row("received", _text(entry.get("received")), f"by token {producer}" if producer else "")
    if entry.get("redacted"):
        count = entry["redacted"]
        view.row("redacted", f"{count} value{'s' if count != 1 else ''} replaced before storing")
    return view
