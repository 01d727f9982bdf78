"""NDJSON: one entry a line, as the log holds it with its index in front, oversize data put back in its place.

A line break inside an entry becomes a space (`one_line`), so that a line stays a line. Whoever needs the exact bytes of
the leaf takes the bundle or the proof.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from graven.index.export.rows import Batches, OpenBlob
from graven.index.one_line import one_line

__all__ = ["ndjson"]

_BLOB: Final = re.compile(rb'"blob":\{"digest":"(sha256:[0-9a-f]{64})","size":\d+\}\}\Z')
_CHUNK: Final = 64 * 1024


def ndjson(batches: Batches, open_blob: OpenBlob | None = None) -> Iterator[bytes]:
    """The export, in pieces of about 64 KiB. Without `open_blob`, or when a blob is gone, `blob` stands for data."""
    held = bytearray()
    for batch in batches:
        for view, entry in batch:
            line = one_line(entry)
            held += b'{"index":%d,%b' % (view["index"], line[1:])
            pieces = _blob_of(line, open_blob)
            if pieces is not None:
                held[-1:] = b',"data":'
                for piece in pieces:
                    held += one_line(piece)
                    if len(held) >= _CHUNK:
                        yield bytes(held)
                        held.clear()
                held += b"}"
            held += b"\n"
            if len(held) >= _CHUNK:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def _blob_of(line: bytes, open_blob: OpenBlob | None) -> Iterable[bytes] | None:
    """Only an entry without data ends in its blob, and no data can look so: it would end one brace later."""
    match = None if open_blob is None else _BLOB.search(line, max(0, len(line) - 160))
    return None if open_blob is None or match is None else open_blob(match[1].decode())
