"""What may stand at a place of a query: names of fields with what they mean, values with how often there are."""

from collections.abc import Callable
from typing import Any, Final

from graven.index.answers.facets import values_of
from graven.index.answers.labels import label_values
from graven.index.query.complete import complete
from graven.index.query.fields import BY_NAME, FACETS, FIELDS, Field
from graven.index.query.names import quote
from graven.index.store import Snapshot

__all__ = ["options_at"]

_MOST: Final = 20
_MOST_NAMES: Final = 100
"""More than there are fields."""

_FIRST: Final = ("action", "actor", "outcome", "target", "test", "run", "status", "env", "message", "error")
"""Fields that most questions begin with; the others follow in the order of the reference."""

_WORD: Final = 3
_WORDS: Final = ("status", "outcome", "actor", "action", "run")
"""Fields whose values people type as words."""

_FEW: Final = 4
_TIMES: Final = (
    ("15m", "fifteen minutes ago"),
    ("1h", "an hour ago"),
    ("24h", "a day ago"),
    ("7d", "a week ago"),
    ("30d", "thirty days ago"),
)
_PSEUDO: Final = {
    "since": "not before that moment",
    "until": "before that moment",
    "clock": "by which times go: received or claimed",
}
_BARE: Final = frozenset("./@:+=,;%#&?!$~^-_")

Option = dict[str, Any]


def options_at(snapshot: Snapshot, text: str, at: int, *, check: Callable[[], None]) -> dict[str, Any]:
    """The characters `from` to `to` that an option replaces, and the options, best first."""
    place = complete(text, at)
    match place.kind:
        case "value" if place.field is None:
            options = _pseudo_values(place.name, place.prefix)
        case "value" if place.field is not None:
            options = _values(snapshot, place.field, place.path, place.prefix, check)
        case _:
            options = (_names(snapshot, place.prefix, check) + _meant(snapshot, place.prefix, check))[:_MOST_NAMES]
    return {"from": place.start, "to": place.end, "kind": place.kind, "options": options}


def _names(snapshot: Snapshot, prefix: str, check: Callable[[], None]) -> list[Option]:
    wanted = prefix.lower()
    if wanted.startswith("labels."):
        return [
            {"text": f"labels.{key}:", "doc": "a label"}
            for key in label_values(snapshot, check)
            if key.lower().startswith(wanted[7:])
        ][:_MOST]
    named = [
        (name, field.doc, field.kind)
        for field in FIELDS
        for name in (field.name, *field.aliases)
        if name.lower().startswith(wanted) and (name == field.name or wanted)
    ]
    named.sort(key=lambda one: _FIRST.index(one[0]) if one[0] in _FIRST else len(_FIRST))
    found = [{"text": name + ("." if kind in {"map", "json"} else ":"), "doc": doc} for name, doc, kind in named] + [
        {"text": f"{name}:", "doc": doc} for name, doc in _PSEUDO.items() if name.startswith(wanted)
    ]
    return found[:_MOST] if wanted else found


def _meant(snapshot: Snapshot, prefix: str, check: Callable[[], None]) -> list[Option]:
    """Values that begin like a bare word, with their fields: `failed` stands in every row of a failed test, yet is no
    word that was said, and only `status:failed` finds it."""
    if len(prefix) < _WORD:
        return []
    return [
        {**option, "text": f"{name}:{option['text']}", "doc": f"a value of {name}"}
        for name in _WORDS
        for option in _values(snapshot, BY_NAME[name], (), prefix, check)[:_FEW]
    ]


def _pseudo_values(name: str, prefix: str) -> list[Option]:
    known = (("received", "when the server took it"), ("claimed", "when its producer says it happened"))
    given = known if name == "clock" else _TIMES if name in {"since", "until"} else ()
    return [{"text": text, "doc": doc} for text, doc in given if text.startswith(prefix)]


def _values(snapshot: Snapshot, field: Field, path: Any, prefix: str, check: Callable[[], None]) -> list[Option]:
    if field.kind == "time":
        return [{"text": text, "doc": doc} for text, doc in _TIMES if text.startswith(prefix)]
    if field.name == "labels" and path:
        values = label_values(snapshot, check).get(path[0], [])
        return [_value(value, None) for value in values if value.lower().startswith(prefix.lower())][:_MOST]
    if field not in FACETS:
        return []
    return [_value(*found) for found in values_of(snapshot, field, prefix=prefix, limit=_MOST, check=check)]


def _value(value: str, count: int | None) -> Option:
    bare = value and all(c.isalnum() or c in _BARE for c in value) and ".." not in value and value[0] not in "<>=-"
    option: Option = {"text": value if bare else quote(value)}
    return option if count is None else {**option, "count": count}
