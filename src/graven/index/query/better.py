"""What a query that found nothing probably meant: the value, the spelling or the operator that would find something.

Pure, and only for queries that were understood: hints are said beside an empty answer, where a guess costs nothing.
What a log holds is asked of a `Known`, which answers from what is enumerated anyway, or from the newest events.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from graven.errors import InvalidInput
from graven.event.vocabulary import ACTOR_TYPES, OUTCOMES
from graven.index.near import near_names
from graven.index.query.ast import And, Compare, Equals, Exists, Not, Or, Query, Wildcard, leaves
from graven.index.query.fields import FACETS, Field
from graven.index.query.grammar import QUOTED
from graven.index.query.matches import fits
from graven.index.query.names import spell_name, spell_word
from graven.index.query.near_path import meant_path
from graven.index.query.near_value import near_conditions, spellable
from graven.index.query.parse import parse
from graven.index.query.patterns import in_slashes
from graven.index.query.problems import nearest
from graven.index.query.unparse import unparse

__all__ = ["Known", "better_query", "field_to_count"]

_ENUMERATED: Final = {"outcome": OUTCOMES, "actor.type": ACTOR_TYPES}
"""Fields that event/1 takes no other values for."""
_TYPED: Final = re.compile(r"([\w.-]+):(.+)", re.DOTALL)
_QUOTED: Final = re.compile(QUOTED)
_OPERATORS: Final = ("or", "and", "not")
_SHOWN: Final = 80
_MOST_ASKED: Final = 8
"""Conditions that are looked into: a query has at most 64, and each costs a question."""
_FEW: Final = 8
_NAMED: Final = 12

_Asked = Equals | Wildcard | Compare | Exists


class Known(Protocol):
    """What a log holds, as far as that is cheap to know."""

    @property
    def whole(self) -> bool:
        """Whether `values` of a field in `FACETS` know of every event."""
        ...

    def values(self, field: Field, like: str) -> Sequence[str]:
        """Values of a field of kind keyword that are worth a comparison with `like`: itself if there is one, those that
        hold it in whatever case, and the most frequent; of a field in `FACETS` all when they are few."""
        ...

    def labels(self) -> Mapping[str, Sequence[str]]:
        """The keys of labels, and values of each."""
        ...

    def documents(self, field: Field) -> Sequence[Any]:
        """Values of a field of kind json in the newest events."""
        ...


def better_query(text: str, query: Query, known: Known) -> list[str]:
    """Hints in the order of the query, each once. `query` is what `text` means."""
    hints: list[str] = []
    for leaf in [one for one in _wanted(query) if isinstance(one, _Asked)][:_MOST_ASKED]:
        hints += _of_text(leaf) or _of_known(leaf, known)
    lower = [word.upper() for word in _QUOTED.sub(" ", text).replace("(", " ").split() if word in _OPERATORS]
    if lower:
        hints.append(f"OR, AND and NOT are upper case; {lower[0].lower()} is a word to search for")
    return list(dict.fromkeys(hints))


def field_to_count(query: str, *, now_ns: int) -> str:
    """The name of the field whose values are worth a look: the first that is asked and can be counted."""
    try:
        asked = parse(query, now_ns=now_ns).query
    except InvalidInput:  # the answer came from elsewhere, and took it
        return "action"
    return next(
        (leaf.field.name for leaf in leaves(asked) if isinstance(leaf, _Asked) and leaf.field in FACETS), "action"
    )


def _wanted(query: Query) -> Iterator[Query]:
    """The conditions that an event has to meet; what is excluded makes no answer empty."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _wanted(part)
        case Not():
            return
        case leaf:
            yield leaf


def _of_text(leaf: _Asked) -> list[str]:
    """What the condition itself tells, whatever the log holds."""
    if not isinstance(leaf, Equals) or not isinstance(leaf.value, str):
        return []
    field, value = leaf.field, leaf.value
    name = spell_name(field, leaf.path)
    known = _ENUMERATED.get(field.name)
    if "|" in value:
        parts = [_spelled(_corrected(part, known)) for part in value.split("|") if part][:_FEW]
        return [f"did you mean {name}:({' OR '.join(parts)})?"] if parts else []
    if known is not None and value not in known:
        near = nearest(value, known)
        meant = f"did you mean {field.name}:{near}? " if near else ""
        return [f"{meant}{field.name} is {', '.join(known[:-1])} or {known[-1]}"]
    if field.kind == "keyword" and field.name != "uri" and (body := in_slashes(value)) and spellable(body):
        return [f"did you mean {name}:*{body[:_SHOWN]}*? there are no regular expressions"]
    return _of_typed(field, value)


