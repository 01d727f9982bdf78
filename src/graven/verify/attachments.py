"""Which blobs an entry refers to: its own oversize content, the attachments of an event/1, and those of a pushed entry.

Found by a byte scan that is cheap enough for every entry, then decoded strictly. The scan cannot be fooled by
another spelling: the envelope has one, and a member name of the producer's JSON that is spelled with
escapes has a backslash, which sends the entry to the slow path.
"""

import re
from collections.abc import Iterator

import msgspec

from graven.errors import InvalidInput
from graven.event import pushed
from graven.event.envelope import decode_entry
from graven.event.pushed import MAX_LEVELS
from graven.tlog.bundle import decode_bundle

__all__ = ["BlobReference", "entry_references", "may_refer", "references", "references_in_event"]

_OVERSIZE = b',"blob":{"digest":"sha256:'
_ATTACHED = b'"attachments"'
_ESCAPED = b"\\u00"
_NATIVE = "event/1"
_WRAPPER = b'{"origin":"'  # an event's own origin is an object, so no event begins like this
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


class BlobReference(msgspec.Struct, frozen=True):
    """`digest` is `sha256:<hex>`; `size` in bytes, None when the producer did not say; `nested` when the
    blob holds the event itself, which may refer to more."""

    digest: str
    size: int | None
    nested: bool = False


class _Attachment(msgspec.Struct):
    digest: str
    size: int | None = None


class _Event(msgspec.Struct):
    attachments: list[_Attachment] | None = None


_decode_event = msgspec.json.Decoder(_Event).decode


def may_refer(data: bytes) -> bool:
    """Whether the bytes (of an entry, or of a whole plain bundle) may refer to a blob."""
    # backwards: in CPython `rfind` runs at twice the speed of `find`
    return data.rfind(_OVERSIZE) >= 0 or data.rfind(_ATTACHED) >= 0 or _has_escapes(data)


def _has_escapes(data: bytes) -> bool:
    # one backslash is found at the speed of memory; only where there are some is the longer search paid for
    return b"\\" in data and data.rfind(_ESCAPED) >= 0


def references(bundle: bytes) -> Iterator[tuple[int, BlobReference]]:
    """(position of the entry in the plain bundle, reference) for each blob that it refers to."""
    for position, entry in enumerate(decode_bundle(bundle)):
        if may_refer(entry):
            for reference in entry_references(entry):
                yield position, reference


def entry_references(entry: bytes) -> list[BlobReference]:
    """Blobs that one entry refers to; none when it is no entry of Graven."""
    found: list[BlobReference] = []
    for _ in range(MAX_LEVELS + 1):
        try:
            decoded = decode_entry(entry)
            if decoded.blob is not None:
                digest, size = decoded.blob
                found.append(BlobReference(digest, size, nested=decoded.format in (_NATIVE, pushed.FORMAT)))
            if decoded.data is not None and decoded.format == pushed.FORMAT:
                entry = pushed.unwrap(decoded.data).entry
                continue
        except InvalidInput:
            return found  # an entry of a foreign log: whatever it says, it is no reference of ours
        if decoded.data is not None and decoded.format == _NATIVE:
            found += references_in_event(decoded.data)
        break
    return found


def references_in_event(data: bytes) -> list[BlobReference]:
    """Attachments of an event/1, or what the entry refers to that a blob wraps; none when it is neither."""
    if data.startswith(_WRAPPER):
        try:
            return entry_references(pushed.unwrap(data).entry)
        except InvalidInput:
            return []
    try:
        event = _decode_event(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    # a digest becomes part of a path: nothing but a digest may
    return [BlobReference(one.digest, one.size) for one in event.attachments or () if _DIGEST.fullmatch(one.digest)]
