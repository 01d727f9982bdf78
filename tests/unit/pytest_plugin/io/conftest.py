"""Capture switched on for a test, and a real HTTP server that counts what reaches it."""

import contextlib
import gzip
import hashlib
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from graven.pytest_plugin import io


class Witness:
    """What the server saw: (method, path, headers, SHA-256 of the body)."""

    def __init__(self):
        self.seen = []
        self.url = ""

    def paths(self):
        return [path for _, path, _, _ in self.seen]


@pytest.fixture
def recorded():
    found = []
    io.set_context(lambda: ("a" * 32, "b" * 16, "run-7"))
    io.install(found.append)
    yield found
    io.uninstall()
    io.set_context(None)
    assert io.failures() == 0


@pytest.fixture
def server():
    witness = Witness()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def _body(self):
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def do_GET(self):
            body = self._body()
            witness.seen.append((self.command, self.path, dict(self.headers), hashlib.sha256(body).hexdigest()))
            answer, status, headers = b'{"ok": true}', 200, {"Content-Type": "application/json"}
            if self.path == "/redirect":
                answer, status, headers = b"", 302, {"Location": "/end"}
            elif self.path == "/missing":
                answer, status = b"no such thing", 404
            elif self.path == "/large":
                answer = b"0123456789abcdef" * 65536
            elif self.path == "/gzip":
                answer, headers = gzip.compress(b"unpacked text"), {"Content-Encoding": "gzip"}
            elif self.path == "/echo":
                answer = body
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if self.path == "/chunked":
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
                return
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        witness.url = f"http://127.0.0.1:{running.server_address[1]}"
        yield witness
        running.shutdown()
        thread.join()
