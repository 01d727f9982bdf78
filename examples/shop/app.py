"""A small web shop over HTTP (WSGI, standard library) that records what it does with Graven.

    POST /orders            {"product": "mug", "quantity": 2}   the customer is named by the header X-User
    GET  /orders/<number>
    POST /orders/<number>/cancel
    POST /orders/<number>/correct   {"total_cents": 11610, "reason": "…"}   the staff only

The `WSGIMiddleware` in `main` records each request: one line around the application. What the shop records while it
answers one (statements, orders) gets the request's actor and trace by itself, so it stands in the timeline of whoever
sent the request: a test, say. Server and token come from GRAVEN_SERVER and GRAVEN_TOKEN; without a server nothing
is recorded.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from store import Order, Row, ShopError, Store, Watch

import graven

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable"}


class Shop:
    """The application: routes, JSON in, JSON out."""

    def __init__(self, store: Store, client: graven.Client | None = None) -> None:
        self._store = store
        self._client = client

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status, answer = self._answer(environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {REASONS[status]}", headers)
        return [body]

    def _answer(self, environ: Environ) -> tuple[int, dict[str, Any]]:
        user = environ.get("HTTP_X_USER", "anonymous")
        path = environ["PATH_INFO"].strip("/").split("/")
        try:
            match (environ["REQUEST_METHOD"], path):
                case ("POST", ["orders"]):
                    wish = _body(environ)
                    placed = self._store.place(user, wish["product"], wish["quantity"])
                    return 201, self._changed("order.place", None, placed)
                case ("GET", ["orders", number]):
                    return 200, self._store.get(int(number))._asdict()
                case ("POST", ["orders", number, "cancel"]):
                    before = self._store.get(int(number))
                    return 200, self._changed("order.cancel", before, self._store.cancel(int(number), user))
                case ("POST", ["orders", number, "correct"]):
                    wish = _body(environ)
                    before = self._store.get(int(number))
                    after = self._store.correct(int(number), user, wish["total_cents"])
                    return 200, self._changed("order.correct", before, after, reason=wish.get("reason"))
                case _:
                    return 404, {"error": "there is nothing here"}
        except PermissionError as error:
            return 403, {"error": str(error)}
        except ShopError as error:
            return 422, {"error": error.reason}
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"this is no order: {error}"}

    def _changed(self, action: str, before: Order | None, after: Order, reason: str | None = None) -> dict[str, Any]:
        """Record what became of an order; gives the answer."""
        if self._client is not None:
            change = {"before": before._asdict() if before else None, "after": after._asdict()}
            target = {"type": "order", "id": str(after.number), "change": change}
            self._client.record(action, targets=[target], reason=reason)
        return after._asdict()


def _body(environ: Environ) -> Any:
    return json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def recorded_statements(client: graven.Client) -> Watch:
    """What the store tells each statement to."""

    def record(statement: str, parameters: Row, rows: list[Row] | None) -> None:
        client.record(
            "sql.statement",
            method={"protocol": "sqlite3", "statement": statement},
            input={"parameters": parameters},
            output=None if rows is None else {"rows": rows},
        )

    return record


class QuietHandler(WSGIRequestHandler):
    """Without a line per request on stderr."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        return


def main() -> None:
    """Serve until SIGTERM or Ctrl-C, then send what is still to be recorded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--database", default=":memory:")
    arguments = parser.parse_args()

    application: Any
    client = graven.Client(source="shop") if os.environ.get("GRAVEN_SERVER") else None
    if client is None:
        application = Shop(Store(arguments.database))
    else:
        shop = Shop(Store(arguments.database, recorded_statements(client)), client)
        application = graven.WSGIMiddleware(shop, client=client, who=lambda e: e.get("HTTP_X_USER"), body_bytes=4096)

    with make_server("127.0.0.1", arguments.port, application, handler_class=QuietHandler) as server:

        def stop(signum: int, frame: FrameType | None) -> None:
            # from a thread: `shutdown` waits for the loop that this handler interrupts
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.05)
    if client is not None:
        client.close()
    sys.exit(0)


if __name__ == "__main__":
    main()
