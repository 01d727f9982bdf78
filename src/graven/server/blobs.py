"""`PUT /v1/blobs` and `GET /v1/blobs/{digest}`: content too large for an entry, by SHA-256.

An upload streams to disk in bounded memory: pieces go through a short queue to the thread that writes.
Reading needs the right to read a log that refers to the blob, and is recorded before the first byte;
everything else looks like absence, so that nobody can probe for content.
"""

import asyncio
import queue
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, BinaryIO

import msgspec

from graven.errors import InvalidInput, NotFound, Unavailable, UnsupportedMediaType
from graven.log.layout import SYSTEM_LOG
from graven.server.access import Principal
from graven.server.body import ClientGone, content_length, too_large
from graven.server.limits import UPLOAD_BYTES
from graven.server.service import Service, client_ip

__all__ = ["BlobAnswer", "BlobCalls"]

Receive = Callable[[], Awaitable[Any]]
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PIECE = 256 * 1024
_QUEUED_PIECES = UPLOAD_BYTES // _PIECE


class BlobAnswer(msgspec.Struct, frozen=True):
    """What an attachment has to name."""

    digest: str
    size: int


class BlobCalls:
    """Both calls; all logs of a data directory share one blob store."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def put(self, scope: Any, receive: Receive) -> BlobAnswer:
        """Store the body; durable when answered. TooLarge, InvalidInput when it was cut."""
        service = self._service
        headers = dict(scope["headers"])
        principal = service.authenticate(headers)
        principal.require("append")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise UnsupportedMediaType("a blob is stored as it is sent", hint="leave out Content-Encoding")
        limit = service.settings.limits.blob_bytes
        length = content_length(headers, limit)
        with service.budget.reserve(principal.token_id, UPLOAD_BYTES):
            digest, size = await self._store(receive, limit, length)
        await service.on_disk(service.references.uploaded, digest, principal.token_id)
        return BlobAnswer(digest, size)

    async def _store(self, receive: Receive, limit: int, length: int | None) -> tuple[str, int]:
        pieces: queue.Queue[bytes | BaseException | None] = queue.Queue()
        room = asyncio.Semaphore(_QUEUED_PIECES)
        loop = asyncio.get_running_loop()
        blobs = self._service.logs.get(SYSTEM_LOG).blobs

        def chunks() -> Iterator[bytes]:
            while True:
                piece = pieces.get()
                if piece is None:
                    return
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
                loop.call_soon_threadsafe(room.release)

        storing = loop.run_in_executor(self._service.uploads, lambda: blobs.put_stream(chunks(), limit_bytes=limit))
        try:
            await self._feed(receive, pieces, room, storing, limit, length)
        except BaseException as error:
            pieces.put(error)
            await asyncio.wait([storing])
            storing.exception()
            raise
        return await storing

    async def _feed(
        self,
        receive: Receive,
        pieces: "queue.Queue[bytes | BaseException | None]",
        room: asyncio.Semaphore,
        storing: "asyncio.Future[tuple[str, int]]",
        limit: int,
        length: int | None,
    ) -> None:
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > limit:
                raise too_large(limit)
            if piece:
                await _room_or_end(room, storing)
                pieces.put(piece)
            if not message.get("more_body", False):
                break
        if length is not None and size != length:
            raise InvalidInput(f"Content-Length announced {length} bytes, {size} came", code="cut_body")
        pieces.put(None)

    async def get(self, digest: str, scope: Any) -> tuple[int, AsyncIterator[bytes]]:
        """Size and content, after the read was recorded."""
        service = self._service
        principal = service.authenticate(dict(scope["headers"]))
        if _DIGEST.fullmatch(digest) is None:
            raise InvalidInput("a digest is written sha256:<64 lower-case hex digits>", code="invalid_digest")
        log = await self._readable_log(principal, digest)
        stream, size = await service.on_disk(self._open, digest)
        try:
            await service.reads.one(principal, client_ip(scope), "blob.read", log, (("blob", digest),))
        except BaseException:
            stream.close()
            raise
        return size, self.pieces(stream)

    async def _readable_log(self, principal: Principal, digest: str) -> str:
        if not (principal.may("read") or principal.may("read_system")):
            principal.require("read")
        for log in sorted(await self._service.on_disk(self._service.references.logs, digest)):
            if principal.may("read", log):
                return log
        if any(principal.may("read", log) for log in sorted(self._service.references.unread)):
            raise Unavailable(
                f"it is not known yet which log refers to blob {digest}",
                why="the logs are being read for references that control.sqlite did not have",
                hint="try again in a moment; a failure to read them is told on the server's standard error",
                code="references_unread",
            )
        raise NotFound(
            f"no log that this token may read refers to blob {digest}",
            hint="the entry that refers to it names its log",
            code="blob_not_found",
        )

    def _open(self, digest: str) -> tuple[BinaryIO, int]:
        blobs = self._service.logs.get(SYSTEM_LOG).blobs
        stream, size = blobs.open(digest), blobs.size(digest)
        if stream is None or size is None:
            raise NotFound(
                f"blob {digest} is not stored here",
                why="an entry refers to it",
                hint="graven verify tells whether its removal was recorded",
                code="blob_not_found",
            )
        return stream, size

    async def pieces(self, stream: BinaryIO, *, before: bytes = b"", after: bytes = b"") -> AsyncIterator[bytes]:
        """`before`, the content of the stream, `after`; then the stream is closed."""
        try:
            if before:
                yield before
            while piece := await self._service.on_disk(stream.read, _PIECE):
                yield piece
            if after:
                yield after
        finally:
            stream.close()


async def _room_or_end(room: asyncio.Semaphore, storing: "asyncio.Future[tuple[str, int]]") -> None:
    """Wait for room in the queue; when storing failed, raise why instead of waiting for ever."""
    if storing.done():
        storing.result()
    if not room.locked():
        await room.acquire()
        return
    waiting: asyncio.Future[Any] = asyncio.ensure_future(room.acquire())
    ending: asyncio.Future[Any] = storing
    await asyncio.wait([waiting, ending], return_when=asyncio.FIRST_COMPLETED)
    if storing.done():
        waiting.cancel()
        storing.result()
    await waiting
