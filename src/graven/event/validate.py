"""Why an event is refused: field, reason and a suggestion, for people and for programs.

Runs only when the fast typed decoding said no. msgspec names the first fault of an item and its path; this
module turns that into the 422 shape, with a did-you-mean for misspelt names and values.
"""

import difflib
import re
from datetime import date
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from graven.errors import InvalidEvent, InvalidInput
from graven.event.model import Event
from graven.event.redact.markers import forgery, is_marker

__all__ = ["Fault", "check_time", "fault_of", "find_forgery", "invalid_event", "time_shape", "without_markers"]

_REQUIRED_IDS: Final = frozenset({"actor.id", "on_behalf_of.id"})

MAX_FAULTS: Final = 20
"""Faulty items that one answer names; the rest are only counted."""

time_shape: Final = re.compile(
    r"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|[12]\d))"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
).fullmatch
"""Everything about a time but whether February has that day."""

_PATH: Final = re.compile(r"^(.*?)(?: - at `(?:key in )?\$(.*)`)?$", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`$")
_ENUM: Final = re.compile(r"Invalid enum value '(.*)'$", re.DOTALL)
_WORDS: Final = {
    "array": "an array",
    "bool": "a boolean",
    "float": "a number",
    "int": "an integer",
    "object": "an object",
    "str": "a string",
}


class Fault(msgspec.Struct, frozen=True):
    """One item of `InvalidEvent.details["errors"]`; `item` is the position in the request, from 0."""

    item: int
    field: str
    reason: str
    suggestion: str = ""


def invalid_event(faults: list[Fault]) -> InvalidEvent:
    """The error for a request of which some items are no valid events."""
    first = faults[0]
    where = f"{first.field}: " if first.field else ""
    count = len(faults)
    more = f" (and {count - 1} more)" if count > 1 else ""
    return InvalidEvent(
        f"item {first.item}: {where}{first.reason}{more}",
        why="a request with an invalid item is refused whole, so that nothing is stored by halves",
        hint=first.suggestion or "details.errors names item, field and reason",
        details={"errors": [msgspec.to_builtins(fault) for fault in faults[:MAX_FAULTS]], "faulty_items": count},
    )


def check_time(text: str) -> str | None:
    """Why `text` is no RFC 3339 time with a zone and at most nine digits, or None when it is one."""
    if time_shape(text) is None:
        if re.search(r"(?:[Zz]|[+-]\d\d:\d\d)$", text) is None and re.match(r"\d{4}-\d\d-\d\d", text):
            return "time without zone"
        return "not an RFC 3339 time such as 2026-11-22T20:01:02.123456789Z"
    if "-02-29T" in text:
        try:
            date.fromisoformat(text[:10])
        except ValueError:
            return "no such day"
    return None


def fault_of(item: int, error: Exception) -> Fault:
    """What a decoding error says about `item`."""
    if isinstance(error, InvalidInput):
        return Fault(item, "", error.message)
    if isinstance(error, UnicodeDecodeError):
        return Fault(item, "", "invalid UTF-8")
    if isinstance(error, RecursionError):
        return Fault(item, "", "nested too deep")
    message, path = _PATH.match(str(error)).groups()  # type: ignore[union-attr]
    field = (path or "").lstrip(".")
    if (unknown := _UNKNOWN.match(message)) is not None:
        name = unknown.group(1)
        return Fault(item, _join(field, name), f'unknown field "{name}"', _suggest_field(field, name))
    if (missing := _MISSING.match(message)) is not None:
        return Fault(item, _join(field, missing.group(1)), f'missing required field "{missing.group(1)}"')
    if (value := _ENUM.match(message)) is not None:
        return Fault(item, field, f'unknown value "{value.group(1)}"', _suggest_value(field, value.group(1)))
    reason = message[:1].lower() + message[1:]
    return Fault(item, field, re.sub(r"`([^`]*)`", _plain_types, reason))


def _plain_types(match: re.Match[str]) -> str:
    return " or ".join(_WORDS.get(word, word) for word in match.group(1).split(" | "))


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _structs(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [struct for part in get_args(annotation) for struct in _structs(part)]


def _type_at(field: str) -> Any:
    """The annotation of a dotted field of Event (positions are skipped), or None."""
    kind: Any = Event
    for name in re.sub(r"\[[^\]]*\]", "", field).split("."):
        if not name:
            continue
        structs = _structs(kind)
        fields = {f.name: f.type for struct in structs for f in msgspec.structs.fields(struct)}
        if name not in fields:
            return None
        kind = fields[name]
    return kind


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""


def _suggest_field(field: str, name: str) -> str:
    structs = _structs(_type_at(field))
    known = [f.name for struct in structs for f in msgspec.structs.fields(struct)]
    return _nearest(name, known) or (
        'free-form data goes into "labels" or "attributes"' if not field else f"known: {', '.join(sorted(known))}"
    )


def _literals(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [text for part in get_args(annotation) for text in _literals(part)]


def _suggest_value(field: str, value: str) -> str:
    known = _literals(_type_at(field))
    return _nearest(value, known) or (f"one of: {', '.join(known)}" if known else "")


def find_forgery(value: Any, path: str = "", *, recorded: bool = False) -> tuple[str, str] | None:
    """(field, reason) of the first marker that no producer (`recorded`: and no recorder) makes, or None."""
    if isinstance(value, dict):
        if is_marker(value):
            reason = forgery(value, recorded=recorded)
            return None if reason is None else (path, reason)
        children: list[tuple[str, Any]] = [(_join(path, name), child) for name, child in value.items()]
    elif isinstance(value, list):
        children = [(f"{path}[{position}]", child) for position, child in enumerate(value)]
    else:
        return None
    for place, child in children:
        found = find_forgery(child, place, recorded=recorded)
        if found is not None:
            return found
    return None


def without_markers(value: Any, path: str = "") -> Any:
    """`value` as the types of `Event` see it: a redacted member counts as absent, an actor's id as present."""
    if isinstance(value, dict):
        return {
            name: without_markers(child, _join(path, name)) if not is_marker(child) else "$redacted"
            for name, child in value.items()
            if not is_marker(child) or _join(path, name) in _REQUIRED_IDS
        }
    if isinstance(value, list):
        return [without_markers(child, path) for child in value if not is_marker(child)]
    return value
