"""`record_call`: how anything that sees a call during a test puts it into the record of that test."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from graven.pytest_plugin.place import current

__all__ = ["connect", "connected", "record_call"]

_write: Callable[[Mapping[str, Any]], str | None] | None = None
_environment = ""


def connect(write: Callable[[Mapping[str, Any]], str | None] | None, environment: str = "") -> None:
    """Where calls go from now on; None when nothing is recorded any more."""
    global _write, _environment
    _write, _environment = write, environment


def connected() -> tuple[Callable[[Mapping[str, Any]], str | None], str] | None:
    """What `connect` was given last, or None when nothing is recorded."""
    return None if _write is None else (_write, _environment)


def record_call(members: Mapping[str, Any]) -> str | None:
    """Record one call: members of event/1 (`action`, `method`, `input`, `output`, `error`, `duration_ns`,
    `trace.span_id` of the call). `qa` and the rest of `trace` are filled in from the running test.

    Gives the event's id, or None when it was not recorded, as outside of tests. Never raises.
    """
    write, place = _write, current.get()
    if write is None or place is None or not place.test:  # collection, and what the recorder itself asks of git
        return None
    event = dict(members)
    qa: dict[str, Any] = {"run": place.run}
    if _environment:
        qa["environment"] = _environment
    qa |= {"suite": place.suite, "test": place.test, "attempt": place.attempt, "phase": place.phase}
    given = event.get("trace")
    trace = dict(given) if isinstance(given, Mapping) else {}
    event["trace"] = {
        "trace_id": place.trace_id,
        "span_id": trace.get("span_id") or os.urandom(8).hex(),
        "parent_span_id": trace.get("parent_span_id") or place.span_id,
    }
    event["qa"] = {**qa, **(event.get("qa") or {})}
    return write(event)
