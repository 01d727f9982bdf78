"""A frozen batch: the exact bytes of a request body and the key under which every retry repeats them.

The server keeps the digest of a body under its `Idempotency-Key` (DESIGN.md §4), so a retry must not be
encoded again: not after a restart, not by another process, not with another compressor.
"""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from graven.errors import InvalidInput

__all__ = ["Encoding", "FrozenBatch", "freeze"]

Encoding = Literal["identity", "gzip", "zstd"]

_COMPRESS_FROM = 1024
"""Smaller bodies are sent as they are: a compressor's frame would eat what it saves."""


@dataclass(frozen=True, slots=True)
class FrozenBatch:
    """One request. `body` is NDJSON (a newline after every event), then `encoding`; `count` events."""

    key: str
    encoding: Encoding
    count: int
    body: bytes

    def events(self) -> list[bytes]:
        """The JSON bytes of each event; `InvalidInput` when this process cannot decompress the body."""
        lines = _decompress(self.body, self.encoding).split(b"\n")
        return lines[:-1]

    def to_bytes(self) -> bytes:
        """One line of JSON about the batch, then the body verbatim."""
        head = _Head(key=self.key, encoding=self.encoding, count=self.count)
        return msgspec.json.encode(head) + b"\n" + self.body

    @classmethod
    def from_bytes(cls, data: bytes) -> "FrozenBatch":
        """Inverse of `to_bytes`; raises `InvalidInput`."""
        head, newline, body = data.partition(b"\n")
        if not newline:
            raise InvalidInput("a spooled batch without its header line")
        try:
            meta = msgspec.json.decode(head, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"the header of a spooled batch does not decode: {error}") from error
        return cls(meta.key, meta.encoding, meta.count, body)


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    key: str
    encoding: Encoding
    count: int


def freeze(events: Sequence[bytes], key: str, encoding: Encoding) -> FrozenBatch:
    """Join `events` (JSON texts without newlines, at least one) and compress them once and for all."""
    body = b"\n".join(events) + b"\n"
    if len(body) < _COMPRESS_FROM:
        encoding = "identity"
    return FrozenBatch(key, encoding, len(events), _compress(body, encoding))


def zstandard() -> Any | None:
    """The optional module, or None where the light install goes without it."""
    try:
        import zstandard as module
    except ImportError:
        return None
    return module


def _compress(body: bytes, encoding: Encoding) -> bytes:
    if encoding == "gzip":
        return gzip.compress(body, compresslevel=1, mtime=0)
    if encoding == "zstd" and (module := zstandard()) is not None:
        return bytes(module.ZstdCompressor(level=1).compress(body))
    return body


def _decompress(body: bytes, encoding: Encoding) -> bytes:
    module = zstandard() if encoding == "zstd" else None
    if encoding == "zstd" and module is None:
        raise InvalidInput("the batch is zstd and the package zstandard is not installed")
    broken = (OSError, EOFError, zlib.error, ValueError if module is None else module.ZstdError)
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if module is not None:
            return bytes(module.ZstdDecompressor().decompress(body))
    except broken as error:
        raise InvalidInput(f"the body of a spooled batch does not decompress: {error}") from error
    return body
