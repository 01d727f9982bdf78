"""The rows of a segment that a query matches: set algebra over exact masks.

What codes, keys, numbers and terms answer comes first; what only columns can answer is asked last, and only of the
rows that are left. `True` and `False` stand for all rows and none.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.derive.columns import JSON_COLUMNS, MISSING, NUMBERS
from graven.index.derive.deriver import connect
from graven.index.derive.words import spaced
from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Query, Wildcard, Words
from graven.index.query.fields import TEXT
from graven.index.query.matches import matches
from graven.index.query.numbers import number, whole_numbers
from graven.index.query.tokens import tokens
from graven.index.segment.codes import Codes, Mask, Rows, mask_of
from graven.index.segment.conditions import Condition, Leaf, condition_of
from graven.index.segment.contract import BLOCK_ROWS, Segment
from graven.index.segment.hot import text_mask

__all__ = ["COLUMNS", "FLAT", "ORDERED", "TERMS", "Rows", "between", "rank", "rows_of"]

ORDERED: Final = 0
FLAT: Final = 1
TERMS: Final = 2
COLUMNS: Final = 3
"""What answers a condition, the cheapest first: see `rank`."""

_INT64: Final = 2**63 - 1
_ORDERED: Final = frozenset({"index", "received"})
"""What never decreases from one row to the next."""

_MOST_DISTANCE: Final = 4 * 10**18
_engine: Final = threading.local()


def rank(query: Query) -> int:
    """What answers a node: its place in the log, flat arrays and keys, terms, or columns."""
    match query:
        case All():
            return ORDERED
        case And(parts=parts) | Or(parts=parts):
            return max(map(rank, parts))
        case Not(part=part):
            return rank(part)
        case Words(field=field):
            return TERMS if field == TEXT else COLUMNS
        case Equals() | Compare() | Exists() if query.field.column in _ORDERED:
            return ORDERED
        case _:
            return FLAT if _answered_flat(query) else COLUMNS


def rows_of(query: Query, segment: Segment, within: Rows = True, *, check: Callable[[], None] = lambda: None) -> Rows:
    """The rows among `within` that match, exactly. `check` is called before every costly step and may raise."""
    if within is False or (within is not True and not within.any()):
        return False
    match query:
        case All():
            return within
        case And(parts=parts):
            for part in sorted(parts, key=rank):
                within = rows_of(part, segment, within, check=check)
                if within is False:
                    return False
            return within
        case Or(parts=parts):
            found: Rows = False
            for part in sorted(parts, key=rank):
                left = _minus(within, found)
                found = _or(found, rows_of(part, segment, left, check=check))
            return found
        case Not(part=part):
            return _minus(within, rows_of(part, segment, within, check=check))
        case Words():
            check()
            return _and(within, _worded(query, segment, within, check))
        case _:
            check()
            return _and(within, _leaf(query, segment, within, check))


def _and(a: Rows, b: Rows) -> Rows:
    if a is True:
        return b
    if b is True:
        return a
    return False if a is False or b is False else a & b


def _or(a: Rows, b: Rows) -> Rows:
    if a is False:
        return b
    if b is False:
        return a
    return True if a is True or b is True else a | b


def _minus(a: Rows, b: Rows) -> Rows:
    if b is False or a is False:
        return a
    if b is True:
        return False
    return ~b if a is True else a & ~b


def _answered_flat(leaf: Leaf) -> bool:
    field = leaf.field
    return (
        field.column in NUMBERS
        or field.column in {"backdated", "labels"}
        or field.stored == "facet"
        or (field.stored == "key" and isinstance(leaf, Equals))
    )


def _leaf(leaf: Leaf, segment: Segment, within: Rows, check: Callable[[], None]) -> Rows:
    field = leaf.field
    if field.column in _ORDERED:
        return _stretch(leaf, segment)
    if field.column == "backdated":
        return _backdated(leaf, segment)
    if field.column in NUMBERS:
        numbers = segment.numbers(field.column)
        return np.asarray((numbers != MISSING) & _compared(numbers, leaf))
    if field.column == "labels":
        codes = segment.codes("labels")

        def chosen(names: Any, rows: Any) -> pa.Table:
            return pa.table({"labels": codes.values if rows is None else codes.values.take(pa.array(rows))})

        wanted = _scan(leaf, chosen, len(codes.values), True, check)
        return wanted if isinstance(wanted, bool) else codes.chosen(pa.array(wanted))
    if field.stored == "facet":
        return _coded(leaf, segment.codes(field.column))
    if field.stored == "key" and isinstance(leaf, Equals):
        return _at(segment.keyed(field.column, str(leaf.value)), segment.count)
    within = _and(within, _likely(leaf, segment))
    return _scan(leaf, segment.columns, segment.count, within, check)


def between(low: int, high: int, count: int) -> Rows:
    """Rows [low, high) of a segment of `count`."""
    if low >= high:
        return False
    if low <= 0 and high >= count:
        return True
    mask = np.zeros(count, np.bool_)
    mask[low:high] = True
    return mask


def _at(numbers: Any, count: int) -> Rows:
    """The rows with these numbers."""
    if not numbers.size:
        return False
    mask = np.zeros(count, np.bool_)
    mask[numbers] = True
    return mask


def _stretch(leaf: Leaf, segment: Segment) -> Rows:
    """What a bound of `index` or `received` leaves, without a look at more than the rows at its ends."""
    match leaf:
        case Compare(operator=operator, value=value):
            start, stop = whole_numbers(operator, value)
        case Equals(value=(int() | float()) as value):
            start, stop = whole_numbers("=", value)
        case _:
            start, stop = None, None
    if leaf.field.column == "index":
        low = 0 if start is None else max(0, start - segment.first)
        high = segment.count if stop is None else max(0, min(segment.count, stop - segment.first))
        return between(low, high, segment.count)
    times = segment.numbers("received")
    low = _place(times, MISSING + 1 if start is None else max(start, MISSING + 1))
    high = segment.count if stop is None else _place(times, stop)
    return between(low, high, segment.count)


def _place(times: Any, bound: int) -> int:
    """How many times lie below a bound."""
    if bound > _INT64:
        return len(times)
    return 0 if bound <= MISSING else int(np.searchsorted(times, np.int64(bound)))


def _coded(leaf: Leaf, codes: Codes) -> Rows:
    match leaf:
        case Equals(value=value):
            return codes.equal(str(value))
        case Wildcard(parts=parts):
            return codes.matching(parts)
        case Exists():
            return codes.present()
        case Compare():
            raise AssertionError("keywords are not compared")


def _compared(numbers: Any, leaf: Leaf) -> Rows:
    match leaf:
        case Equals(value=value):
            return np.asarray(numbers == value) if abs(value) <= _INT64 else False  # type: ignore[arg-type]
        case Compare(operator=operator, value=value):
            if value > _INT64 or value < -_INT64:
                return (operator in {"<", "<="}) == (value > 0)
            match operator:
                case "<":
                    return np.asarray(numbers < value)
                case "<=":
                    return np.asarray(numbers <= value)
                case ">":
                    return np.asarray(numbers > value)
                case ">=":
                    return np.asarray(numbers >= value)
        case _:
            return True
    raise AssertionError(leaf)


def _backdated(leaf: Leaf, segment: Segment) -> Rows:
    received, time = segment.numbers("received"), segment.numbers("time")
    there = np.asarray(time != MISSING)
    if isinstance(leaf, Exists):
        return there
    # received - time may not fit in 64 bits, so the question is turned round: time against received - value
    value = int(max(-_MOST_DISTANCE, min(_MOST_DISTANCE, leaf.value)))  # type: ignore[union-attr, arg-type]
    bound = received - value
    match leaf:
        case Compare(operator=">"):
            return np.asarray(there & (time < bound))
        case Compare(operator=">="):
            return np.asarray(there & (time <= bound))
        case Compare(operator="<"):
            return np.asarray(there & (time > bound))
        case Compare(operator="<="):
            return np.asarray(there & (time >= bound))
        case _:
            return np.asarray(there & (time == bound))


def _likely(leaf: Leaf, segment: Segment) -> Rows:
    """Rows that may match, by the terms: what equals a text has its tokens one after another."""
    if not isinstance(leaf, Equals) or leaf.field.column not in {"input", "output", "attributes", "uri"}:
        return True
    value = str(leaf.value)
    words = tokens(value)
    if not words or (leaf.field.kind == "json" and _spelled_otherwise(value)):
        return True
    found = segment.worded(words, prefix=False, infix=False)
    return True if found is None else found


def _spelled_otherwise(text: str) -> bool:
    """Whether a number that equals the text may have other digits in JSON: a float has an exponent from 1e16 on."""
    value = number(text)
    return value is not None and (text != str(value) or abs(value) >= 10**16)


def _worded(words: Words, segment: Segment, within: Rows, check: Callable[[], None]) -> Rows:
    span = _span(within)
    found = segment.worded(words.tokens, prefix=words.prefix, infix=words.infix, span=span)
    if found is None and len(words.tokens) > 1:  # the words before the one that only begins so
        found = segment.worded(words.tokens[:-1], prefix=False, infix=False, span=span)
    elif found is not None and words.field == TEXT:
        return found
    likely = _and(within, True if found is None else found)

    def hits(names: Any, rows: Any) -> Mask:
        column = segment.columns(names, rows)[words.field.column].combine_chunks()
        column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        if words.field != TEXT:
            column = spaced(pc.binary_join_element_wise("", column, "", " "))
        return text_mask(column, words.tokens, prefix=words.prefix, infix=words.infix)

    return _stepwise([words.field.column], hits, segment.count, likely, check)


def _span(within: Rows) -> tuple[int, int] | None:
    """The first of the rows, and the one behind the last; None for all."""
    if isinstance(within, bool):
        return None
    return int(within.argmax()), len(within) - int(within[::-1].argmax())


def _stepwise(
    names: Any, hits: Callable[[Any, Any], Mask], count: int, within: Rows, check: Callable[[], None]
) -> Rows:
    """The rows among `within` that `hits` finds, looked at in blocks: none of them takes long."""
    if within is False or (within is not True and not within.any()):
        return False
    mask = np.zeros(count, np.bool_)
    for rows in _blocks(within, count):
        check()
        found = hits(names, rows)
        if rows is None:
            return found
        mask[rows[found]] = True
    return mask


def _blocks(within: Mask | bool, count: int) -> Iterator[Any]:
    """Row numbers, block by block; None for all of a small segment."""
    if within is True and count <= BLOCK_ROWS:
        yield None
        return
    rows = np.arange(count) if within is True else np.flatnonzero(within)
    borders = np.searchsorted(rows, np.arange(BLOCK_ROWS, count, BLOCK_ROWS))
    yield from (block for block in np.split(rows, borders) if block.size)


def _scan(
    leaf: Leaf, columns: Callable[[Any, Any], pa.Table], count: int, within: Rows, check: Callable[[], None]
) -> Rows:
    """Ask the columns, of the rows that are left only."""
    condition = condition_of(leaf)
    if condition is None:
        return _stepwise(
            (leaf.field.column,), lambda names, rows: _by_hand(leaf, columns(names, rows)), count, within, check
        )
    return _stepwise(
        condition.columns, lambda names, rows: _by_engine(condition, columns(names, rows)), count, within, check
    )


def _by_engine(condition: Condition, table: pa.Table) -> Mask:
    connection: duckdb.DuckDBPyConnection | None = getattr(_engine, "connection", None)
    if connection is None:
        connection = _engine.connection = connect()
    connection.register("rows", table)
    try:
        sql = f"SELECT {condition.sql} AS hit FROM rows"  # noqa: S608 - our own text; values are parameters
        found = connection.sql(sql, params=list(condition.parameters)).to_arrow_table()["hit"]
        return mask_of(found)
    finally:
        connection.unregister("rows")


def _by_hand(leaf: Leaf, table: pa.Table) -> Mask:
    """For paths that the engine cannot spell: one row after another."""
    column = leaf.field.column
    assert column in JSON_COLUMNS  # noqa: S101 - nothing else is refused
    texts = table[column].to_pylist()
    hits = (text is not None and matches(leaf, {"event": {column: msgspec.json.decode(text)}}) for text in texts)
    return np.fromiter(hits, np.bool_, len(texts))
