"""What a query that found nothing probably meant: the value, the spelling or the operator that would find something.

Pure, and only for queries that were understood: they are said beside an empty answer, where a guess costs nothing.
"""

import re
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.event.vocabulary import ACTOR_TYPES, OUTCOMES
from graven.index.query.ast import Equals, leaves
from graven.index.query.fields import FACETS, Field
from graven.index.query.grammar import QUOTED
from graven.index.query.names import quote, spell_name
from graven.index.query.parse import parse
from graven.index.query.problems import nearest

__all__ = ["Better", "better_query"]

_ENUMERATED: Final = {"outcome": OUTCOMES, "actor.type": ACTOR_TYPES}
"""Fields that event/1 takes no other values for."""
_TYPED: Final = re.compile(r"([\w.-]+):(.+)", re.DOTALL)
_QUOTED: Final = re.compile(QUOTED)
_OPERATORS: Final = ("or", "and", "not")
_PLAIN: Final = re.compile(r"[\w./@:+-]+")
_SHOWN: Final = 80


class Better(NamedTuple):
    """Lines to say, and the field whose values are worth a look: the first that is asked and can be counted."""

    hints: list[str]
    by: str = "action"


def better_query(query: str) -> Better:
    """Hints in the order of the query, each once."""
    try:
        asked = list(leaves(parse(query, now_ns=0).query))
    except InvalidInput:  # the answer came from elsewhere, and took it
        return Better([])
    hints = [hint for leaf in asked if isinstance(leaf, Equals) and (hint := _of_value(leaf))]
    lower = [word.upper() for word in _QUOTED.sub(" ", query).replace("(", " ").split() if word in _OPERATORS]
    if lower:
        hints.append(f"OR, AND and NOT are upper case; {lower[0].lower()} is a word to search for")
    fields = [leaf.field for leaf in asked if isinstance(leaf, Equals)]
    by = next((field.name for field in fields if field in FACETS), "action")
    return Better(list(dict.fromkeys(hints)), by)


def _of_value(leaf: Equals) -> str:
    field, value = leaf.field, leaf.value
    if not isinstance(value, str):
        return ""
    known = _ENUMERATED.get(field.name)
    if "|" in value:
        parts = [_spelled(_corrected(part, known)) for part in value.split("|") if part]
        return f"did you mean {spell_name(field, leaf.path)}:({' OR '.join(parts)})?"[:200] if parts else ""
    if known is not None and value not in known:
        near = nearest(value, known)
        meant = f"did you mean {field.name}:{near}? " if near else ""
        return f"{meant}{field.name} is {', '.join(known[:-1])} or {known[-1]}"
    return _of_typed(field, value)


def _corrected(value: str, known: tuple[str, ...] | None) -> str:
    return value if known is None or value in known else nearest(value, known) or value


def _of_typed(field: Field, value: str) -> str:
    """`type:id`, which is how a recording spells a target and an actor."""
    match = _TYPED.fullmatch(value)
    if match is None:
        return ""
    kind, rest = match.groups()
    if field.name == "target" and "/" not in kind:
        return f"did you mean target:{_spelled(f'{kind}/{rest}')}?"
    if field.name in ("actor", "behalf") and kind in ACTOR_TYPES:
        return f"did you mean {field.name}:{_spelled(rest)}?"
    return ""


def _spelled(value: str) -> str:
    return value[:_SHOWN] if _PLAIN.fullmatch(value) else quote(value[:_SHOWN])
