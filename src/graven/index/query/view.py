"""The view of an entry that queries ask about, and the values that a field has in it.

A view is a JSON object: `index`, `received` (Unix ns), `token`, `by_ip`, `id`, `source`, `format`, `redacted` (absent
when nothing was), and `event`, the entry's data as event/1. `derive.view` makes it. Nothing in it is trusted to have
the type that event/1 gives it: redacted values are objects, and other formats may hold anything.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from graven.index.query.ast import Path
from graven.index.query.fields import TEXT, Field
from graven.index.query.times import clamp, time_ns
from graven.index.query.tokens import compact_json, json_text

__all__ = ["View", "json_values", "keywords", "numbers", "text_of"]

View: TypeAlias = Mapping[str, Any]

_JSON: Final = (("error",), ("input",), ("output",), ("attributes",))
_SAID: Final = (
    ("message",),
    ("reason",),
    *_JSON,
    ("action",),
    ("actor", "id"),
    ("actor", "name"),
    ("method", "uri"),
    ("method", "statement"),
    ("method", "operation"),
)
_CAME_OF_IT: Final = (("qa", "run"), ("qa", "suite"), ("qa", "test"), ("qa", "status"), ("outcome",))


def _member(value: Any, *names: str) -> Any:
    """The member of objects within objects, None where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _spelled(values: list[Any]) -> list[str]:
    """Texts as they are, other values as their compact JSON, without those that are absent or null."""
    return [value if isinstance(value, str) else compact_json(value) for value in values if value is not None]


def keywords(field: Field, view: View) -> list[str]:
    """The values of a field of kind keyword."""
    event = view.get("event")
    match field.name:
        case "target":
            targets = [_spelled([one.get("type"), one.get("id")]) for one in _objects(_member(event, "targets"))]
            ids = _spelled([one.get("id") for one in _objects(_member(event, "targets"))])
            return ids + ["/".join(both) for both in targets if len(both) == 2]
        case "target.type" | "target.name":
            return _spelled([one.get(field.source[-1]) for one in _objects(_member(event, "targets"))])
        case "behalf":
            return _spelled([one.get("id") for one in _objects(_member(event, "on_behalf_of"))])
        case "session":
            return _spelled([_member(event, "session_id"), _member(event, "actor", "session")])
        case _:
            return _spelled([_member(dict(view), *field.source)])


def numbers(field: Field, view: View) -> list[int | float]:
    """The value of a field of kind number, time or duration: none, or one."""
    if field.name == "backdated":
        received, claimed = view.get("received"), _claimed(view)
        return [] if claimed is None or not isinstance(received, int) else [clamp(received - claimed)]
    if field.name == "time":
        claimed = _claimed(view)
        return [] if claimed is None else [claimed]
    value = _member(dict(view), *field.source)
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _claimed(view: View) -> int | None:
    time = _member(view.get("event"), "time")
    return time_ns(time) if isinstance(time, str) else None


def json_values(field: Field, path: Path, view: View) -> list[Any]:
    """The values at a path of a field of kind map or json, without those that are null."""
    found = [_member(dict(view), *field.source)]
    for step in path:
        found = [after for value in found for after in _step(value, step)]
    return [value for value in found if value is not None]


def _step(value: Any, step: str | int | None) -> list[Any]:
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    return value if step is None else value[step : step + 1]


def text_of(field: Field, view: View) -> str | None:
    """The text of a field of kind text; for `text`, everything that is said, one after another with spaces between."""
    event = view.get("event")
    if field != TEXT:
        value = _member(dict(view), *field.source)
        return None if value is None else value if isinstance(value, str) else json_text(value)
    said = [_member(event, *path) for path in _SAID]
    for target in _objects(_member(event, "targets")):
        said += [target.get("type"), target.get("id"), target.get("name"), target.get("change")]
    said += [_member(event, *path) for path in _CAME_OF_IT]
    return " ".join(value if isinstance(value, str) else json_text(value) for value in said if value is not None)
