"""Events as a timeline takes them, with only what matters said."""

from typing import Any

from graven.qa.happened import Happened

__all__ = ["event", "lines"]


def event(
    index: int,
    name: str = "",
    *,
    at: int | None = None,
    lasts: int = 0,
    span: str = "",
    parent: str = "",
    cause: str = "",
    by: str = "",
    seq: int = 0,
    received: int = 10**9,
    source: str = "",
) -> Happened:
    """`name` is the id; `by` the producer, without which nothing is counted; times in nanoseconds."""
    return Happened(
        index=index,
        received_ns=received,
        id=name or f"e{index}",
        source=source or by or "s",
        start_ns=at,
        end_ns=None if at is None else at + lasts,
        trace="t",
        span=span,
        parent_span=parent,
        causation=cause,
        producer=(by, "1") if by else None,
        seq=seq,
        data={"action": name},
        size=0,
    )


def lines(items: list[Any]) -> list[str]:
    """Each item as `  name order`, indented by its depth."""
    return [f"{'  ' * item.depth}{item.id} {item.order}" for item in items]
