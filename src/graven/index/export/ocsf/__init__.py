"""OCSF (Open Cybersecurity Schema Framework), one JSON object a line, for whatever collects security events.

rest      what of an event is not mapped yet
classes   which class and activity an event is
parts     actor, endpoints, API, entities
mapped    the whole object
"""

from collections.abc import Iterator

from graven.index.export.ocsf.mapped import SCHEMA_VERSION, ocsf_event
from graven.index.export.rows import Batches, compact

__all__ = ["SCHEMA_VERSION", "ocsf_event", "ocsf_lines"]

_CHUNK = 64 * 1024


def ocsf_lines(batches: Batches, log: str, version: str | None = None) -> Iterator[bytes]:
    """The export of the log named `log`, in pieces of about 64 KiB; `version` is that of this program."""
    held = bytearray()
    for batch in batches:
        for view, _ in batch:
            held += compact(ocsf_event(view, log, version))
            held += b"\n"
            if len(held) >= _CHUNK:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)
