"""What answers a query and what that costs, said in words (`--explain`).

The cheap conditions are asked once more, segment by segment, to tell how many rows each leaves. What only the columns
can answer is not: for it the plan says how many rows would be read at most, which is what a search of all pages reads.
"""

from collections.abc import Callable
from typing import Any, Final

from graven.index.answers.page import counted
from graven.index.query.ast import All, And, Compare, Equals, Exists, Not, Or, Query, Wildcard, Words
from graven.index.query.in_words import in_words
from graven.index.query.unparse import unparse
from graven.index.segment.rows import COLUMNS, ORDERED, TERMS, Rows, rank, rows_of
from graven.index.segment.sealed import SealedSegment
from graven.index.store import Snapshot

__all__ = ["plan_of"]

_ANSWERED: Final = {
    "order": "the order of the log: only the ends of the range are looked at",
    "keys": "keys: one lookup in each segment",
    "codes": "codes: the distinct values of each segment, then a small number for each row",
    "numbers": "numbers: a flat array, compared at once",
    "words": "words: the terms of each sealed segment; in a hot one the texts are read",
    "values": "raw values: each is read and compared",
}


def plan_of(snapshot: Snapshot, query: Query, *, check: Callable[[], None]) -> dict[str, Any]:
    """Conditions in the order in which they are asked, with what answers each and how many rows it leaves or has to
    read, and in how many segments there is anything left to look at. `check` may raise."""
    parts = sorted(query.parts, key=rank) if isinstance(query, And) else [query]
    left = [0] * len(parts)
    looked_at = 0
    for segment in snapshot.segments:
        within: Rows = True
        for at, part in enumerate(parts):
            check()
            if rank(part) < COLUMNS:
                within = rows_of(part, segment, within, check=check)
            left[at] += counted(within, segment.count)
        looked_at += bool(counted(within, segment.count))
    sealed = sum(isinstance(segment, SealedSegment) for segment in snapshot.segments)
    return {
        "conditions": [_condition(part, rows) for part, rows in zip(parts, left, strict=True)],
        "segments": {
            "sealed": sealed,
            "hot": len(snapshot.segments) - sealed,
            "looked_at": looked_at,
            "passed_over": len(snapshot.segments) - looked_at,
        },
        "entries": snapshot.size,
    }


def _condition(part: Query, rows: int) -> dict[str, Any]:
    """`rows` are left by it, or have to be read at most where nothing but the values themselves answers it."""
    said = {"condition": unparse(part), "means": in_words(part), "answered_by": "; ".join(_answers(part))}
    return {**said, ("reads_at_most" if rank(part) >= COLUMNS else "leaves"): rows}


def _answers(query: Query) -> list[str]:
    found: dict[str, None] = {}
    for one in _structures(query):
        found[_ANSWERED[one]] = None
    return list(found)


def _structures(query: Query) -> list[str]:
    match query:
        case All():
            return ["order"]
        case And(parts) | Or(parts):
            return [one for part in parts for one in _structures(part)]
        case Not(part):
            return _structures(part)
        case Words():
            return ["words" if rank(query) == TERMS else "values"]
        case Equals() | Wildcard() | Compare() | Exists():
            return [_structure(query)]


def _structure(leaf: Equals | Wildcard | Compare | Exists) -> str:
    match rank(leaf):
        case level if level == ORDERED:
            return "order"
        case level if level >= COLUMNS:
            return "values"
        case _ if leaf.field.stored == "key":
            return "keys"
        case _ if leaf.field.stored == "facet" or leaf.field.kind == "map":
            return "codes"
        case _:
            return "numbers"
