"""Django's test Client and AsyncClient: each call of their handler, redirects included.

An exception of a view that the client raises again afterwards is seen here as the 500 that the handler answered.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import Exchange, begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.teed import TeedChunks
from graven.pytest_plugin.io.wsgi_environ import environ_carried, environ_headers, environ_uri

__all__ = ["patch"]


def patch(client: Any, patches: Patches, sink: Sink) -> None:
    """Capture what the handlers of the test clients answer."""

    def wrap_sync(handle: Any) -> Any:
        def handling(self: Any, environ: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return handle(self, environ)
            with sink.guard():
                exchange.request(environ["REQUEST_METHOD"], environ_uri(environ), environ_headers(environ))
                exchange.sent.feed(_payload(environ.get("wsgi.input")))
            try:
                with (
                    carrying(environ, environ_carried(sink.carried(exchange.call.span_id, in_process=True))),
                    exchange.call.running(),
                ):
                    response = handle(self, environ)
            except BaseException:
                exchange.end()
                raise
            _answered(exchange, response, sink)
            return response

        return handling

    def wrap_async(handle: Any) -> Any:
        async def handling(self: Any, scope: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return await handle(self, scope)
            untouched = scope.get("headers", [])
            with sink.guard():
                headers = [(bytes(n).decode("latin-1"), bytes(v).decode("latin-1")) for n, v in untouched]
                given = scope.get("query_string", "")  # text from the factory, bytes from a scope by hand
                query = given.decode("latin-1") if isinstance(given, bytes) else given
                uri = f"http://{dict(headers).get('host', 'testserver')}{scope['path']}{'?' + query if query else ''}"
                exchange.request(scope["method"], uri, headers)
                exchange.sent.feed(_payload(scope.get("_body_file")))
                known = {name.lower() for name, _ in headers}
                carried = sink.carried(exchange.call.span_id, in_process=True)
                more = [(n.encode(), v.encode()) for n, v in carried.items() if n not in known]
                scope["headers"] = [*untouched, *more]
            try:
                with exchange.call.running():
                    response = await handle(self, scope)
            except BaseException:
                exchange.end()
                raise
            _answered(exchange, response, sink)
            return response

        return handling

    patches.wrap(client.ClientHandler, "__call__", wrap_sync)
    patches.wrap(client.AsyncClientHandler, "__call__", wrap_async)


def _payload(payload: Any) -> bytes:
    content = getattr(payload, "_FakePayload__content", None)
    return bytes(content.getvalue()) if content is not None else b""


def _answered(exchange: Exchange, response: Any, sink: Sink) -> None:
    with sink.guard():
        cookies = [("set-cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        exchange.response(response.status_code, [*response.items(), *cookies])
        if not response.streaming:
            exchange.received.feed(response.content)
            exchange.end()
        elif response.is_async:
            exchange.stream()
            response.streaming_content = _teed(response.streaming_content, exchange)
        else:
            exchange.stream()
            response.streaming_content = TeedChunks(response.streaming_content, exchange.received, exchange.end)


async def _teed(chunks: Any, exchange: Exchange) -> Any:
    complete = False
    try:
        async for chunk in chunks:
            exchange.received.feed(chunk)
            yield chunk
        complete = True
    finally:
        exchange.end(complete)
