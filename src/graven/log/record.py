"""Incidents as entries of `system`: how they look, and writing one into a data directory that no server holds.

A running server records incidents itself, through its own open `system` log; `record_incident` is for the
commands that work on a stopped one (doctor.py).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from graven.event.intake import Producer, prepare_events
from graven.event.redact.redactor import Redactor
from graven.log.layout import SYSTEM_LOG, LogPaths
from graven.log.messages import Incident, LogOptions
from graven.log.start import open_log

__all__ = ["incident_event", "record_incident"]

_LOCAL = Producer(token_id="local", ip="127.0.0.1")  # noqa: S106 - a name in the record, not a secret


def incident_event(incident: Incident) -> dict[str, Any]:
    """The incident as an event/1, whoever records it: action `incident.<kind>`, the log as its target.

    A detail that JSON does not know stands there as its text: an incident must never be unrecordable.
    """
    return {
        "source": "graven",
        "action": f"incident.{incident.kind}",
        "outcome": "failure",
        "actor": {"type": "system", "id": "graven"},
        "targets": [{"type": "log", "id": incident.log}],
        "message": incident.message,
        "attributes": msgspec.json.decode(msgspec.json.encode(incident.details, enc_hook=str)),
    }


def record_incident(
    data_dir: Path,
    incident: Incident,
    *,
    clock: Callable[[], int] = time.time_ns,
    state_dir: Path | None = None,
) -> bool:
    """Append to `system` and wait until it is committed; False when the directory has no such log.

    What opening `system` itself reports is recorded before it. Raises what `open_log` raises when `system`
    cannot be opened.
    """
    if not LogPaths(data_dir, SYSTEM_LOG).root.is_dir():
        return False
    found: list[Incident] = []
    options = LogOptions(supervise=False)
    log = open_log(data_dir, SYSTEM_LOG, clock=clock, options=options, on_incident=found.append, state_dir=state_dir)
    try:
        for each in (*found, incident):
            body = msgspec.json.encode(incident_event(each))
            log.append(prepare_events(body, "application/json", _LOCAL, Redactor(()), now_ns=clock()))
    finally:
        log.close()
    return True
