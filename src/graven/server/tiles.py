"""The log's own files over HTTP, byte for byte as C2SP tlog-tiles says: `/logs/{log}/…`, GET and HEAD.

A plain ASGI handler: verifiers read thousands of tiles. Bundles hold payloads, so a token needs the right
to export, and the read is recorded before the first byte; hash tiles, checkpoint and key hold none.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from isal import isal_zlib

from graven.errors import InvalidInput, NotFound
from graven.log.opened import Log
from graven.server.access import ANYBODY, Principal
from graven.server.problems import code_of, send_problem
from graven.server.service import Service, client_ip
from graven.tlog.tiles import ENTRIES_LEVEL, TilePath, parse_tile_path

__all__ = ["TileServer", "accepts_gzip"]

Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_PREFIX = "/logs/"
_LARGE_BYTES = 1 << 20
_PIECE_BYTES = 256 * 1024
_READERS = "readers of tiles"
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_BYTES = (b"content-type", b"application/octet-stream")


def accepts_gzip(header: bytes | None) -> bool:
    """Whether `Accept-Encoding` names gzip (or `*`) with a weight above zero."""
    if header is None:
        return False
    for part in header.decode("latin-1").lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            quality = weight.strip().removeprefix("q=")
            return not quality or quality.strip("0.") != ""
    return False


class TileServer:
    """Serves checkpoint, `log.vkey`, tiles and bundles of every log."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Any, send: Send) -> None:
        """Handle one GET or HEAD below `/logs/`."""
        try:
            status, headers, body = await self._answer(scope)
            # only bundles of enormous entries are this large, and a reader who takes nothing holds them
            held = self._service.budget.reserve(_READERS, len(body) if len(body) > _LARGE_BYTES else 0)
        except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
            self._service.metrics.refused.labels(code_of(error)).inc()
            await send_problem(send, error)
            return
        headers += [(b"content-length", b"%d" % len(body)), (b"x-content-type-options", b"nosniff")]
        with held:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            for start in range(0, len(body), _PIECE_BYTES):
                piece = body[start : start + _PIECE_BYTES]
                more = start + _PIECE_BYTES < len(body)
                await send({"type": "http.response.body", "body": piece, "more_body": more})
            if not body:
                await send({"type": "http.response.body"})

    async def _answer(self, scope: Any) -> tuple[int, Headers, bytes]:
        name, _, rest = scope["path"].removeprefix(_PREFIX).partition("/")
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        principal = self._service.authenticate_reader(headers, name)
        if rest == "checkpoint":
            log = self._log(principal, "prove", name)
            return 200, [_TEXT, self._cache(name, b"max-age=1")], log.checkpoint()
        if rest == "log.vkey":
            log = self._log(principal, "prove", name)
            return 200, [_TEXT, self._cache(name, b"max-age=60")], f"{log.verifier_key.text}\n".encode()
        try:
            tile = parse_tile_path(rest)
        except InvalidInput as error:
            raise NotFound(
                f"there is no {rest[:100]!r} in a log",
                why=error.message,
                hint="checkpoint, log.vkey, tile/<level>/<index> and tile/entries/<index> are served",
            ) from error
        if tile.level == ENTRIES_LEVEL:
            return await self._bundle(principal, name, tile, scope, headers)
        log = self._log(principal, "prove", name)
        return 200, [_BYTES, self._forever(name)], await self._object(log, tile)

    async def _bundle(
        self, principal: Principal, name: str, tile: TilePath, scope: Any, headers: Mapping[bytes, bytes]
    ) -> tuple[int, Headers, bytes]:
        log = self._log(principal, "export", name)
        body = await self._object(log, tile)
        await self._service.reads.tiles(principal, client_ip(scope), name, tile.path())
        answer = [_BYTES, self._forever(name), (b"vary", b"accept-encoding")]
        if accepts_gzip(headers.get(b"accept-encoding")):
            body = await self._service.on_disk(_gzip, body)
            answer.append((b"content-encoding", b"gzip"))
        return 200, answer, body

    async def _object(self, log: Log, tile: TilePath) -> bytes:
        body = await self._service.on_disk(log.object, tile)
        if body is None:
            raise NotFound(f"{tile.path()} lies beyond the published size {log.published_size}", code="tile_not_found")
        return body

    def _log(self, principal: Principal, permission: str, name: str) -> Log:
        if principal is not ANYBODY:
            principal.require(permission, name)
        return self._service.logs.get(name)

    def _cache(self, name: str, rest: bytes) -> tuple[bytes, bytes]:
        public = name in self._service.settings.access.public_logs
        return b"cache-control", (b"public, " if public else b"private, ") + rest

    def _forever(self, name: str) -> tuple[bytes, bytes]:
        return self._cache(name, b"max-age=31536000, immutable")


def _gzip(body: bytes) -> bytes:
    made = isal_zlib.compressobj(level=1, wbits=31)
    compressed: bytes = made.compress(body) + made.flush()
    return compressed
