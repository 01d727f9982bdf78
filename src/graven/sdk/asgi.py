"""ASGI middleware: every HTTP request is recorded, whoever handles it and however it ends."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from graven.sdk.client import Client
from graven.sdk.context import ActorLike
from graven.sdk.default import default_client
from graven.sdk.exchange import Exchange

__all__ = ["ASGIMiddleware"]

_Scope = MutableMapping[str, Any]
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]


class ASGIMiddleware:
    """Wraps an ASGI 3 application.

        app = ASGIMiddleware(app, who=lambda scope: scope.get("user"), body_bytes=4096)

    `who(scope)` gives the actor or None; it is asked at the first recording within the request, and again
    until it knows. `body_bytes`: how much of request and response bodies to record (0: none).
    `skip(scope)`: requests not to record (health checks). Messages pass unchanged and at once.
    """

    def __init__(
        self,
        app: Any,
        *,
        client: Client | None = None,
        who: Callable[[Any], ActorLike | None] | None = None,
        body_bytes: int = 0,
        skip: Callable[[Any], bool] | None = None,
        action: str = "http.request",
    ) -> None:
        self._app: _App = app
        self._client = client
        self._who = who
        self._body_bytes = body_bytes
        self._skip = skip
        self._action = action

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        exchange = self._begin(scope)
        if exchange is None:
            await self._app(scope, receive, send)
            return

        async def tapped_receive() -> _Message:
            message = await receive()
            if message["type"] == "http.request":
                exchange.request.saw(message.get("body", b""))
            return message

        async def tapped_send(message: _Message) -> None:
            if message["type"] == "http.response.start":
                exchange.answered(message["status"], _pairs(message.get("headers", ())))
            elif message["type"] == "http.response.body":
                exchange.response.saw(message.get("body", b""))
            await send(message)

        with exchange.scope():
            try:
                await self._app(scope, tapped_receive, tapped_send)
            except BaseException as error:
                exchange.ended(time.perf_counter_ns(), error)
                raise
            exchange.ended(time.perf_counter_ns())

    def _begin(self, scope: _Scope) -> Exchange | None:
        """None when the request is not to be, or cannot be, recorded."""
        if scope.get("type") != "http":
            return None
        client = self._client or default_client()
        if client is None:
            return None
        try:
            if self._skip is not None and self._skip(scope):
                return None
            peer = scope.get("client")
            who = self._who
            return Exchange(
                client=client,
                action=self._action,
                method=scope["method"],
                path=scope["path"],
                query=scope.get("query_string", b"").decode("latin-1"),
                protocol=f"HTTP/{scope.get('http_version', '1.1')}",
                peer=peer[0] if peer else None,
                headers=_pairs(scope.get("headers", ())),
                body_bytes=self._body_bytes,
                who=(lambda: who(scope)) if who is not None else (lambda: None),
                now_ns=time.time_ns(),
                tick_ns=time.perf_counter_ns(),
            )
        except Exception as error:  # noqa: BLE001 - the request goes on, unrecorded and reported
            client.lost("unencodable", f"a request could not be described: {type(error).__name__}")
            return None


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in headers]
