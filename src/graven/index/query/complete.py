"""What is being written at a place of an unfinished query. Pure; the values to offer come from elsewhere.

Reads the text up to that place word by word, as the lexer would, but refuses nothing.
"""

import re
from typing import Final, Literal, NamedTuple

from graven.errors import InvalidInput
from graven.index.query.ast import Path
from graven.index.query.fields import BY_NAME, Field
from graven.index.query.grammar import HEAD, OPERATOR, QUOTED, SEGMENT
from graven.index.query.names import PSEUDO, named, unquote

__all__ = ["Completion", "complete"]

_OPEN_QUOTE: Final = r'"[^"\\]*(?:\\(?s:.)[^"\\]*)*\\?\Z'
_PIECE: Final = re.compile(
    r"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s)]))"
    rf"|(?P<head>{HEAD})|(?P<quoted>{QUOTED}|{_OPEN_QUOTE})|(?P<word>[^\s()\"][^\s()]*|\")"
)
_VALUE: Final = re.compile(rf'{QUOTED}|{_OPEN_QUOTE}|[^\s()"][^\s()]*')
_REST: Final = re.compile(rf"(?:{SEGMENT}|[^\s()\":<>=])*")
_REST_OF_VALUE: Final = re.compile(r"[^\s()]*")
_OPERATOR: Final = re.compile(rf"(?:{OPERATOR})\Z")


class Completion(NamedTuple):
    """The characters `start` to `end` of the text may be replaced; `prefix` is what of them stands before the place.

    `kind` is `field` (a name, or a word to search for), `operator` (the name is whole; `field` says whose), or `value`
    (of `field` at `path`). `name` is the name as it was written: `field` is None for `since`, `until`, `clock` and
    unknown names.
    """

    start: int
    end: int
    kind: Literal["field", "operator", "value"]
    field: Field | None
    prefix: str
    name: str = ""
    path: Path = ()


def complete(text: str, at: int) -> Completion:
    """What may stand at `at`, a position from 0 to the length of `text`."""
    at = max(0, min(at, len(text)))
    before = text[:at]
    groups: list[str | None] = []
    position, head = 0, ""
    while position < at:
        group = next((name for name in reversed(groups) if name is not None), None)
        if head or group is not None:
            match = _VALUE.match(before, position)
            if match is not None and match.end() == at:
                return _value(text, head or group or "", _unnegated(position, match.group(), head), at)
            if match is not None:
                position, head = match.end(), ""
                continue
        match = _PIECE.match(before, position)
        if match is None:
            break
        if match.end() == at and match.lastgroup in ("word", "quoted"):
            return _word(text, position, at)
        if match.lastgroup == "open":
            groups.append(_OPERATOR.sub("", head) if head else None)
        elif match.lastgroup == "close" and groups:
            groups.pop()
        head = match.group() if match.lastgroup == "head" else ""
        position = match.end()
    group = next((name for name in reversed(groups) if name is not None), None)
    if head or group is not None:
        return _value(text, head or group or "", at, at)
    return Completion(at, _rest(text, at), "field", None, "")


def _unnegated(position: int, value: str, head: str) -> int:
    """In a group a `-` before a value negates it; right after a head it belongs to the value."""
    return position + 1 if not head and value.startswith("-") else position


def _rest(text: str, at: int) -> int:
    match = _REST.match(text, at)
    return match.end() if match else at


def _named(name: str) -> tuple[Field | None, Path]:
    try:
        return named(name, 0)
    except InvalidInput:
        return None, ()


def _value(text: str, head: str, start: int, at: int) -> Completion:
    name = _OPERATOR.sub("", head)
    field, path = _named(name)
    match = _REST_OF_VALUE.match(text, at)
    written = text[start:at]
    prefix = unquote(written + '"') if written.startswith('"') else written
    end = match.end() if match and not written.startswith('"') else at
    return Completion(start, end, "value", field, prefix, name, path)


def _word(text: str, start: int, at: int) -> Completion:
    prefix = text[start:at]
    end = _rest(text, at)
    if end == at and prefix in BY_NAME:
        return Completion(at, at, "operator", BY_NAME[prefix], prefix, prefix)
    if end == at and prefix in PSEUDO:
        return Completion(at, at, "operator", None, prefix, prefix)
    return Completion(start, end, "field", None, prefix)
