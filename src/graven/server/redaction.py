"""The redaction rules that hold in a data directory: those the last start of a server recorded.

A server compares them with its settings and records a change before it holds (serve.py); who works on the
directory without a server has no settings, and takes the rules as they were recorded.
"""

import msgspec

from graven.errors import RefusedToStart
from graven.event.redact import Rule, default_rules
from graven.server.control import Control

__all__ = ["REDACTION_FACT", "RecordedRedaction", "recorded_rules"]

REDACTION_FACT = "redaction"


class RecordedRedaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fact `redaction`: the rules as JSON, in a string, and the id of the key of their digests."""

    rules: str
    key: str


def recorded_rules(control: Control) -> tuple[Rule, ...]:
    """What the last server redacted; the default rules before the first one. RefusedToStart when malformed."""
    known = control.fact(REDACTION_FACT)
    if known is None:
        return tuple(default_rules())
    try:
        fact = msgspec.json.decode(known, type=RecordedRedaction)
        return msgspec.json.decode(fact.rules, type=tuple[Rule, ...])
    except msgspec.MsgspecError as error:
        raise RefusedToStart(
            f"the redaction rules kept in control.sqlite are malformed: {error}",
            why="going on with other rules could write into the log what was to be redacted",
            hint="restore control.sqlite from a backup",
            code="redaction_malformed",
        ) from error
