"""Entry bundles (C2SP tlog-tiles): each entry preceded by its length as a big-endian uint16.

The length limits an entry to 65,535 bytes. A bundle has no count and no end mark: whoever reads one
knows its width from the path and passes it, or a cut at an entry boundary would go unnoticed.
"""

from collections.abc import Sequence
from struct import Struct, error

from graven.errors import InvalidInput, TooLarge

__all__ = ["MAX_ENTRY_SIZE", "decode_bundle", "encode_bundle", "encode_records"]

MAX_ENTRY_SIZE = 65_535
"""Bytes of the largest entry."""

_pack_length = Struct(">H").pack
_unpack_length = Struct(">H").unpack_from


def encode_records(entries: Sequence[bytes]) -> list[bytes]:
    """The buffers whose concatenation is the bundle: length, entry, length, entry, …

    Raises TooLarge for an entry above 65,535 bytes.
    """
    pack = _pack_length
    records = [b""] * (2 * len(entries))
    try:
        records[0::2] = [pack(len(entry)) for entry in entries]
    except error as cause:
        longest = max(map(len, entries))
        raise TooLarge(f"an entry of {longest} bytes; a bundle holds at most {MAX_ENTRY_SIZE}") from cause
    records[1::2] = entries
    return records


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle of these entries. Raises TooLarge for an entry above 65,535 bytes."""
    return b"".join(encode_records(entries))


def decode_bundle(data: bytes, count: int | None = None) -> list[bytes]:
    """The entries of a bundle, exactly `count` of them if given.

    Raises InvalidInput for a cut entry, trailing bytes or another count.
    """
    entries: list[bytes] = []
    append, unpack = entries.append, _unpack_length
    end = len(data)
    position = 0
    try:
        while position < end:
            (length,) = unpack(data, position)
            start = position + 2
            position = start + length
            append(data[start:position])
    except error as cause:
        raise InvalidInput(f"the bundle ends inside the length of entry {len(entries)}") from cause
    if position != end:
        raise InvalidInput(f"the bundle ends {position - end} bytes before the end of its entry {len(entries) - 1}")
    if count is not None and len(entries) != count:
        raise InvalidInput(f"the bundle holds {len(entries)} entries where {count} are expected")
    return entries
