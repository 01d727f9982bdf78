"""A tiny real HTTP server that keeps the append contract (DESIGN.md §4, §7), with faults to order.

It stands in for `graven.server` where a test needs to misbehave in ways the real one does not.
"""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import zstandard


class AppendServer:
    """`events` is the log, in order. `fault(request)` may answer instead: (status, headers, body) or None."""

    def __init__(self, port: int = 0) -> None:
        self.events: list[dict] = []
        self.requests: list[Request] = []
        self.keys: dict[str, tuple[bytes, bytes]] = {}
        self.fault: Callable[[Request], tuple[int, dict, bytes] | None] = lambda request: None
        self.before_answer: Callable[[Request], None] = lambda request: None
        self.changed = threading.Condition()
        self._http = _Http(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def actions(self) -> list[str]:
        return [event["action"] for event in self.events]

    def wait_for(self, count: int, timeout: float = 60.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.events) >= count, timeout), len(self.events)

    def wait_for_requests(self, count: int, timeout: float = 60.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, timeout), len(self.requests)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, request: "Request") -> tuple[int, dict, bytes]:
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
        if (made := self.fault(request)) is not None:
            return made
        digest = hashlib.sha256(request.raw).digest()
        with self.changed:
            known = self.keys.get(request.key)
            if known is not None:
                return (200, {}, known[1]) if known[0] == digest else problem(409, "conflict", "other bytes")
            ids = {event["id"]: position for position, event in enumerate(self.events)}
            fresh = [event for event in request.events if event["id"] not in ids]
            duplicates = {str(at): ids[event["id"]] for at, event in enumerate(request.events) if event["id"] in ids}
            first = len(self.events) if fresh else None
            body = json.dumps({"first": first, "count": len(fresh), "duplicates": duplicates, "ids": {}})
            self.events.extend(fresh)
            self.keys[request.key] = (digest, body.encode())
            self.changed.notify_all()
        return 200, {}, body.encode()


class Request:
    """One append as received."""

    def __init__(self, path: str, headers: dict[str, str], raw: bytes) -> None:
        self.path = path
        self.headers = headers
        self.raw = raw
        self.key = headers.get("idempotency-key", "")
        body = raw
        match headers.get("content-encoding"):
            case "gzip":
                body = gzip.decompress(raw)
            case "zstd":
                body = zstandard.ZstdDecompressor().decompress(raw)
        self.events = [json.loads(line) for line in body.splitlines()]


def problem(status: int, code: str, message: str, **details: object) -> tuple[int, dict, bytes]:
    """An answer of the one error shape."""
    error = {"code": code, "message": message, "hint": "", "details": details}
    return status, {}, json.dumps({"error": error}).encode()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    owner: AppendServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients of these tests die in the middle of requests on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.path, headers, raw)
        status, more, body = self.server.owner.answer(request)  # type: ignore[attr-defined]
        self.server.owner.before_answer(request)  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""
