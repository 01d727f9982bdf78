"""The byte stream of a spool segment: records one after the other. Pure.

A record is `GSP1`, the payload's length (big-endian uint32), the first 16 bytes of SHA-256(payload), the
payload. Whatever point a crash cuts the stream at, `scan` gives the records that are whole, in order.
"""

import hashlib
from typing import NamedTuple

__all__ = ["HEADER_SIZE", "Span", "encode_record", "payload_of", "scan"]

_MAGIC = b"GSP1"
_DIGEST_SIZE = 16
HEADER_SIZE = len(_MAGIC) + 4 + _DIGEST_SIZE


class Span(NamedTuple):
    """Where a whole record lies: offset of its header and length including it."""

    offset: int
    length: int


def encode_record(payload: bytes) -> bytes:
    """One record; `payload` is below 4 GiB."""
    digest = hashlib.sha256(payload).digest()[:_DIGEST_SIZE]
    return b"".join((_MAGIC, len(payload).to_bytes(4, "big"), digest, payload))


def payload_of(record: bytes) -> bytes | None:
    """The payload of exactly one record, or None when it is not whole or not as it was written."""
    payload = record[HEADER_SIZE:]
    if record[:4] != _MAGIC or int.from_bytes(record[4:8], "big") != len(payload):
        return None
    if hashlib.sha256(payload).digest()[:_DIGEST_SIZE] != record[8:HEADER_SIZE]:
        return None
    return payload


def scan(data: bytes) -> tuple[list[Span], int]:
    """The whole records from the start of `data`, and the number of bytes they cover.

    Bytes after that are a torn or damaged rest; nothing in them is trusted.
    """
    spans: list[Span] = []
    offset = 0
    while len(data) - offset >= HEADER_SIZE:
        length = HEADER_SIZE + int.from_bytes(data[offset + 4 : offset + 8], "big")
        if offset + length > len(data) or payload_of(data[offset : offset + length]) is None:
            break
        spans.append(Span(offset, length))
        offset += length
    return spans, offset
