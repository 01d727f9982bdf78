"""The SQL that turns entries into columns: one `json_transform` over a batch of Arrow strings.

Lenient by design: what has another type than event/1 says stands as its compact JSON text (a redacted value), or is
null where a number is expected. An entry that is no JSON at all fails the whole batch; the caller isolates it.
"""

import json
from typing import Any, Final

from graven.index.query.fields import FIELDS, Field

__all__ = ["COLUMNS", "JSON_COLUMNS", "MISSING", "NUMBERS", "columns_sql"]

MISSING: Final = -(2**63)
"""An absent number in the flat columns; no time or duration that event/1 allows is it."""

NUMBERS: Final = ("received", "time", "duration", "severity")
"""Numbers that are kept flat, never null, `MISSING` where absent."""

JSON_COLUMNS: Final = ("labels", "attributes", "input", "output")

_TEXT: Final = "VARCHAR"
_DATA: Final[dict[str, Any]] = {
    "time": _TEXT,
    "action": _TEXT,
    "outcome": _TEXT,
    "actor": dict.fromkeys(("type", "id", "name", "email", "session"), _TEXT),
    "on_behalf_of": [{"id": _TEXT}],
    "targets": [{"type": _TEXT, "id": _TEXT, "name": _TEXT, "change": "JSON"}],
    "origin": dict.fromkeys(("ip", "user_agent", "host", "process"), _TEXT),
    "method": dict.fromkeys(("protocol", "operation", "uri", "statement"), _TEXT),
    "input": "JSON",
    "output": "JSON",
    "error": "JSON",
    "duration_ns": "BIGINT",
    "severity": "BIGINT",
    "message": _TEXT,
    "reason": _TEXT,
    "ticket": _TEXT,
    "qa": {
        **dict.fromkeys(
            ("run", "suite", "test", "phase", "status", "environment", "commit", "tree", "branch", "build", "release"),
            _TEXT,
        ),
        "attempt": "BIGINT",
    },
    "trace": dict.fromkeys(("trace_id", "span_id", "parent_span_id"), _TEXT),
    "correlation_id": _TEXT,
    "causation_id": _TEXT,
    "session_id": _TEXT,
    "labels": "JSON",
    "attributes": "JSON",
}
_ENTRY: Final = {
    **dict.fromkeys(("received", "id", "source", "format"), _TEXT),
    "by": {"token": _TEXT, "ip": _TEXT},
    "redacted": "BIGINT",
    "blob": "JSON",
    "data": _DATA,
}

_TARGET_VALUES: Final = """list_distinct(flatten(list_transform(d.targets, lambda x:
    [x.id, CASE WHEN x.type IS NOT NULL AND x.id IS NOT NULL THEN x.type || '/' || x.id END])))"""
_SPECIAL: Final = {
    "received": "epoch_ns(CAST(r.received AS TIMESTAMP_NS))",
    "time": "",  # below
    "duration": f"coalesce(d.duration_ns, {MISSING})",
    "severity": f"coalesce(d.severity, {MISSING})",
    "error": "d.error->>'$.type'",
    "error_message": "d.error->>'$.message'",
    "behalf": "list_filter(list_transform(d.on_behalf_of, lambda x: x.id), lambda v: v IS NOT NULL)",
    "target": _TARGET_VALUES,
    "target_type": "list_filter(list_transform(d.targets, lambda x: x.type), lambda v: v IS NOT NULL)",
    "target_name": "list_filter(list_transform(d.targets, lambda x: x.name), lambda v: v IS NOT NULL)",
    "session": "list_distinct([d.session_id, d.actor.session])",
    "token": "r.by.token",
    "by_ip": "r.by.ip",
}
# A leap second counts as the second before; what int64 cannot hold is put at its ends, so that it hides nothing. The
# engine's own cast takes no notice of an offset, and much for a time that is none: it is trusted with UTC only.
_RFC3339: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_SECONDS: Final = """epoch_us(TRY_CAST(left(d.time, 10) || ' ' || substr(d.time, 12, 6)
    || CASE WHEN substr(d.time, 18, 2) = '60' THEN '59' ELSE substr(d.time, 18, 2) END AS TIMESTAMP)) // 1000000"""
