"""The values that a field has in a view: what a cell of a table shows, and what an alert groups by.

A value that is no string where one is expected (a redacted one) stands as its compact JSON text, as in queries.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from graven.index.export.rows import View, text_of
from graven.index.query.fields import Field
from graven.index.query.times import time_ns

__all__ = ["Path", "values_of"]

Path = tuple[str | int | None, ...]
"""Members by name, elements by number, None for every element."""


def values_of(view: View, field: Field, path: Path = ()) -> list[Any]:
    """All values, in the order of the event; empty when the field is absent.

    Keywords and texts are strings; numbers, durations (ns) and `received` (Unix ns) are integers; `time` is the text
    that was claimed; what a `json` path leads to is any JSON.
    """
    special = _SPECIAL.get(field.name)
    if special is not None:
        return special(view)
    if field.kind == "json":
        return list(_follow(view, (*field.source, *path)))
    found = _at(view, field.source)
    match field.kind:
        case "map":
            key = path[0] if path else None
            return [text_of(each[key]) for each in found if isinstance(each, dict) and each.get(key) is not None]
        case "keyword" | "text":
            return [text_of(each) for each in found]
        case _:
            return [each for each in found if type(each) is int]


def _at(value: Any, source: tuple[str, ...]) -> list[Any]:
    """Everything at a path of members; a list on the way, or at the end, counts as its elements."""
    for depth, name in enumerate(source):
        if type(value) is list:
            return [leaf for each in value for leaf in _at(each, source[depth:])]
        if type(value) is not dict and not isinstance(value, Mapping):  # the cheap question first
            return []
        value = value.get(name)
    if type(value) is list:
        return [leaf for each in value for leaf in _at(each, ())]
    return [] if value is None else [value]


def _follow(value: Any, path: Path) -> Iterator[Any]:
    if not path:
        if value is not None:
            yield value
        return
    step, rest = path[0], path[1:]
    if step is None:
        for each in value if isinstance(value, list) else ():
            yield from _follow(each, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _follow(value[step], rest)
    elif isinstance(value, Mapping):
        yield from _follow(value.get(step), rest)


def _target(target: Any) -> str:
    """`type/id`, as a query spells it; the id alone without a type."""
    if not isinstance(target, dict) or target.get("id") is None:
        return ""
    kind = target.get("type")
    return text_of(target["id"]) if kind is None else f"{text_of(kind)}/{text_of(target['id'])}"


def _targets(view: View) -> list[Any]:
    return [name for target in _at(view, ("event", "targets")) if (name := _target(target))]


def _sessions(view: View) -> list[Any]:
    found = [*_at(view, ("event", "session_id")), *_at(view, ("event", "actor", "session"))]
    return list(dict.fromkeys(map(text_of, found)))


def _time(view: View) -> list[Any]:
    return [text_of(each) for each in _at(view, ("event", "time"))]


def _backdated(view: View) -> list[Any]:
    received = view.get("received")
    for claimed in _time(view):
        moment = time_ns(claimed)
        if moment is not None and isinstance(received, int):
            return [received - moment]
    return []


_SPECIAL: Final[Mapping[str, Callable[[View], list[Any]]]] = {
    "backdated": _backdated,
    "session": _sessions,
    "target": _targets,
    "text": lambda view: [],
    "time": _time,
}
