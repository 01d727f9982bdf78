"""requests: each `HTTPAdapter.send`, which a session calls once for each request, redirects included.

urllib3 below is covered. An adapter that does not inherit `HTTPAdapter.send` is not seen.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import begin, carrying
from graven.pytest_plugin.io.patches import Patches
from graven.pytest_plugin.io.teed import teed_body
from graven.pytest_plugin.io.urllib3_client import tee_response

__all__ = ["patch"]


def patch(adapters: Any, patches: Patches, sink: Sink) -> None:
    """Capture what sessions send."""

    def wrap(send: Any) -> Any:
        def sending(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            exchange = begin(sink)
            if exchange is None:
                return send(self, request, *args, **kwargs)
            untouched = request.body
            with sink.guard():
                headers = [(_text(name), _text(value)) for name, value in request.headers.items()]
                exchange.request(request.method, request.url, headers)
                request.body = teed_body(untouched, exchange.sent)
            try:
                with (
                    carrying(request.headers, sink.carried(exchange.call.span_id)),
                    exchange.call.running("http.request", "io.undeclared"),
                ):
                    response = send(self, request, *args, **kwargs)
            except BaseException:
                exchange.end()
                raise
            finally:
                request.body = untouched
            with sink.guard():
                raw = response.raw
                exchange.response(response.status_code, getattr(raw, "headers", response.headers).items())
                if hasattr(raw, "read_chunked"):
                    tee_response(exchange, raw, preloaded=False)
                else:  # a stand-in for urllib3's response: without its body
                    exchange.end(complete=False)
            return response

        return sending

    patches.wrap(adapters.HTTPAdapter, "send", wrap)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