_OFFSET: Final = """CASE WHEN right(d.time, 1) IN ('Z', 'z') THEN 0 ELSE
    (TRY_CAST(substr(d.time, length(d.time) - 4, 2) AS BIGINT) * 3600 + TRY_CAST(right(d.time, 2) AS BIGINT) * 60)
    * CASE WHEN substr(d.time, length(d.time) - 5, 1) = '-' THEN -1 ELSE 1 END END"""
_FRACTION: Final = r"TRY_CAST(rpad(regexp_extract(d.time, '\.([0-9]+)', 1), 9, '0') AS BIGINT)"
_TIME: Final = f"""CASE WHEN d.time IS NULL OR NOT regexp_full_match(d.time, '{_RFC3339}') THEN {MISSING} ELSE coalesce(
    CASE WHEN right(d.time, 1) = 'Z' THEN nullif(epoch_ns(TRY_CAST(d.time AS TIMESTAMP_NS)), {MISSING}) END,
    CASE WHEN TRY_CAST(left(d.time, 10) AS DATE) IS NOT NULL THEN CAST(greatest({MISSING + 1}, least({2**63 - 1},
        CAST(({_SECONDS}) - ({_OFFSET}) AS HUGEINT) * 1000000000 + {_FRACTION})) AS BIGINT) END,
    {MISSING}) END"""

# a JSON text with its escapes taken away: what they stand for separates words anyway
_ESCAPE: Final = r"""\\(["\\/bfnrt]|u[0-9a-fA-F]{4})"""


def _said(json_text: str) -> str:
    text = f"CAST({json_text} AS VARCHAR)"
    return f"CASE WHEN contains({text}, '\\') THEN regexp_replace({text}, '{_ESCAPE}', ' ', 'g') ELSE {text} END"


_TARGET_TEXT: Final = f"concat_ws(' ', x.type, x.id, x.name, {_said('x.change')})"
_ALL_SAID: Final = f"""concat_ws(' ', '', d.message, d.reason, {_said("d.error")}, {_said("d.input")},
    {_said("d.output")}, {_said("d.attributes")},
    d.action, d.actor.id, d.actor.name, d.method.uri, d.method.statement, d.method.operation,
    list_aggregate(list_transform(list_filter(d.targets, lambda x: x IS NOT NULL), lambda x: {_TARGET_TEXT}),
                   'string_agg', ' '),
    d.qa.run, d.qa.suite, d.qa.test, d.qa.status, d.outcome, '')"""


def _column(field: Field) -> str:
    if field.column == "time":
        return _TIME
    if field.column in _SPECIAL:
        return _SPECIAL[field.column]
    head, *rest = field.source
    if head == "event":
        expression = "d." + ".".join(rest)
        return f"CAST({expression} AS VARCHAR)" if field.column in JSON_COLUMNS else expression
    return "r." + ".".join(field.source)


COLUMNS: Final = tuple(field.column for field in FIELDS if field.source and field.column != "index")
"""Every stored column but `text`, in the order of the fields."""


def columns_sql(table: str) -> str:
    """A query over `table(entry VARCHAR)` that gives `COLUMNS`, `text`, and `blob` (JSON, null in most)."""
    by_column = {field.column: field for field in FIELDS}
    shape = json.dumps(_ENTRY).replace("'", "''")
    columns = ",\n ".join(f'{_column(by_column[name])} AS "{name}"' for name in COLUMNS)
    return f"""WITH entries AS (SELECT json_transform(entry, '{shape}') AS r FROM {table}),
 parts AS (SELECT r, r.data AS d FROM entries)
SELECT {columns},
 {_ALL_SAID} AS "text",
 CAST(r.blob AS VARCHAR) AS blob FROM parts"""  # noqa: S608 - our own names only
