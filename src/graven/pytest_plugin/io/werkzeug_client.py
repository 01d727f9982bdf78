"""Werkzeug's test client, which Flask's is: each run of the WSGI application, redirects included."""

from io import BytesIO
from itertools import chain, islice
from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.teed import TeedChunks, TeedFile
from graven.pytest_plugin.io.wsgi_environ import environ_carried, environ_headers, environ_uri

__all__ = ["patch"]


class _Begun:
    """A response of which Werkzeug has asked the application for the first chunk already: it can be looked at without
    making the application do anything, whether or not the test reads it."""

    def __init__(self, chunks: Any) -> None:
        self._rest = chunks
        self._first = list(islice(chunks, 1))
        self._chunks = chain(self._first, chunks)

    def whole(self, headers: Any) -> list[Any] | None:
        """The body, when it is all in the first chunk."""
        length = headers.get("Content-Length")
        has = sum(map(len, self._first))
        return self._first if length is not None and str(length) == str(has) else None

    def __iter__(self) -> "_Begun":
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def close(self) -> None:
        close = getattr(self._rest, "close", None)
        if close is not None:
            close()


def patch(test: Any, patches: Patches, sink: Sink) -> None:
    """Capture what test clients run."""

    def wrap(run: Any) -> Any:
        def run_wsgi_app(self: Any, environ: Any, buffered: bool = False) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return run(self, environ, buffered=buffered)
            untouched = environ.get("wsgi.input")
            with sink.guard():
                exchange.request(environ["REQUEST_METHOD"], environ_uri(environ), environ_headers(environ))
                if isinstance(untouched, BytesIO):
                    exchange.sent.feed(untouched.getbuffer()[untouched.tell() :])
                elif untouched is not None:
                    environ["wsgi.input"] = TeedFile(untouched, exchange.sent)
            try:
                with (
                    carrying(environ, environ_carried(sink.carried(exchange.call.span_id, in_process=True))),
                    exchange.call.running(),
                ):
                    chunks, status, headers = run(self, environ, buffered=buffered)
            except BaseException:
                exchange.end()
                raise
            finally:
                environ["wsgi.input"] = untouched
            with sink.guard():
                exchange.response(int(str(status).split()[0]), headers.items())
                if not isinstance(chunks, list | tuple):
                    chunks = _Begun(chunks)
                given = chunks if isinstance(chunks, list | tuple) else chunks.whole(headers)
                if given is not None:
                    for chunk in given:
                        exchange.received.feed(chunk)
                    exchange.end()
                else:
                    exchange.stream()
                    chunks = TeedChunks(chunks, exchange.received, exchange.end)
            return chunks, status, headers

        return run_wsgi_app

    patches.wrap(test.Client, "run_wsgi_app", wrap)
