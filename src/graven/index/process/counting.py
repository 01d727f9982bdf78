"""Questions for numbers of matches: over time, and by value."""

import time
from typing import Final

import msgspec

from graven.errors import InvalidInput
from graven.index.answers.facets import facets
from graven.index.answers.histogram import histogram
from graven.index.process.asked import facet_fields, number_of, span_asked
from graven.index.process.bodies import Check, asked_by, ms_since
from graven.index.process.followed import FollowedLog
from graven.index.process.messages import Answer, Call
from graven.index.query.times import spell_time

__all__ = ["facets_answer", "histogram_answer"]

_MOST_BUCKETS: Final = 1_000
_MOST_VALUES: Final = 1_000

_encode: Final = msgspec.json.Encoder().encode


def histogram_answer(log: FollowedLog, call: Call, check: Check) -> Answer:
    """Matches over time, see `answers.histogram`."""
    parameters = call.parameters
    question = asked_by(call)
    by = facet_fields(parameters.get("by", ""), "by")
    if len(by) > 1:
        raise InvalidInput("by: one field is expected", code="bad_parameter")
    snapshot = log.index.snapshot()
    began = time.perf_counter()
    start, stop = span_asked(question.query, question.clock)
    found = histogram(
        snapshot,
        question.query,
        buckets=number_of(parameters, "buckets", 60, most=_MOST_BUCKETS, least=2),
        clock=question.clock,
        by=by[0] if by else None,
        start_ns=start,
        stop_ns=stop,
        check=check,
    )
    took = ms_since(began)
    body = {
        "from": spell_time(found.buckets[0].start_ns) if found.buckets else None,
        "to": spell_time(found.buckets[-1].start_ns + found.width_ns) if found.buckets else None,
        "width_ns": found.width_ns,
        "clock": question.clock,
        "values": found.values,
        "buckets": [
            {
                "start": spell_time(bucket.start_ns),
                "count": bucket.count,
                **({"by": {v: n for v, n in zip(found.values, bucket.by, strict=True) if n}} if by else {}),
            }
            for bucket in found.buckets
        ],
        "total": found.total,
        "untimed": found.untimed,
        "indexed": snapshot.size,
        "took_ms": took,
    }
    span = (0, snapshot.size - 1) if found.total else (None, None)
    return Answer(call.id, _encode(body), found.total, *span)


def facets_answer(log: FollowedLog, call: Call, check: Check) -> Answer:
    """How many matches have each value of some fields."""
    parameters = call.parameters
    question = asked_by(call)
    fields = facet_fields(parameters.get("fields", "action,outcome,actor"), "fields")
    snapshot = log.index.snapshot()
    limit = number_of(parameters, "limit", 10, most=_MOST_VALUES)
    began = time.perf_counter()
    found = facets(snapshot, question.query, fields, limit=limit, check=check)
    body = {
        "facets": {
            name: {
                "values": [{"value": value, "count": count} for value, count in facet.values],
                "other": facet.other,
                "absent": facet.absent,
            }
            for name, facet in found.fields.items()
        },
        "total": found.total,
        "indexed": snapshot.size,
        "took_ms": ms_since(began),
    }
    return Answer(call.id, _encode(body), found.total)
