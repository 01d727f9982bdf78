"""Numbers of what a scan found, over time and by value, in the shapes of the calls over HTTP."""

from collections import Counter
from typing import Any, Final

from graven.index.answers.widths import width_for
from graven.index.process.asked import Asked, span_asked
from graven.index.query.fields import Field
from graven.index.query.times import spell_time
from graven.index.query.view import keywords

__all__ = ["facet_body", "histogram_body", "value_of"]

_STACKED: Final = 8


def value_of(field: Field, view: dict[str, Any]) -> str:
    return next(iter(keywords(field, view)), "")


def facet_body(counter: Counter[str | None], limit: int) -> dict[str, Any]:
    absent = counter.pop(None, 0)
    ordered = sorted(((value or "", count) for value, count in counter.items()), key=lambda one: (-one[1], one[0]))
    return {
        "values": [{"value": value, "count": count} for value, count in ordered[:limit]],
        "other": sum(count for _, count in ordered[limit:]),
        "absent": absent,
    }


def histogram_body(
    about: Asked, times: list[tuple[int, str]], total: int, buckets: int, by: Field | None, size: int
) -> dict[str, Any]:
    start, stop = span_asked(about.query, about.clock)
    low = start if start is not None else min((moment for moment, _ in times), default=stop or 0)
    high = max(low, stop - 1 if stop is not None else max((moment for moment, _ in times), default=low))
    width = width_for(high - low, buckets)
    base = low // width
    number = min(max(1, high // width - base + 1), buckets)
    common = [value for value, _ in Counter(value for _, value in times if value).most_common(_STACKED)]
    counts = [0] * number
    stacks: list[Counter[str]] = [Counter() for _ in range(number)]
    for moment, value in times:
        at = moment // width - base
        if 0 <= at < number:
            counts[at] += 1
            stacks[at][value if value in common else ""] += 1
    made = [
        {"start": spell_time((base + at) * width), "count": counts[at], **({"by": dict(stacks[at])} if by else {})}
        for at in range(number if total else 0)
    ]
    return {
        "from": made[0]["start"] if made else None,
        "to": spell_time((base + number) * width) if made else None,
        "width_ns": width,
        "clock": about.clock,
        "values": [*common, ""] if by else [],
        "buckets": made,
        "total": total,
        "untimed": total - sum(counts),
        "indexed": size,
    }
