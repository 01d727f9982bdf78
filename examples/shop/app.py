"""A small web shop over HTTP (WSGI, standard library) that records its requests with Graven's middleware.

    POST /orders            {"product": "mug", "quantity": 2}   the customer is named by the header X-User
    GET  /orders/<number>
    POST /orders/<number>/cancel

All it takes to record is the `WSGIMiddleware` in `main`: one line around the application. Server and token come
from GRAVEN_SERVER and GRAVEN_TOKEN.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from store import ShopError, Store

import graven

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable"}


class Shop:
    """The application: routes, JSON in, JSON out."""

    def __init__(self, store: Store) -> None:
        self._store = store

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
                    wish = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
                    return 201, self._store.place(user, wish["product"], wish["quantity"])._asdict()
                case ("GET", ["orders", number]):
                    return 200, self._store.get(int(number))._asdict()
                case ("POST", ["orders", number, "cancel"]):
                    return 200, self._store.cancel(int(number), user)._asdict()
                case _:
                    return 404, {"error": "there is nothing here"}
        except PermissionError as error:
            return 403, {"error": str(error)}
        except ShopError as error:
            return 422, {"error": error.reason}
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"this is no order: {error}"}


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

    client = graven.Client(source="shop")
    shop = Shop(Store(arguments.database))
    application = graven.WSGIMiddleware(shop, client=client, who=lambda e: e.get("HTTP_X_USER"), body_bytes=4096)

    with make_server("127.0.0.1", arguments.port, application, handler_class=QuietHandler) as server:

        def stop(signum: int, frame: FrameType | None) -> None:
            # from a thread: `shutdown` waits for the loop that this handler interrupts
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever(poll_interval=0.05)
    client.close()
    sys.exit(0)


if __name__ == "__main__":
    main()
