"""httpx and httpx2, sync and async, with whatever transport: network, ASGI, WSGI, mock, Starlette's TestClient.

`_send_single_request` is the one place that all of them pass once for each request, redirects included. Nothing is
covered below it: an application behind an ASGI or WSGI transport makes requests of its own.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import Exchange, begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.starlette_client import left_for_websocket

__all__ = ["patch"]


def patch(httpx: Any, patches: Patches, sink: Sink) -> None:
    """Capture what the clients of this module send."""
    stream = _stream_class(httpx)

    def wrap_sync(send: Any) -> Any:
        def _send_single_request(self: Any, request: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return send(self, request)
            untouched = request.stream
            _before(httpx, stream, exchange, request, sink)
            try:
                carried = sink.carried(exchange.call.span_id, in_process=not _goes_out(httpx, self, request))
                with carrying(request.headers, carried), exchange.call.running():
                    response = send(self, request)
            except BaseException as problem:
                if not left_for_websocket(problem, exchange):
                    exchange.end()
                raise
            finally:
                request.stream = untouched
            _after(stream, exchange, response, sink)
            return response

        return _send_single_request

    def wrap_async(send: Any) -> Any:
        async def _send_single_request(self: Any, request: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return await send(self, request)
            untouched = request.stream
            _before(httpx, stream, exchange, request, sink)
            try:
                carried = sink.carried(exchange.call.span_id, in_process=not _goes_out(httpx, self, request))
                with carrying(request.headers, carried), exchange.call.running():
                    response = await send(self, request)
            except BaseException as problem:
                if not left_for_websocket(problem, exchange):
                    exchange.end()
                raise
            finally:
                request.stream = untouched
            _after(stream, exchange, response, sink)
            return response

        return _send_single_request

    _cover_sockets(httpx, patches, sink)
    patches.wrap(httpx.Client, "_send_single_request", wrap_sync)
    patches.wrap(httpx.AsyncClient, "_send_single_request", wrap_async)


def _cover_sockets(httpx: Any, patches: Patches, sink: Sink) -> None:
    """Of the transports that open sockets: an application under a transport in this process does I/O of its own."""

    def wrap_transport(handle: Any) -> Any:
        def handle_request(self: Any, request: Any) -> Any:
            with sink.covering("io.undeclared"):
                return handle(self, request)

        return handle_request

    def wrap_async_transport(handle: Any) -> Any:
        async def handle_async_request(self: Any, request: Any) -> Any:
            with sink.covering("io.undeclared"):
                return await handle(self, request)

        return handle_async_request

    patches.wrap(httpx.HTTPTransport, "handle_request", wrap_transport)
    patches.wrap(httpx.AsyncHTTPTransport, "handle_async_request", wrap_async_transport)


def _goes_out(httpx: Any, client: Any, request: Any) -> bool:
    """Whether the request leaves this process, rather than for an application or a mock in it."""
    try:
        transport = client._transport_for_url(request.url)
    except Exception:  # noqa: BLE001 - a client of a shape we do not know sends as ever
        return True
    return isinstance(transport, (httpx.HTTPTransport, httpx.AsyncHTTPTransport))


def _before(httpx: Any, stream: Any, exchange: Exchange, request: Any, sink: Sink) -> None:
    with sink.guard():
        exchange.request(request.method, str(request.url), request.headers.multi_items())
        try:
            exchange.sent.feed(request.content)
        except httpx.RequestNotRead:
            request.stream = stream(request.stream, exchange.sent, None)


def _after(stream: Any, exchange: Exchange, response: Any, sink: Sink) -> None:
    with sink.guard():
        exchange.response(response.status_code, response.headers.multi_items())
        if response.is_closed:  # made from bytes, by a mock: its stream is never read
            exchange.decoded = True
            exchange.received.feed(response.content)
            exchange.end()
        else:
            exchange.stream()
            response.stream = stream(response.stream, exchange.received, exchange.end)


def _stream_class(module: Any) -> Any:
    sync: Any = module.SyncByteStream
    asynchronous: Any = module.AsyncByteStream

    class TeedStream(sync, asynchronous):  # type: ignore[misc]
        """Both kinds in one, as httpx's own streams of multipart bodies are."""

        def __init__(self, inner: Any, tee: Any, done: Any) -> None:
            self._inner, self._tee, self._done = inner, tee, done
            self._complete = False

        def __iter__(self) -> Any:
            for chunk in self._inner:
                self._tee.feed(chunk)
                yield chunk
            self._complete = True

        async def __aiter__(self) -> Any:
            async for chunk in self._inner:
                self._tee.feed(chunk)
                yield chunk
            self._complete = True

        def close(self) -> None:
            try:
                self._inner.close()
            finally:
                self._finish()

        async def aclose(self) -> None:
            try:
                await self._inner.aclose()
            finally:
                self._finish()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def _finish(self) -> None:
            if self._done is not None:
                self._done(self._complete)

    return TeedStream
