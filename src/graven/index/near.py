"""Names near to one that nobody has, in bounded time: both sides of the comparison are what strangers recorded.

`difflib` takes a time that grows with the product of the lengths, and milliseconds a pair already at 200 characters.
So few and short names are looked at, and only the likeliest of them are compared to the end.
"""

import difflib
import heapq
from collections.abc import Collection
from itertools import islice
from typing import Final

__all__ = ["LONGEST", "MOST", "near_names"]

LONGEST: Final = 200
"""Characters of a name that is compared, and of the one asked for: longer ones are cut, or left out."""
MOST: Final = 1_000
"""Names that are looked at, the last ones of those given."""
_COMPARED: Final = 32


def near_names(asked: str, known: Collection[str], *, cutoff: float, most: int = 3) -> list[str]:
    """Up to `most` of the names, best first; `known` with the newest last."""
    asked = asked[:LONGEST]
    looked_at = [name for name in islice(known, max(0, len(known) - MOST), None) if len(name) <= LONGEST]
    if len(looked_at) > _COMPARED:
        matcher = difflib.SequenceMatcher()
        matcher.set_seq2(asked)

        def bound(name: str) -> float:
            """What the likeness is at most: the letters that both have, in any order."""
            matcher.set_seq1(name)
            return matcher.quick_ratio()

        looked_at = heapq.nlargest(_COMPARED, looked_at, key=bound)
    return difflib.get_close_matches(asked, looked_at, n=most, cutoff=cutoff)
