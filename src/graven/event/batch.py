"""A batch between intake and the writer: everything but the time of receipt is already bytes.

An entry is `entry_head(received_ns) + tail`. The head has a constant length, so intake knows the size
of the entry before the writer knows its time, and the writer splices two byte strings per entry.
"""

from dataclasses import dataclass, field

__all__ = ["DIGEST_SIZE", "HEAD_SIZE", "MAX_ENTRY_SIZE", "PreparedBatch"]

MAX_ENTRY_SIZE = 65_535
"""Bytes of a whole entry: a bundle stores its length in a uint16 (C2SP tlog-tiles)."""

HEAD_SIZE = len('{"v":1,"received":"2026-11-22T20:01:02.123456789Z"')
"""Bytes of `entry_head(...)`, always."""

DIGEST_SIZE = 16
"""Bytes of an idempotency key and of a data digest (SHA-256, cut)."""


@dataclass(slots=True)
class PreparedBatch:
    """Events that passed authentication, parsing, redaction and size checks; parallel lists.

    `tails[i]` begins with `,"by":` and ends with the entry's closing brace.
    `keys[i]` is SHA-256(token id, 0x00, source, 0x00, id)[:16]; `digests[i]` is SHA-256(data as received)[:16].
    """

    tails: list[bytes] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    made_ids: dict[int, str] = field(default_factory=dict)
    """Position in the batch → id made by the server (UUIDv7)."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    """Digest (`sha256:…`) → content that must be durable before the batch is submitted."""
    attachments: list[tuple[int, str, int]] = field(default_factory=list)
    """(position, digest, size) of each attachment named by an event; must exist in the blob store."""
    redacted: int = 0
    """Number of values replaced by the server in this batch."""
    quarantined: int = 0
    """Number of items kept as `quarantine/1` because they could not be parsed."""

    def __len__(self) -> int:
        return len(self.tails)
