"""What passed of a stream: its first bytes, its full size, and the SHA-256 of all of it.

A tee only looks at chunks that somebody else reads or sends anyway; it never asks for one.
"""

import hashlib
import zlib
from typing import Any

__all__ = ["KEPT_BYTES", "Tee", "body_members"]

KEPT_BYTES = 256 * 1024
"""Bytes of a body that are kept; of the rest there is size and digest."""


class Tee:
    """Counts, hashes and keeps the start of what passes. Not thread-safe: a body is one stream."""

    def __init__(self, whole: bytes = b"") -> None:
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self.size = 0
        if whole:
            self.feed(whole)

    def feed(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take note of one chunk."""
        room = KEPT_BYTES - len(self._kept)
        if room > 0:
            self._kept += memoryview(chunk)[:room]
        self._digest.update(chunk)
        self.size += len(chunk)

    @property
    def kept(self) -> bytes:
        """The first `KEPT_BYTES` bytes."""
        return bytes(self._kept)

    @property
    def sha256(self) -> str:
        """Lower-case hex digest of everything that passed."""
        return self._digest.hexdigest()


def body_members(tee: Tee, content_encoding: str = "", complete: bool = True) -> dict[str, Any]:
    """`body` (text when it is UTF-8, else bytes), `body_size` and `body_sha256` of the bytes that passed.

    A body that passed gzipped or deflated is shown decoded, with its `body_encoding`; size and digest stay those
    of the bytes that passed. `body_cut` says that there was more than is shown, `body_incomplete` that the
    application left the stream before its end.
    """
    shown, cut = tee.kept, tee.size > KEPT_BYTES
    members: dict[str, Any] = {"body_size": tee.size, "body_sha256": tee.sha256}
    if shown and content_encoding.lower() in ("gzip", "x-gzip", "deflate"):
        try:
            inflater = zlib.decompressobj(47)
            shown = inflater.decompress(shown, KEPT_BYTES)
            cut = cut or bool(inflater.unconsumed_tail)
            members["body_encoding"] = content_encoding
        except zlib.error:
            pass  # it lied about its encoding, or is raw deflate: the bytes as they passed are the truth
    if shown:
        members["body"] = _text(shown, cut)
    if cut:
        members["body_cut"] = True
    if not complete:
        members["body_incomplete"] = True
    return members


def _text(shown: bytes, cut: bool) -> str | bytes:
    for dropped in range(4 if cut else 1):  # a cut may fall inside a character of up to four bytes
        try:
            return shown[: len(shown) - dropped].decode()
        except UnicodeDecodeError:
            continue
    return shown
