"""Why a test failed, as its `test.case.finish` says: the message, the place, the compared values, the parameters.

Lenient: any member may be absent, redacted or of another shape; what cannot be read is left empty.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["Comparison", "Failure", "SourceLine", "failure_of"]

_TEXT_CHARS = 20_000


class Comparison(msgspec.Struct, frozen=True):
    """A comparison in an `assert` that was false: both sides as they were recorded, JSON."""

    op: str
    left: Any
    right: Any


class SourceLine(msgspec.Struct, frozen=True):
    """A line of a file, relative to the root of the tests where it lies there; 0 where the line is not known."""

    file: str
    line: int

    @property
    def text(self) -> str:
        """`tests/test_shop.py:14`."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Failure(msgspec.Struct, frozen=True):
    """`places`: the line of the test, then where it was raised, if elsewhere."""

    error_type: str = ""
    message: str = ""
    places: Sequence[SourceLine] = ()
    compared: Comparison | None = None
    params: Mapping[str, Any] = {}


def failure_of(data: Any) -> Failure:
    """What an event says of the failure of its test; `data` is the decoded event."""
    error, attributes = _members(data, "error"), _members(data, "attributes")
    assertion = _members(attributes, "assertion")
    compared = None
    if isinstance(assertion.get("op"), str) and "left" in assertion and "right" in assertion:
        compared = Comparison(assertion["op"], assertion["left"], assertion["right"])
    reason = _text(_members(data).get("reason"))
    return Failure(
        error_type=_text(error.get("type")),
        message=_text(error.get("message")) or reason,
        places=_places(error.get("stack"), _members(attributes, "place")),
        compared=compared,
        params=_members(_members(data, "input"), "params"),
    )


def _members(value: Any, name: str = "") -> Mapping[str, Any]:
    if name:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value[:_TEXT_CHARS] if isinstance(value, str) else ""


def _places(stack: Any, place: Mapping[str, Any]) -> list[SourceLine]:
    frames = [frame for frame in stack if isinstance(frame, Mapping)] if isinstance(stack, list) else []
    located = [SourceLine(_text(frame.get("file")).replace("\\", "/"), _line(frame)) for frame in frames]
    located = [one for one in located if one.file]
    own = _text(place.get("file")).replace("\\", "/")
    at = next((n for n in range(len(located) - 1, -1, -1) if own and f"/{located[n].file}".endswith(f"/{own}")), None)
    if at is None:
        return located[-1:] or ([SourceLine(own, _line(place))] if own else [])
    root = located[at].file.removesuffix(own)
    places = [SourceLine(own, located[at].line)]
    if at < len(located) - 1:
        raised = located[-1]
        places.append(SourceLine(raised.file.removeprefix(root) if root else raised.file, raised.line))
    return places


def _line(value: Mapping[str, Any]) -> int:
    line = value.get("line")
    return line if type(line) is int and line > 0 else 0
