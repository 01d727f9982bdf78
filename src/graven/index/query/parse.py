"""From the text of a query to its tree.

The grammar gives a rough tree of what was written; here it gets its meaning. Relative times are resolved against the
moment that is passed in, so that a tree asks the same for ever. `InvalidInput` (code `bad_query`, details `position`,
`end`, `expected`) is all that `parse` raises, for whatever text.
"""

import re
from typing import Final, Literal, NamedTuple

from lark import Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.lexer import Token

from graven.errors import InvalidInput
from graven.index.query.ast import All, Compare, Not, Query, all_of, leaves, one_of
from graven.index.query.conditions import Moment, Value, compare, condition, words
from graven.index.query.fields import BY_NAME, TEXT
from graven.index.query.foreign import refuse_apart, refuse_foreign, refuse_unequal
from graven.index.query.grammar import KEYWORDS, NAME, OPERATOR, QUOTED, SEGMENT, parser
from graven.index.query.names import PSEUDO, Named, named, quote, unquote
from graven.index.query.problems import bad_query, nearest, reversed_range
from graven.index.query.spoken import meant_moment
from graven.index.query.times import moment

__all__ = ["CANONICAL", "LIMITS", "Clock", "Limits", "Parsed", "parse"]

Clock = Literal["received", "claimed"]


class Limits(NamedTuple):
    """How large a query may be; `levels` counts NOT and what is put in parentheses for a reason."""

    chars: int
    conditions: int
    levels: int


LIMITS: Final = Limits(4_096, 64, 16)
CANONICAL: Final = Limits(65_536, 256, 40)
"""For what `unparse` wrote of a query within `LIMITS`: it is longer, and a range is two conditions."""


class Parsed(NamedTuple):
    """A query and the clock that it asks by: its own, or the one of the call."""

    query: Query
    clock: Clock = "received"


class _Leaf(NamedTuple):
    head: Token | None
    value: Token
    depth: int = 0


class _Group(NamedTuple):
    head: Token
    inner: "_Node"
    depth: int


class _Many(NamedTuple):
    word: Literal["AND", "OR"]
    parts: list["_Node"]
    depth: int


class _Negated(NamedTuple):
    word: Token
    inner: "_Node"
    depth: int


_Node = _Leaf | _Group | _Many | _Negated

_TERMINALS: Final = {
    "HEAD": "a field",
    "WORD": "a word",
    "VALUE": "a value",
    "QUOTED": "a quoted text",
    "LPAR": "(",
    "_RPAR": ")",
    "_AND": "AND",
    "_OR": "OR",
    "NOT": "NOT",
    "MINUS": "-",
    "$END": "the end",
}
_CLOCKS: Final[tuple[Clock, ...]] = ("received", "claimed")
_HEAD_ALONE: Final = re.compile(f"({NAME}(?:{SEGMENT})*)({OPERATOR})")
_BROKEN_PATH: Final = re.compile(rf"({NAME})[.\[][^:<>]*[:<>]")
_WHOLE_QUOTE: Final = re.compile(QUOTED)


class _Rough(Transformer[Token, object]):
    """What the rules of the grammar call while the parser reads."""

    def start(self, children: list[_Node]) -> _Node | None:
        return children[0] if children else None

    def any_of(self, children: list[_Node]) -> _Node:
        return _many("OR", children)

    def all_of(self, children: list[_Node]) -> _Node:
        return _many("AND", children)

    def negated(self, children: tuple[Token, _Node]) -> _Node:
        word, inner = children
        return _Negated(word, inner, _deeper(inner.depth, word))

    def grouped(self, children: tuple[Token, _Node]) -> _Node:
        return children[1]

    def word(self, children: tuple[Token]) -> _Node:
        return _Leaf(None, children[0])

    def condition(self, children: tuple[Token, Token]) -> _Node:
        return _Leaf(*children)

    def field_group(self, children: tuple[Token, Token, _Node]) -> _Node:
        head, _, inner = children
        return _Group(head, inner, inner.depth)


_MAX_DEPTH: Final = CANONICAL.levels


def _many(word: Literal["AND", "OR"], parts: list[_Node]) -> _Node:
    return parts[0] if len(parts) == 1 else _Many(word, parts, 1 + max(part.depth for part in parts))


def _deeper(depth: int, token: Token) -> int:
    if depth >= _MAX_DEPTH:
        raise _too_deep(_place(token)[0])
    return depth + 1


def _too_deep(position: int, levels: int = LIMITS.levels) -> InvalidInput:
    return bad_query(f"nested too deep: at most {levels} levels", position, position + 1)


