"""The ASGI application: hot calls straight to their handlers, everything else to Litestar."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Litestar

from graven.errors import Forbidden
from graven.server.api import make_api
from graven.server.append import Appender
from graven.server.problems import send_problem
from graven.server.service import Service
from graven.server.tiles import TileServer
from graven.server.web import WebPages

__all__ = ["Front"]

_HEALTH = ("/healthz", "/readyz", "/metrics")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Front:
    """Dispatch by path prefix; a log name holds no slash, so prefix and suffix decide."""

    def __init__(
        self, service: Service, *, on_start: Callable[[], None], on_stop: Callable[[], Awaitable[None]]
    ) -> None:
        self._append = Appender(service)
        self._tiles = TileServer(service)
        self._web = WebPages()
        self._service = service
        self.api: Litestar = make_api(service, self._append)
        self._on_start = on_start
        self._on_stop = on_stop

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path: str = scope["path"]
        method = scope["method"]
        if method not in ("GET", "HEAD") and path != "/v1/login":  # a login acts by nothing that a cookie says
            try:
                self._service.sessions.check_request(method, dict(scope["headers"]))
            except Forbidden as error:
                self._service.metrics.refused.labels(error.code).inc()
                await send_problem(send, error)
                return
        if method == "POST" and path.startswith("/v1/logs/") and path.endswith("/events"):
            name = path[9:-7]
            if "/" not in name:
                await self._append(name, scope, receive, send)
                return
        elif path.startswith("/logs/") and method in ("GET", "HEAD"):
            await self._tiles(scope, send)
            return
        elif method in ("GET", "HEAD") and self._web.takes(path):
            await self._web(scope, send)
            return
        if method == "HEAD" and path in _HEALTH:
            scope = {**scope, "method": "GET"}  # the protocol leaves the body out: it knows what was asked
        await self.api(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._on_start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._on_stop()
        await send({"type": "lifespan.shutdown.complete"})
