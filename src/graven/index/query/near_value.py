"""Which value was probably meant by one that no event has: of another case, a part of a whole, or spelled nearly so."""

import re
from collections.abc import Sequence
from typing import Final

from graven.index.near import near_names
from graven.index.query.ast import Equals, Wildcard

__all__ = ["near_conditions", "spellable"]

_MOST: Final = 3
_NUMBER: Final = re.compile(r"\d+")
_SEPARATORS: Final = "./:-_#@"
_UNSPELLABLE: Final = frozenset('*"()')
"""What a wildcard cannot have in it: it stands without quotes, where white space and these mean something."""


def near_conditions(asked: Equals, known: Sequence[str]) -> list[Equals | Wildcard]:
    """The condition with what was probably meant, the likeliest first; none when the value is known, or nothing is
    near. `known` are values of the field that are worth a look."""
    value = str(asked.value)
    if value in known or not value:
        return []
    folded = value.casefold()
    same = [one for one in known if one.casefold() == folded]
    if same:
        return _equal(asked, same)
    begun = [one for one in known if one.casefold().startswith(folded)]
    if begun:
        return [_begins(asked, begun[0][: len(value)], begun)] if len(begun) > 1 else _equal(asked, begun)
    holding = [one for one in known if folded in one.casefold()]
    if len(holding) > 1 and spellable(value):
        at = holding[0].casefold().find(folded)
        part = holding[0][at : at + len(value)]
        if part.casefold() == folded:  # else the letters before it are more, or fewer, when case is folded
            ends = all(one.endswith(part) for one in holding)
            return [Wildcard(asked.field, ("", part) if ends else ("", part, ""), asked.path)]
    if holding:
        return _equal(asked, holding)
    shape = _NUMBER.sub("0", folded)
    lowered = {
        one.casefold(): one
        for one in reversed(known)
        if _NUMBER.sub("0", one.casefold()) != shape  # order/43 is no slip for order/42
    }
    return _equal(asked, [lowered[one] for one in near_names(folded, list(lowered), cutoff=0.6, most=_MOST)])


def _equal(asked: Equals, values: Sequence[str]) -> list[Equals | Wildcard]:
    return [asked._replace(value=value) for value in values[:_MOST]]


def _begins(asked: Equals, start: str, begun: Sequence[str]) -> Equals | Wildcard:
    """The pattern for all that begin so: `order.*` where what follows is a dot in each."""
    following = {one[len(start) : len(start) + 1] for one in begun}
    separator = following.pop() if len(following) == 1 else ""
    if not spellable(start) or start.casefold() != str(asked.value).casefold():
        return asked._replace(value=begun[0])
    return Wildcard(asked.field, (start + (separator if separator in _SEPARATORS else ""), ""), asked.path)


def spellable(text: str) -> bool:
    """Whether a wildcard can have it in it."""
    return not any(char.isspace() or char in _UNSPELLABLE for char in text)
