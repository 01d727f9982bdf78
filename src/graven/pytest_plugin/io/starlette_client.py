"""WebSockets of Starlette's test client, which leave httpx by an exception that is no failure.

The handshake follows when the session is entered, and is recorded as the GET that it is: 101 when the application
accepted, 403 when it closed instead, or the response with which it denied. Messages are not seen.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.exchange import Exchange
from graven.pytest_plugin.io.patches import Patches

__all__ = ["left_for_websocket", "patch"]

_EXCHANGE = "_graven_exchange"


def left_for_websocket(problem: BaseException, exchange: Exchange) -> bool:
    """Whether the request became a session that records itself."""
    kind = type(problem)
    session = getattr(problem, "session", None)
    if kind.__name__ != "_Upgrade" or not kind.__module__.endswith(".testclient") or session is None:
        return False
    taken = False
    with exchange.call.sink.guard():
        vars(session)[_EXCHANGE] = exchange
        exchange.call.go_on()
        exchange.stream()
        taken = True
    return taken


def patch(testclient: Any, patches: Patches, sink: Sink) -> None:
    """Capture how sessions begin."""

    def wrap(enter: Any) -> Any:
        def entering(self: Any) -> Any:
            exchange: Exchange | None = vars(self).pop(_EXCHANGE, None)
            if exchange is None:
                return enter(self)
            try:
                with exchange.call.running():
                    session = enter(self)
            except BaseException as problem:
                with sink.guard():
                    _refused(exchange, problem)
                exchange.end()
                raise
            with sink.guard():
                exchange.response(101, [])
            exchange.end()
            return session

        return entering

    patches.wrap(testclient.WebSocketTestSession, "__enter__", wrap)


def _refused(exchange: Exchange, problem: BaseException) -> None:
    status = getattr(problem, "status_code", None)
    headers: Any = getattr(problem, "headers", None)
    if isinstance(status, int) and hasattr(headers, "multi_items"):
        exchange.response(status, headers.multi_items())
        exchange.decoded = True
        exchange.received.feed(getattr(problem, "content", b""))
    elif type(problem).__name__ == "WebSocketDisconnect":
        exchange.response(403, [])