def _corrected(value: str, known: tuple[str, ...] | None) -> str:
    return value if known is None or value in known else nearest(value, known) or value


def _of_typed(field: Field, value: str) -> list[str]:
    """`type:id`, which is how a recording spells a target and an actor."""
    match = _TYPED.fullmatch(value)
    if match is None:
        return []
    kind, rest = match.groups()
    if field.name == "target" and "/" not in kind:
        return [f"did you mean target:{_spelled(f'{kind}/{rest}')}?"]
    if field.name in ("actor", "behalf") and kind in ACTOR_TYPES:
        return [f"did you mean {field.name}:{_spelled(rest)}?"]
    return []


def _spelled(value: str) -> str:
    return spell_word(value[:_SHOWN])


def _of_known(leaf: _Asked, known: Known) -> list[str]:
    match leaf.field.kind:
        case "keyword":
            return _of_value(leaf, known)
        case "map":
            return _of_label(leaf, known)
        case "json":
            return _of_path(leaf, known)
        case _:
            return []


def _meant(conditions: Sequence[_Asked]) -> str:
    return f"did you mean {' or '.join(_short(unparse(one)) for one in conditions)}?" if conditions else ""


def _short(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN else text[: 2 * _SHOWN] + "…"


def _of_value(leaf: _Asked, known: Known) -> list[str]:
    value = max(leaf.parts, key=len) if isinstance(leaf, Wildcard) else str(getattr(leaf, "value", ""))
    there = known.values(leaf.field, value)
    enumerated = known.whole and leaf.field in FACETS
    if not there:
        return [f"no event has {_article(leaf.field.name)}"] if enumerated else []
    if isinstance(leaf, Wildcard):
        return _of_pattern(leaf, there)
    if not isinstance(leaf, Equals) or value in there:
        return []
    if meant := _meant(near_conditions(leaf, there)):
        return [meant]
    if not enumerated:
        return []
    few = f": {leaf.field.name} has only {', '.join(map(_spelled, there))}" if len(there) <= _FEW else ""
    return [f"no event has {_short(unparse(leaf))}{few}"]


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _of_pattern(leaf: Wildcard, there: Sequence[str]) -> list[str]:
    """Values that the pattern would match if case did not matter."""
    folded = tuple(part.casefold() for part in leaf.parts)
    fitting = [one for one in there if fits(one.casefold(), folded)]
    if not fitting or any(fits(one, leaf.parts) for one in fitting):
        return []
    begins = leaf.parts[0]
    if len(leaf.parts) == 2 and begins and not leaf.parts[1] and len(fitting) > 1:
        return [_meant([leaf._replace(parts=(fitting[0][: len(begins)], ""))])]
    return [_meant([Equals(leaf.field, one, leaf.path) for one in fitting[:1]])]


def _of_label(leaf: _Asked, known: Known) -> list[str]:
    labels = known.labels()
    key = str(leaf.path[0])
    if key in labels:
        return [meant] if isinstance(leaf, Equals) and (meant := _meant(near_conditions(leaf, labels[key]))) else []
    if not labels:
        return ["no labels are known"]
    near = near_names(key, list(labels), cutoff=0.6, most=1)
    meant = _meant([leaf._replace(path=(one,)) for one in near])
    keys = _listed([spell_name(leaf.field, (one,)) for one in labels])
    return [f"{spell_name(leaf.field, leaf.path)} is no known label: {meant or f'there are {keys}'}"] + (
        [f"labels that there are: {keys}"] if meant else []
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(name[:_SHOWN] for name in names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _of_path(leaf: _Asked, known: Known) -> list[str]:
    documents = known.documents(leaf.field)
    if not documents:
        return []
    found = meant_path(leaf.path, documents)
    path, values = found.path, found.values
    if not values:
        if not found.names:
            return []
        here = spell_name(leaf.field, path)
        return [f"no {spell_name(leaf.field, leaf.path)} in the newest events: {here} has {_listed(found.names)}"]
    if not isinstance(leaf, Exists):
        while values and all(isinstance(value, list) for value in values):
            path, values = (*path, None), [element for value in values for element in value]
    if path != leaf.path:
        lists = path.count(None) > leaf.path.count(None)
        return [_meant([leaf._replace(path=path)]) + (" [] is any element of a list" if lists else "")]
    names = sorted({name for value in values if isinstance(value, dict) for name in value})
    if not isinstance(leaf, Exists) and names and all(isinstance(value, dict) for value in values):
        return [f"{spell_name(leaf.field, path)} is an object: it has {_listed(names)}"]
    texts = [str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)]
    meant = _meant(near_conditions(leaf, list(dict.fromkeys(texts)))) if isinstance(leaf, Equals) else ""
    return [meant] if meant else []
