"""Taking a refused batch apart, so that one poisoned event costs one event. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from graven.sdk.answers import Refused

__all__ = ["Parts", "take_apart"]


class Parts(NamedTuple):
    """`keep`: batches to try again, in order. `lost`: events with the reason of their refusal."""

    keep: list[list[bytes]]
    lost: list[tuple[bytes, str]]


def take_apart(events: Sequence[bytes], refused: Refused, *, may_split: bool) -> Parts:
    """Leave out the events that the answer names; when it names none, halve; when that is pointless
    (one event, a refusal of the request as such, or not `may_split`), all are lost."""
    message = refused.message or f"the server answered {refused.status}"
    if refused.items:
        reasons = dict(refused.reasons)
        rest = [event for at, event in enumerate(events) if at not in refused.items]
        lost = [(events[at], reasons.get(at, message)) for at in sorted(refused.items)]
        return Parts([rest] if rest else [], lost)
    if refused.divisible and may_split and len(events) > 1:
        middle = len(events) // 2
        return Parts([list(events[:middle]), list(events[middle:])], [])
    return Parts([], [(event, message) for event in events])
