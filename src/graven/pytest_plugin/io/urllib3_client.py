"""urllib3 2: every attempt that goes to the wire, so that retries and redirects are requests of their own.

Headers that the connection adds by itself (Host, Accept-Encoding, Content-Length) are not seen.
"""

import inspect
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import Exchange, begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.teed import TeedChunks, teed_body

__all__ = ["patch", "tee_response"]

_READS = ("read", "read1")


def patch(connectionpool: Any, patches: Patches, sink: Sink) -> None:
    """Capture what connection pools send. Nothing is captured with urllib3 1, whose pools have no such method."""
    owner = connectionpool.HTTPConnectionPool

    def wrap(make_request: Any) -> Any:
        signature = inspect.signature(make_request)

        def _make_request(self: Any, *args: Any, **kwargs: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return make_request(self, *args, **kwargs)
            given: dict[str, Any] = signature.bind(self, *args, **kwargs).arguments
            headers: Any = given.get("headers")
            headers = headers.copy() if hasattr(headers, "copy") else dict(headers or {})
            with sink.guard():
                port = f":{self.port}" if self.port else ""
                uri = given["url"] if "://" in given["url"] else f"{self.scheme}://{self.host}{port}{given['url']}"
                exchange.request(given["method"], uri, [(str(n), _text(v)) for n, v in headers.items()])
                if given.get("body") is not None:
                    given["body"] = teed_body(given["body"], exchange.sent)
            given["headers"] = headers
            try:
                with carrying(headers, sink.carried(exchange.call.span_id)), exchange.call.running("io.undeclared"):
                    response = make_request(**given)
            except BaseException:
                exchange.end()
                raise
            with sink.guard():
                exchange.response(response.status, response.headers.items())
                tee_response(exchange, response, bool(given.get("preload_content", True)))
            return response

        return _make_request

    patches.wrap(owner, "_make_request", wrap)


def tee_response(exchange: Exchange, response: Any, preloaded: bool) -> None:  # noqa: C901 - small wrappers that share their state
    """See the body as the application reads it, decoded; a preloaded one is there already."""
    exchange.decoded = True
    if preloaded:
        exchange.received.feed(response.data)
        exchange.end()
        return
    exchange.stream()
    depth = 0
    released = False

    def finish(complete: bool) -> None:
        exchange.end(complete)
        for name in replaced:  # they refer to the response, which would wait for the collector
            vars(response).pop(name, None)

    def end_if_released() -> None:
        if released and depth == 0:
            finish(response.length_remaining in (None, 0))

    def reader(read: Any) -> Any:
        def teed(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                chunk = read(*args, **kwargs)
            finally:
                depth -= 1
            if depth == 0:
                exchange.received.feed(chunk)
                end_if_released()
            return chunk

        return teed

    def streamer(stream: Any) -> Any:
        def teed(*args: Any, **kwargs: Any) -> Any:
            return TeedChunks(counted(stream(*args, **kwargs)), exchange.received, finish)

        def counted(chunks: Any) -> Any:
            # a stream reads through `read` or `read_chunked`: only what comes out of it counts
            nonlocal depth
            while True:
                depth += 1
                try:
                    chunk = next(chunks)
                except StopIteration:
                    return
                finally:
                    depth -= 1
                try:
                    yield chunk
                except GeneratorExit:
                    chunks.close()
                    raise

        return teed

    def releaser(release: Any) -> Any:
        def teed() -> None:
            nonlocal released
            release()
            released = True
            end_if_released()

        return teed

    replaced = [*_READS, "stream", "read_chunked", "release_conn", "close"]
    for name in _READS:
        if hasattr(response, name):
            setattr(response, name, reader(getattr(response, name)))
    response.stream = streamer(response.stream)
    chunked = response.read_chunked

    def read_chunked(*args: Any, **kwargs: Any) -> Any:
        return chunked(*args, **kwargs) if depth else streamer(chunked)(*args, **kwargs)

    response.read_chunked = read_chunked
    response.release_conn = releaser(response.release_conn)
    close = response.close

    def closed() -> None:
        close()
        if depth == 0:
            finish(response.length_remaining == 0)

    response.close = closed


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
