"""The tree that a query is. Frozen values; two equal trees ask the same.

Every node has one meaning for one event (`matches`), whatever segment or engine answers it.
"""

from typing import Literal, NamedTuple

from graven.index.query.fields import Field

__all__ = ["All", "And", "Compare", "Equals", "Exists", "Not", "Operator", "Or", "Query", "Wildcard", "Words"]

Operator = Literal["<", "<=", ">", ">="]


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

    `path` is the rest of a dotted path, for fields of kind `map` and `json`; see `fields.PathStep`.
    For fields of several values one of them suffices.
    """

    field: Field
    value: str | int | float
    path: tuple[str | int | None, ...] = ()


class Wildcard(NamedTuple):
    """A keyword, or the text of a JSON string or integer, matches a pattern as a whole.

    `parts` are the texts between the `*`, at least two: `("order.", "")` is `order.*`. Case matters.
    """

    field: Field
    parts: tuple[str, ...]
    path: tuple[str | int | None, ...] = ()


class Compare(NamedTuple):
    """A number, time (Unix ns) or duration (ns), or a JSON number at `path`, stands in that relation to `value`."""

    field: Field
    operator: Operator
    value: int | float
    path: tuple[str | int | None, ...] = ()


class Exists(NamedTuple):
    """The field, or the path in it, is there and not null."""

    field: Field
    path: tuple[str | int | None, ...] = ()


Query = All | And | Or | Not | Words | Equals | Wildcard | Compare | Exists
