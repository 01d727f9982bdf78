"""Where values lie in JSON that is already known to be valid and free of duplicate members.

`strictjson.parse` knows too, but reads every value; this walks only to the places asked for and skips
everything else with one regular expression at a time. Possessive quantifiers keep skipping linear.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

__all__ = ["locate", "splice"]

_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NAME: Final = re.compile(rb"[\s,{]*+(" + _STRING + rb")\s*+:\s*+", re.DOTALL)
_SCALAR: Final = re.compile(_STRING + rb'|[^\s,\]}{\["]++', re.DOTALL)
_FLAT: Final = re.compile(rb'[{\[][^\]\[{}"]*+(?:' + _STRING + rb'[^\]\[{}"]*+)*+[}\]]', re.DOTALL)
_BRACKETS: Final = re.compile(rb'[^\]\[{}"]*+(?:' + _STRING + rb'[^\]\[{}"]*+)*+([\]\[{}])', re.DOTALL)
_GAP: Final = re.compile(rb"[\s,]*+")
_END: Final = re.compile(rb"\s*+[}\]]")

Place = tuple[str | int, ...]
Span = tuple[int, int]


def splice(data: bytes, replacements: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Replace the spans (start, end) of `data`, which must not overlap, by new bytes."""
    parts: list[bytes] = []
    done = 0
    for start, end, new in sorted(replacements):
        if start < done:
            raise ValueError(f"spans overlap at byte {start}")
        parts += (data[done:start], new)
        done = end
    parts.append(data[done:])
    return b"".join(parts)


def locate(data: bytes, places: Iterable[Place]) -> dict[Place, Span]:
    """The (start, end) of the value at each place; KeyError when there is none.

    `data` is valid JSON without duplicate members; no place lies inside another.
    """
    wanted: dict[Any, Any] = {}
    expected: list[Place] = list(places)
    for place in expected:
        node = wanted
        for step in place:
            node = node.setdefault(step, {})
    found: dict[Place, Span] = {}
    start = len(data) - len(data.lstrip(b" \t\r\n"))
    _visit(data, start, wanted, (), found)
    for place in expected:
        if place not in found:
            raise KeyError(place)
    return found


def _visit(data: bytes, start: int, wanted: dict[Any, Any], place: Place, found: dict[Place, Span]) -> int:
    """Read the value at `start`, note what is wanted in it, give its end."""
    if not wanted:
        end = _skip(data, start)
        found[place] = (start, end)
        return end
    first = data[start]
    if first == 0x7B:
        return _visit_object(data, start, wanted, place, found)
    if first == 0x5B:
        return _visit_array(data, start, wanted, place, found)
    return _skip(data, start)


def _visit_object(data: bytes, start: int, wanted: dict[Any, Any], place: Place, found: dict[Place, Span]) -> int:
    at = start
    while (match := _NAME.match(data, at)) is not None:
        spelled = match.group(1)
        name = spelled[1:-1].decode("utf-8") if b"\\" not in spelled else msgspec.json.decode(spelled)
        inner = wanted.get(name)
        at = match.end()
        at = _skip(data, at) if inner is None else _visit(data, at, inner, (*place, name), found)
    return _close(data, at + 1 if at == start else at)


def _visit_array(data: bytes, start: int, wanted: dict[Any, Any], place: Place, found: dict[Place, Span]) -> int:
    at = start + 1
    position = 0
    while (closing := _END.match(data, at)) is None:
        gap = _GAP.match(data, at)
        at = gap.end() if gap is not None else at
        inner = wanted.get(position)
        at = _skip(data, at) if inner is None else _visit(data, at, inner, (*place, position), found)
        position += 1
    return closing.end()


def _close(data: bytes, at: int) -> int:
    match = _END.match(data, at)
    if match is None:
        raise ValueError(f"not valid JSON at byte {at}")
    return match.end()


def _skip(data: bytes, start: int) -> int:
    """The end of the value that starts at `start`."""
    match = _SCALAR.match(data, start) or _FLAT.match(data, start)
    if match is not None:
        return match.end()
    depth, at = 0, start
    while (bracket := _BRACKETS.match(data, at)) is not None:
        at = bracket.end()
        depth += 1 if bracket.group(1) in b"[{" else -1
        if depth == 0:
            return at
    raise ValueError(f"not valid JSON at byte {start}")
