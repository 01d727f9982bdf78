"""Data that is JSON already: what a capture would give unchanged."""

from typing import Any

import msgspec

from graven.event.redact import Glance, Redactor
from graven.sdk.capture import Limits

__all__ = ["copied", "plainness"]


def plainness(limits: Limits, redactor: Redactor | None = None) -> Glance:
    """Says whether a capture within `limits`, and redaction where there is a redactor, would change nothing."""
    return Glance(redactor, depth=limits.depth, items=limits.items, nodes=limits.nodes, text=limits.text)


def copied(value: Any) -> Any:
    """A copy of plain data, tuples as lists; `UnicodeEncodeError` for lone surrogates."""
    return msgspec.json.decode(msgspec.json.encode(value))
