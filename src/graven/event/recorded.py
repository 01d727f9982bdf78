"""An entry as its own recorder made it: out of the wrappers of the logs that it was pushed through, and out of a blob.

Lenient about spelling: whoever folds a log counts what cannot be read and goes on; `graven verify` is the one to judge.
"""

from collections.abc import Callable

import msgspec

from graven.event.pushed import FORMAT as PUSHED
from graven.event.pushed import MAX_LEVELS

__all__ = ["BROKEN", "READ", "Recorded", "may_lie_in_blob", "recorded"]

READ = ("event/1", PUSHED)
"""Formats that are looked into; the blob of any other is not fetched."""
BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_HEAD_BYTES = 16 * 1024
"""Where the blob of an entry stands at the latest, wrappers included."""


class _Blob(msgspec.Struct):
    digest: str


class Recorded(msgspec.Struct):
    """The envelope; `received` is a text in RFC 3339, `data` empty where it lies in a blob."""

    received: str
    id: str
    source: str
    format: str
    redacted: int = 0
    data: msgspec.Raw = msgspec.Raw()  # in a union with None it would be decoded
    blob: _Blob | None = None


class _Wrapper(msgspec.Struct):
    entry: msgspec.Raw


_decode = msgspec.json.Decoder(Recorded).decode
_unwrap = msgspec.json.Decoder(_Wrapper).decode


def may_lie_in_blob(raw: bytes) -> bool:
    """Whether the data of an entry, or of one that it wraps, may lie in a blob: cheap enough for every entry."""
    return b'"blob":{"digest"' in raw[:_HEAD_BYTES]


def recorded(raw: bytes, load: Callable[[str], bytes | None]) -> tuple[Recorded, bytes | None]:
    """The innermost entry and its data. Raises what `BROKEN` names, and what `load` raises.

    `load` gives the content of a blob by its digest. The data is None when there is none to be had; then, or behind
    too many wrappers, the entry may still be a wrapper.
    """
    entry = _decode(raw)
    data = _data(entry, load)
    for _ in range(MAX_LEVELS):
        if entry.format != PUSHED or data is None:
            break
        entry = _decode(_unwrap(data).entry)
        data = _data(entry, load)
    return entry, data


def _data(entry: Recorded, load: Callable[[str], bytes | None]) -> bytes | None:
    data = bytes(entry.data)
    if data or entry.blob is None or entry.format not in READ:
        return data or None
    return load(entry.blob.digest)
