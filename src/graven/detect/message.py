"""What is sent of a firing: a small JSON body that names the entries and holds none of their content.

The shape follows the recommendation of Standard Webhooks (`type`, `timestamp`, `data`). Whoever wants to see the
entries follows the link, with a token: so reading them stays recorded. An operator, who may read no entry, chooses
`by` and the addresses: so the field is named, and its value is not. Nor is the test of a changed result.
A known hole: the id is a hash that the value went into, so a guess of it can be confirmed.
"""

from urllib.parse import quote

import msgspec

from graven.detect.fired import Fired, message_without_values, more_of
from graven.detect.store import Delivery
from graven.event.envelope import format_time

__all__ = ["deliveries_of"]


def deliveries_of(fired: Fired, now_ns: int, link: str = "") -> list[Delivery]:
    """One for each address of the alert, due at once; `link` is the address of the server, "" for none."""
    found, threshold = fired.found, fired.alert.threshold
    data = {
        "id": fired.id,
        "alert": fired.alert.name,
        "log": fired.log,
        "severity": fired.alert.severity,
        "message": message_without_values(fired),
        "since": format_time(found.since_ns),
        "count": found.count,
        "indexes": list(found.indexes),
        **({} if threshold is None or threshold.by is None else {"by": threshold.by}),
        **({} if found.more is None else {"more": more_of(found.more)}),
        **({"link": _link(link, fired)} if link else {}),
    }
    body = msgspec.json.encode({"type": "alert.fire", "timestamp": format_time(found.at_ns), "data": data})
    return [
        Delivery(fired.id, address, fired.log, fired.alert.name, body, found.at_ns, now_ns)
        for address in fired.alert.to
    ]


def _link(server: str, fired: Fired) -> str:
    """The page of the last entry that it rests on; of many, or none, that of the log's events, cut to their range."""
    indexes = fired.found.indexes
    log = f"{server.rstrip('/')}/ui/{quote(fired.log, safe='')}"
    if fired.found.more is None and indexes:
        return f"{log}/event/{indexes[-1]}"
    return f"{log}/events" + (f"?q=index:{indexes[0]}..{indexes[-1]}" if indexes else "")
