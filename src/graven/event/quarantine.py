"""What a foreign intake cannot parse is kept: the bytes in a blob of their own, an entry that says why.

    {…,"format":"quarantine/1","blob":{"digest":"sha256:…","size":n},"data":{"expected":"k8s.audit/v1","reason":"…"}}

The blob can be erased by itself (it may hold anything, secrets included: nothing could be redacted), and
the entry still proves that something came, how large it was and what was wrong with it.
"""

from typing import Final

import msgspec

from graven.event.assemble import blob_digest, idempotency_key
from graven.event.envelope import entry_tail

__all__ = ["FORMAT", "MAX_REASON_CHARS", "Quarantined", "quarantine_entry", "quarantine_key"]

FORMAT: Final = "quarantine/1"
MAX_REASON_CHARS: Final = 500


class Quarantined(msgspec.Struct, frozen=True):
    """The tail of a quarantine entry, with the blob that must be durable before it."""

    tail: bytes
    digest: str
    content: bytes


def quarantine_entry(
    content: bytes, *, expected: str, reason: str, token: str, ip: str, source: str, made_id: str
) -> Quarantined:
    """Make the entry (all but its head) for `content` that is no `expected`."""
    digest = blob_digest(content)
    said = reason.encode("utf-8", "replace").decode("utf-8")[:MAX_REASON_CHARS]
    tail = entry_tail(
        token=token,
        ip=ip,
        id=made_id,
        source=source,
        format=FORMAT,
        blob=(digest, len(content)),
        data=msgspec.json.encode({"expected": expected, "reason": said}),
    )
    return Quarantined(tail, digest, content)


def quarantine_key(token: str, source: str, digest: str) -> bytes:
    """The idempotency key of quarantined content: the same content again is the same entry.

    Senders of foreign formats repeat what they are not sure of. No event's id can make the same key, since
    ids hold no control characters.
    """
    return idempotency_key(token, source, f"\x00quarantine\x00{digest}")
