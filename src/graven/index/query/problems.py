"""The one error of the query language: what is wrong, where, what was expected, and the nearest name."""

import difflib
from collections.abc import Iterable

from graven.errors import InvalidInput

__all__ = ["bad_query", "nearest", "reversed_range"]

_MAX_NAME_CHARS = 64


def bad_query(message: str, start: int, end: int, *, expected: Iterable[str] = (), hint: str = "") -> InvalidInput:
    """The error for the characters `start` to `end` (from 0, `end` not included) of a query."""
    return InvalidInput(
        f"query, at character {start}: {message}",
        hint=hint,
        code="bad_query",
        details={"position": start, "end": end, "expected": sorted(expected)},
    )


def reversed_range(start: int, end: int, turned: str) -> InvalidInput:
    """The error for a range that ends before it begins, with the same in the right order."""
    message = "this range ends before it begins, and nothing lies in it"
    return bad_query(message, start, end, expected=["the lower end first"], hint=f"did you mean {turned}?")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, None when none is."""
    if len(name) > _MAX_NAME_CHARS:
        return None
    near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return near[0] if near else None
