"""The tree that a query is. Frozen values; two equal trees ask the same.

Every node has one meaning for one event (`matches`), whatever segment or engine answers it.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from graven.index.query.fields import Field

__all__ = [
    "All",
    "And",
    "Compare",
    "Equals",
    "Exists",
    "Not",
    "Operator",
    "Or",
    "Path",
    "Query",
    "Wildcard",
    "Words",
    "all_of",
    "leaves",
    "one_of",
]

Operator = Literal["<", "<=", ">", ">="]

Path = tuple[str | int | None, ...]
"""The rest of a dotted name: a member, the position of an element, or None for any element. For a `map`, one key."""


class All(NamedTuple):
    """Every event; the empty query."""


class And(NamedTuple):
    """All of two or more."""

    parts: tuple["Query", ...]


class Or(NamedTuple):
    """One of two or more."""

    parts: tuple["Query", ...]


class Not(NamedTuple):
    """Every event that the part does not match."""

    part: "Query"


class Words(NamedTuple):
    """Tokens (see `tokens`) that stand one after another in a text.

    `field` is the field `text` for words without a field (everything that is said in an event), or a field of kind
    `text`. With `prefix` the last token is only how a token begins; with `infix`, which stands for `*…*` and leaves
    one token, it is a part of one.
    """

    field: Field
    tokens: tuple[str, ...]
    prefix: bool = False
    infix: bool = False


class Equals(NamedTuple):
    """A keyword is `value`; a number, time or duration is `value` as a number; a JSON scalar is it.

    For keywords, maps and JSON `value` is a text, else a number. For fields of several values one of them suffices.
    """

    field: Field
    value: str | int | float
    path: Path = ()


class Wildcard(NamedTuple):
    """A keyword, or the text of a JSON string or integer, matches a pattern as a whole.

    `parts` are the texts between the `*`, at least two: `("order.", "")` is `order.*`. Case matters.
    """

    field: Field
    parts: tuple[str, ...]
    path: Path = ()


class Compare(NamedTuple):
    """A number, time (Unix ns) or duration (ns), or a JSON number at `path`, stands in that relation to `value`."""

    field: Field
    operator: Operator
    value: int | float
    path: Path = ()


class Exists(NamedTuple):
    """The field, or the path in it, is there and not null."""

    field: Field
    path: Path = ()


Query = All | And | Or | Not | Words | Equals | Wildcard | Compare | Exists


def all_of(parts: Iterable[Query]) -> Query:
    """The conjunction in its one shape: no And within And, no All among others."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, And) else (part,))]
    kept = tuple(one for one in flat if not isinstance(one, All))
    return And(kept) if len(kept) > 1 else kept[0] if kept else All()


def one_of(parts: Iterable[Query]) -> Query:
    """The disjunction of one or more in its one shape: no Or within Or."""
    flat = tuple(one for part in parts for one in (part.parts if isinstance(part, Or) else (part,)))
    return Or(flat) if len(flat) > 1 else flat[0]


def leaves(query: Query) -> Iterator[All | Words | Equals | Wildcard | Compare | Exists]:
    """The conditions of a query, from left to right."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case leaf:
            yield leaf
