"""From the name before a `:` to a field and a path in it: `input.lines[].sku`, `labels."app.io/name"`."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from graven.index.query.ast import Path
from graven.index.query.fields import BY_NAME, Field
from graven.index.query.grammar import KEYWORDS, NAME, SEGMENT
from graven.index.query.problems import bad_query, nearest

__all__ = ["PSEUDO", "Named", "is_of_field", "named", "quote", "spell_name", "spell_word", "unquote"]

PSEUDO: Final[Mapping[str, str]] = {
    "since": "from this moment on, by the clock of the query",
    "until": "before this moment, by the clock of the query",
    "clock": "the clock of the query: received (when the server took it) or claimed (what the producer says)",
}
"""Names that ask about no field of their own."""

_MAX_STEPS: Final = 64
_WITH_PATHS: Final = ("map", "json")
_HEAD: Final = re.compile(NAME)
_SEGMENT: Final = re.compile(SEGMENT)
_PLAIN_MEMBER: Final = re.compile(r"[\w-]+")
_PLAIN_WORD: Final = re.compile(r"(?!-)(?!.*\.\.)(?!/.*/[a-z]*\Z)[\w./@:+-]+")
_PLAIN_KEY: Final = re.compile(r"[\w/-]+(?:\.[\w/-]+)*")


class Named(NamedTuple):
    """What a name names."""

    field: Field
    path: Path = ()


def unquote(quoted: str) -> str:
    """The text between quotation marks; a backslash before anything but `"` and `\\` is itself."""
    return re.sub(r'\\(["\\])', r"\1", quoted[1:-1])


def quote(text: str) -> str:
    """The inverse of `unquote`."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spell_word(text: str) -> str:
    """A value as it stands in a group, `actor:(a OR "-b")`: bare where nothing else can be meant by it."""
    return text if _PLAIN_WORD.fullmatch(text) and text not in KEYWORDS else quote(text)


def is_of_field(name: str) -> bool:
    """Whether `name` is, or begins with, a field that it can name; where not, `named` looks at all names for the
    nearest, which takes long."""
    if name in BY_NAME:
        return True
    match = _HEAD.match(name)
    field = BY_NAME.get(match.group()) if match is not None else None
    return field is not None and field.kind in _WITH_PATHS


def named(name: str, start: int) -> Named:
    """The field of a name, and the path in it; `bad_query` for any other. `start` is its position in the query."""
    field = BY_NAME.get(name)
    if field is not None:
        return Named(field)
    end = start + len(name)
    match = _HEAD.match(name)
    first = match.group() if match else name
    field = BY_NAME.get(first)
    if field is None or field.kind not in _WITH_PATHS:
        raise _unknown(name, first, field, start, end)
    segments = _SEGMENT.findall(name, len(first))
    if len(segments) > _MAX_STEPS:
        raise bad_query(f"a path of {len(segments)} steps: at most {_MAX_STEPS}, as deep as JSON may be", start, end)
    if field.kind == "map":
        return Named(field, (_key(segments, name, start, end),))
    return Named(field, tuple(_step(segment) for segment in segments))


def _step(segment: str) -> str | int | None:
    if segment[0] == "[":
        return int(segment[1:-1]) if len(segment) > 2 else None
    return unquote(segment[1:]) if segment[1] == '"' else segment[1:]


def _key(segments: list[str], name: str, start: int, end: int) -> str:
    if len(segments) == 1 and segments[0].startswith('."'):
        return unquote(segments[0][1:])
    if any(segment.startswith(("[", '."')) for segment in segments):
        raise bad_query(
            f"{name[:80]} is no name of a label",
            start,
            end,
            expected=["one key"],
            hint='quote the key as a whole: labels."a[0].b":value',
        )
    return "".join(segments)[1:]


def _unknown(name: str, first: str, field: Field | None, start: int, end: int) -> Exception:
    if field is not None:
        message = f"{field.name} has no parts: {name[:80]!r}"
        near: str | None = nearest(name, [n for n in BY_NAME if n.startswith(first)]) or field.name
    else:
        message = f"unknown field {name[:80]!r}"
        near = nearest(name, [*BY_NAME, *PSEUDO]) or nearest(first, [*BY_NAME, *PSEUDO])
    quote = "to search for it as text, put it in quotes"
    hint = f'did you mean "{near}"? {quote}' if near else quote
    return bad_query(message, start, end, expected=["a field"], hint=hint)


def spell_name(field: Field, path: Path) -> str:
    """The one spelling of a field and a path in it: the inverse of `named`."""
    if field.kind == "map" and path:
        key = str(path[0])
        return f"{field.name}.{key if _PLAIN_KEY.fullmatch(key) else quote(key)}"
    return field.name + "".join(_spell_step(step) for step in path)


def _spell_step(step: str | int | None) -> str:
    if step is None:
        return "[]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step if _PLAIN_MEMBER.fullmatch(step) else quote(step)}"
