"""What answers a query, said before it is asked (`--explain`)."""

from typing import Any

from graven.index.query.ast import And, Query
from graven.index.query.unparse import unparse
from graven.index.segment.rows import rank
from graven.index.segment.sealed import SealedSegment
from graven.index.store import Snapshot

__all__ = ["plan_of"]

_WAYS = (
    "place in the log: no row is looked at but those at the ends",
    "codes, keys and times: flat arrays",
    "terms: the words of each segment",
    "columns: only of the rows that the conditions before leave",
)


def plan_of(snapshot: Snapshot, query: Query) -> dict[str, Any]:
    """Conditions in the order in which they are asked, and the segments that there are."""
    parts = sorted(query.parts, key=rank) if isinstance(query, And) else [query]
    sealed = sum(isinstance(segment, SealedSegment) for segment in snapshot.segments)
    return {
        "conditions": [{"condition": unparse(part), "answered_by": _WAYS[rank(part)]} for part in parts],
        "segments": {"sealed": sealed, "hot": len(snapshot.segments) - sealed},
        "entries": snapshot.size,
    }
