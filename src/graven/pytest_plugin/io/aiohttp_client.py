"""aiohttp's client: each request that got a connection, redirects included.

The response's body is seen where the application has it read whole (`read`, `text`, `json`); one that it streams
from `content` is recorded without its bytes, as incomplete. A connection that fails is noted
as undeclared I/O: no request was sent.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import Exchange, begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.undeclared import note_connect

__all__ = ["patch", "patch_connector"]

_EXCHANGE = "_graven_exchange"


def patch(client_reqrep: Any, patches: Patches, sink: Sink) -> None:  # noqa: C901 - small wrappers
    """Capture what client sessions send."""

    def wrap_send(send: Any) -> Any:
        async def sending(self: Any, conn: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return await send(self, conn)
            with sink.guard():
                exchange.request(self.method, str(self.url), self.headers.items())
                body = getattr(self.body, "_value", self.body)
                if isinstance(body, bytes | bytearray):
                    exchange.sent.feed(body)
            try:
                with carrying(self.headers, sink.carried(exchange.call.span_id)):
                    response = await send(self, conn)
            except BaseException as problem:
                exchange.call.failed(problem)
                exchange.end()
                raise
            setattr(response, _EXCHANGE, exchange)
            return response

        return sending

    def wrap_start(start: Any) -> Any:
        async def starting(self: Any, connection: Any) -> Any:
            exchange: Exchange | None = getattr(self, _EXCHANGE, None)
            try:
                response = await start(self, connection)
            except BaseException as problem:
                if exchange is not None:
                    exchange.call.failed(problem)
                    exchange.end()
                raise
            if exchange is not None:
                with sink.guard():
                    exchange.decoded = True
                    exchange.call.stop()
                    exchange.response(self.status, self.headers.items())
                    exchange.stream()
            return response

        return starting

    def wrap_read(read: Any) -> Any:
        async def reading(self: Any) -> Any:
            exchange: Exchange | None = vars(self).pop(_EXCHANGE, None)
            try:
                body = await read(self)
            except BaseException:
                if exchange is not None:
                    exchange.end(complete=False)
                raise
            if exchange is not None:
                with sink.guard():
                    exchange.received.feed(body)
                    exchange.end()
            return body

        return reading

    def wrap_leave(leave: Any) -> Any:
        def leaving(self: Any, *args: Any, **kwargs: Any) -> Any:
            exchange: Exchange | None = vars(self).pop(_EXCHANGE, None)
            if exchange is not None and exchange.call.error is None:
                exchange.end(complete=False)
            return leave(self, *args, **kwargs)

        return leaving

    patches.wrap(client_reqrep.ClientRequest, "send", wrap_send)
    patches.wrap(client_reqrep.ClientResponse, "start", wrap_start)
    patches.wrap(client_reqrep.ClientResponse, "read", wrap_read)
    patches.wrap(client_reqrep.ClientResponse, "release", wrap_leave)
    patches.wrap(client_reqrep.ClientResponse, "close", wrap_leave)


def patch_connector(connector: Any, patches: Patches, sink: Sink) -> None:
    """Connections belong to the requests that they are made for."""

    def wrap(connect: Any) -> Any:
        async def connecting(self: Any, req: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                with sink.covering("io.undeclared"):
                    return await connect(self, req, *args, **kwargs)
            except OSError:
                with sink.guard():
                    note_connect(req.url.host, req.url.port)
                raise

        return connecting

    patches.wrap(connector.BaseConnector, "connect", wrap)
