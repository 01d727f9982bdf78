"""Compressed request bodies: bounded output, complete input, nothing after the end.

gzip is read in steps of at most 256 KiB of output. For zstd the frame structure is walked first, because
the decoder neither reports a cut frame nor bounds the output of one call; then it is read in steps too.
"""

from collections.abc import Callable, Iterator
from typing import cast

import zstandard
from isal import isal_zlib

from graven.errors import InvalidInput, TooLarge, UnsupportedMediaType

__all__ = ["decompress", "iter_decompressed"]

_STEP = 256 * 1024
_ZSTD_WINDOW = 8 * 1024 * 1024  # RFC 9659: the largest window of the HTTP content coding
_MEMBERS = 512  # each costs a copy of the rest; blocks of 64 KiB, as bgzip makes them, need half as many
_GZIP_ERROR = cast("type[Exception]", isal_zlib.error)  # the stub declares an instance
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def decompress(body: bytes, coding: str, *, limit: int, account: Callable[[int], None] | None = None) -> bytes:
    """The decoded body; `account` is told each step's size before the next is made and may raise.

    TooLarge beyond `limit` bytes; InvalidInput when cut, damaged or followed by junk;
    UnsupportedMediaType for a coding other than gzip and zstd.
    """
    parts: list[bytes] = []
    size = 0
    for part in iter_decompressed(body, coding):
        size += len(part)
        if size > limit:
            raise TooLarge(
                f"the decompressed body exceeds {limit} bytes",
                hint="send smaller batches",
                details={"limit": limit},
                code="body_too_large",
            )
        if account is not None:
            account(len(part))
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def iter_decompressed(body: bytes, coding: str) -> Iterator[bytes]:
    """Decoded pieces of at most 256 KiB; the errors of `decompress`."""
    if coding == "gzip":
        return _gunzip(body)
    if coding == "zstd":
        return _unzstd(body)
    raise UnsupportedMediaType(
        f"content encoding {coding!r} is not supported", hint="use gzip or zstd", code="unsupported_encoding"
    )


def _gunzip(body: bytes) -> Iterator[bytes]:
    rest = body
    for _ in range(_MEMBERS):
        member = isal_zlib.decompressobj(wbits=31)
        try:
            while True:
                piece = member.decompress(rest, _STEP)
                rest = member.unconsumed_tail
                if piece:
                    yield piece
                if member.eof:
                    break
                if not piece and not rest:
                    raise InvalidInput("the gzip body is cut", hint="send it again", code="cut_body")
        except _GZIP_ERROR as error:
            raise InvalidInput("the gzip body is damaged", why=str(error), code="damaged_body") from error
        rest = member.unused_data
        if not rest:
            return
        if rest[:2] != b"\x1f\x8b":
            raise InvalidInput(
                f"{len(rest)} bytes follow the end of the gzip body", code="damaged_body", hint="send only it"
            )
    raise InvalidInput(
        f"the gzip body has more than {_MEMBERS} members", hint="compress it as a whole", code="damaged_body"
    )


def _unzstd(body: bytes) -> Iterator[bytes]:
    try:
        _check_frames(body)
        reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(body, read_across_frames=True)
        while piece := reader.read(_STEP):
            yield piece
    except zstandard.ZstdError as error:
        raise InvalidInput("the zstd body is damaged", why=str(error), code="damaged_body") from error


def _check_frames(body: bytes) -> None:
    """Walk frames and blocks (RFC 8878 §3.1.1); InvalidInput unless they end exactly with the body."""
    at = 0
    while at < len(body) or at == 0:
        if body[at : at + 4] != _ZSTD_MAGIC:
            raise InvalidInput("the zstd body does not hold a frame where one must be", code="damaged_body")
        at, has_checksum = _after_header(body, at)
        last = False
        while not last:
            header = int.from_bytes(body[at : at + 3], "little")
            last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
            at += 3 + (1 if kind == 1 else size)
            if at > len(body):
                raise InvalidInput("the zstd body is cut", hint="send it again", code="cut_body")
        at += 4 if has_checksum else 0
        if at > len(body):
            raise InvalidInput("the zstd body is cut", hint="send it again", code="cut_body")


def _after_header(body: bytes, at: int) -> tuple[int, bool]:
    head = body[at : at + 18]
    try:
        return at + zstandard.frame_header_size(head), zstandard.get_frame_parameters(head).has_checksum
    except zstandard.ZstdError as error:
        raise InvalidInput("the zstd body is cut or damaged", why=str(error), code="damaged_body") from error