def _place(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0


def parse(
    text: str, *, now_ns: int, clock: Clock = "received", zone_offset_s: int = 0, limits: Limits = LIMITS
) -> Parsed:
    """The query that `text` is. `clock` is the clock of the call, which `clock:` in the text overrides.

    `zone_offset_s` (seconds east of UTC) holds for times without a zone. `InvalidInput` for anything else.
    """
    if len(text) > limits.chars:
        raise bad_query(f"{len(text)} characters: at most {limits.chars}", limits.chars, len(text))
    rough = _rough(text)
    if rough is None:
        return Parsed(All(), clock)
    if rough.depth > limits.levels:
        raise _too_deep(0, limits.levels)
    own = _own_clock(rough)
    meaning = _Meaning(text, own or clock, Moment(now_ns, zone_offset_s))
    query = meaning.of(rough)
    meaning.refuse_reversed()
    count = sum(1 for _ in leaves(query))
    if count > limits.conditions:
        raise bad_query(f"{count} conditions: at most {limits.conditions} (a range is two)", 0, len(text))
    return Parsed(query, own or clock)


def _rough(text: str) -> _Node | None:
    try:
        return parser(_Rough).parse(text)  # type: ignore[return-value]  # the transformer's start
    except UnexpectedToken as error:
        raise _unexpected(error, text) from error
    except UnexpectedCharacters as error:
        raise _unexpected_characters(error, text) from error
    except UnexpectedEOF as error:
        raise bad_query("the query ends too early", len(text), len(text)) from error


def _unexpected(error: UnexpectedToken, text: str) -> InvalidInput:
    expected = sorted(_TERMINALS.get(name, name) for name in error.expected)
    said = " or ".join(expected)
    if error.token.type == "$END":
        return bad_query(f"the query ends where {said} is expected", len(text), len(text), expected=expected)
    start, end = _place(error.token)
    if error.token.type == "_RPAR" and "$END" in error.expected:
        return bad_query("this parenthesis closes none", start, end, expected=expected)
    return bad_query(f"{str(error.token)[:80]!r} stands where {said} is expected", start, end, expected=expected)


def _unexpected_characters(error: UnexpectedCharacters, text: str) -> InvalidInput:
    at = int(error.pos_in_stream)  # type: ignore[call-overload]  # its base declares None
    whole = _WHOLE_QUOTE.match(text, at)
    if whole is not None:
        end = whole.end()
        return bad_query("white space is expected after a quoted text", end, end + 1, expected=["white space"])
    return bad_query(
        "the quotation mark that opens here is not closed",
        at,
        len(text),
        expected=['"'],
        hint='close it, or write \\" for a quotation mark inside of quotes',
    )


def _split_head(head: Token) -> tuple[str, str]:
    """Name and operator. Quotes may hold operators, so the operator is found from the end."""
    text = str(head)
    size = 2 if text.endswith("=") else 1
    return text[:-size], text[-size:]


def _own_clock(rough: _Node) -> Clock | None:
    """The clock that a query names at its top level; a second one is refused where it stands."""
    found: Clock | None = None
    for part in rough.parts if isinstance(rough, _Many) and rough.word == "AND" else [rough]:
        if isinstance(part, _Leaf) and part.head is not None and _split_head(part.head) == ("clock", ":"):
            value = _value(part.value)
            clock = next((clock for clock in _CLOCKS if clock == value.text), None)
            if clock is None or found not in (None, clock):
                near = nearest(value.text, _CLOCKS)
                raise bad_query(
                    f"{value.text[:80]!r} is no clock" if clock is None else "the query names two clocks",
                    value.start,
                    value.end,
                    expected=_CLOCKS,
                    hint=f'did you mean "{near}"?' if clock is None and near else "",
                )
            found = clock
    return found


def _value(token: Token) -> Value:
    start, end = _place(token)
    quoted = token.startswith('"')
    return Value(unquote(token) if quoted else str(token), quoted, start, end)


class _Meaning:
    """Gives the rough tree its meaning."""

    def __init__(self, text: str, clock: Clock, at: Moment) -> None:
        self._text = text
        self._at = at
        self._bounds: dict[str, tuple[int | float, Value]] = {}
        self._clock = Named(BY_NAME["received" if clock == "received" else "time"])

    def of(self, node: _Node, *, top: bool = True) -> Query:
        match node:
            case _Many("AND", parts):
                return all_of([self.of(part, top=top) for part in parts])
            case _Many(_, parts):
                return one_of([self.of(part, top=False) for part in parts])
            case _Negated(_, inner):
                return Not(self.of(inner, top=False))
            case _Group(head, inner):
                return self._group(head, inner)
            case _Leaf(head, value):
                if head is not None:
                    return self._condition(head, _value(value), top)
                _refuse_keyword(value)
                return _free_word(_value(value), self._text)

    def refuse_reversed(self) -> None:
        """`bad_query` when the query has to be before its `until` and not before its `since`, which is later."""
        if len(self._bounds) < 2:
            return
        (since, low), (until, high) = self._bounds["since"], self._bounds["until"]
        if since > until:
            place = min(low.start, high.start) - len("since:"), max(low.end, high.end)
            raise reversed_range(*place, f"since:{_shown(high)} until:{_shown(low)}")

    def _condition(self, head: Token, value: Value, top: bool) -> Query:
        name, operator = _split_head(head)
        start, end = _place(head)
        if name in PSEUDO:
            if operator != ":":
                raise bad_query(f"{name} takes a colon", end - len(operator), end, expected=[":"])
            return self._bound(name, value, top) if name != "clock" else _clock(start, end, top)
        field = named(name, start)
        if operator == "<":
            refuse_unequal(name, start, value)
        match operator:
            case "<" | "<=" | ">" | ">=":
                return compare(field, operator, value, self._at)
            case _:
                return condition(field, value, self._at, (start, start + len(name)))

    def _bound(self, name: str, value: Value, top: bool) -> Query:
        span = moment(value.text, now_ns=self._at.now_ns, zone_offset_s=self._at.zone_offset_s)
        if span is None:
            expected = "a time such as 2026-11-27T10:15:00Z, a date, or 2h for two hours ago"
            meant = meant_moment(value.text, now_ns=self._at.now_ns, zone_offset_s=self._at.zone_offset_s)
            raise bad_query(
                f"{value.text[:80]!r} is no moment for {name}: expected {expected}",
                value.start,
                value.end,
                expected=[expected],
                hint=f"did you mean {name}:{meant}?" if meant else "",
            )
        if top:
            self._bounds[name] = (span.first, value)
        return Compare(self._clock.field, ">=" if name == "since" else "<", span.first)

    def _group(self, head: Token, inner: _Node) -> Query:
        name, operator = _split_head(head)
        start, end = _place(head)
        if name in PSEUDO or operator != ":":
            raise bad_query(f"{str(head)[:80]} takes one value", end, end + 1, expected=["a value"])
        return self._grouped(named(name, start), inner, (start, start + len(name)))

    def _grouped(self, field: Named, node: _Node, place: tuple[int, int]) -> Query:
        match node:
            case _Many("AND", parts):
                return all_of([self._grouped(field, part, place) for part in parts])
            case _Many(_, parts):
                return one_of([self._grouped(field, part, place) for part in parts])
            case _Negated(_, inner):
                return Not(self._grouped(field, inner, place))
            case _Leaf(_, value):
                _refuse_keyword(value)
                return condition(field, _value(value), self._at, place)
            case _Group():  # the grammar has none there
                raise AssertionError(node)


def _clock(start: int, end: int, top: bool) -> Query:
    if not top:
        raise bad_query("clock holds for the whole query: it stands alone", start, end)
    return All()  # `_own_clock` has read it


def _refuse_keyword(value: Token) -> None:
    if value in KEYWORDS:
        start, end = _place(value)
        raise bad_query(
            f"{value} stands where a condition is expected",
            start,
            end,
            expected=["a condition"],
            hint=f'to search for the word, write "{value.lower()}" or put it in quotes',
        )


def _shown(value: Value) -> str:
    return quote(value.text) if value.quoted else value.text


def _free_word(value: Value, text: str) -> Query:
    """A word of a query without a field; what was meant to have one is refused rather than searched for."""
    if not value.quoted:
        refuse_foreign(value)
        refuse_apart(text, value)
        match = _HEAD_ALONE.fullmatch(value.text)
        if match is not None:
            name = match.group(1)
            if name not in PSEUDO:
                named(name, value.start)
            raise bad_query(
                f"a value is expected right after {value.text[:80]}",
                value.end,
                value.end,
                expected=["a value"],
                hint=f'without white space: {value.text[:80]}value; "" is an empty text',
            )
        match = _BROKEN_PATH.match(value.text)
        if match is not None and (field := BY_NAME.get(match.group(1))) is not None and field.kind in ("map", "json"):
            raise bad_query(
                f"{value.text[:80]!r} has no readable path",
                value.start,
                value.end,
                expected=["a path such as input.lines[].sku"],
                hint='put a member with other characters in quotes: input."a b":value',
            )
    return words(TEXT, value)
