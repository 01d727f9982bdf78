"""WSGI middleware: every HTTP request is recorded, whoever handles it and however it ends."""

import contextvars
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from graven.sdk.client import Client
from graven.sdk.context import ActorLike
from graven.sdk.default import default_client
from graven.sdk.exchange import Exchange

__all__ = ["WSGIMiddleware"]


class WSGIMiddleware:
    """Wraps a WSGI application (PEP 3333).

        app = WSGIMiddleware(app, who=lambda environ: environ.get("REMOTE_USER"), body_bytes=4096)

    The arguments are those of `ASGIMiddleware`, with the environ in place of the scope. Bodies stream: each
    piece goes out as the application gives it, and the event is made when the server closes the response.
    """

    def __init__(
        self,
        app: Any,
        *,
        client: Client | None = None,
        who: Callable[[dict[str, Any]], ActorLike | None] | None = None,
        body_bytes: int = 0,
        skip: Callable[[dict[str, Any]], bool] | None = None,
        action: str = "http.request",
    ) -> None:
        self._app = app
        self._client = client
        self._who = who
        self._body_bytes = body_bytes
        self._skip = skip
        self._action = action

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        exchange = self._begin(environ)
        if exchange is None:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer

        def tapped_start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            exchange.answered(int(status.split(" ", 1)[0]), headers)
            write = start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

            def tapped_write(data: bytes) -> Any:
                exchange.response.saw(data)
                return write(data)

            return tapped_write

        # The response is iterated after this call returns: both run in one copy of the context.
        context = contextvars.copy_context()
        context.run(exchange.scope().__enter__)
        if "wsgi.input" in environ:
            environ["wsgi.input"] = _TappedInput(environ["wsgi.input"], exchange)
        try:
            body = context.run(self._app, environ, tapped_start)
        except BaseException as error:
            context.run(exchange.ended, time.perf_counter_ns(), error)
            raise
        return (_SizedBody if hasattr(body, "__len__") else _Body)(body, exchange, context)

    def _begin(self, environ: dict[str, Any]) -> Exchange | None:
        client = self._client or default_client()
        if client is None:
            return None
        try:
            if self._skip is not None and self._skip(environ):
                return None
            who = self._who
            path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
            return Exchange(
                client=client,
                action=self._action,
                method=environ["REQUEST_METHOD"],
                path=path.encode("latin-1", "replace").decode("utf-8", "replace") or "/",
                query=environ.get("QUERY_STRING", ""),
                protocol=environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                peer=environ.get("REMOTE_ADDR"),
                headers=_headers(environ),
                body_bytes=self._body_bytes,
                who=(lambda: who(environ)) if who is not None else (lambda: None),
                now_ns=time.time_ns(),
                tick_ns=time.perf_counter_ns(),
            )
        except Exception as error:  # noqa: BLE001 - the request goes on, unrecorded and reported
            client.lost("unencodable", f"a request could not be described: {type(error).__name__}")
            return None


class _Body:
    """The application's iterable, piece by piece; `close` is what ends the exchange."""

    def __init__(self, body: Iterable[bytes], exchange: Exchange, context: contextvars.Context) -> None:
        self._body = body
        self._exchange = exchange
        self._context = context
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if self._iterator is None:
                self._iterator = self._context.run(iter, self._body)
            piece = self._context.run(next, self._iterator)
        except StopIteration:
            raise
        except BaseException as error:
            self._context.run(self._exchange.ended, time.perf_counter_ns(), error)
            raise
        self._exchange.response.saw(piece)
        return piece

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                self._context.run(close)
        except BaseException as error:
            self._context.run(self._exchange.ended, time.perf_counter_ns(), error)
            raise
        self._context.run(self._exchange.ended, time.perf_counter_ns())


class _SizedBody(_Body):
    """Of known length, which servers use to set Content-Length."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]


class _TappedInput:
    """`wsgi.input` whose reads are seen."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    def read(self, *args: Any) -> bytes:
        return self._saw(self._stream.read(*args))

    def readline(self, *args: Any) -> bytes:
        return self._saw(self._stream.readline(*args))

    def readlines(self, *args: Any) -> list[bytes]:
        return [self._saw(line) for line in self._stream.readlines(*args)]

    def __iter__(self) -> Iterator[bytes]:
        for line in self._stream:
            yield self._saw(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _saw(self, data: bytes) -> bytes:
        self._exchange.request.saw(data)
        return data


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [
        (name[5:].replace("_", "-").lower(), str(value)) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    entity = (("content-type", environ.get("CONTENT_TYPE")), ("content-length", environ.get("CONTENT_LENGTH")))
    return headers + [(name, str(value)) for name, value in entity if value]
