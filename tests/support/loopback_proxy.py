"""A proxy on loopback that answers some paths itself: what a dishonest server, or a network in between, might show.

with loopback_proxy(server.url) as proxy:
    proxy.change("/v1/logs/default/events/0", lambda body: body.replace(b"a", b"b"))
    proxy.answer("/logs/default/checkpoint", lambda path: other_checkpoint)
"""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

__all__ = ["LoopbackProxy", "loopback_proxy"]

Change = Callable[[bytes], bytes]
Answer = Callable[[str], bytes | None]

_PASSED_ON = {"accept", "authorization", "content-type", "cookie", "if-none-match", "last-event-id", "x-graven"}
_OWN = {"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"}


class LoopbackProxy:
    """What is asked goes to `target`, unless a rule for its path (a regular expression, whole) says otherwise."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.down = False
        """Whether connections are closed unanswered."""
        self._client = httpx.Client(trust_env=False, timeout=60)  # one: making one takes longer than a request
        self._changes: list[tuple[re.Pattern[str], Change]] = []
        self._answers: list[tuple[re.Pattern[str], Answer]] = []

    def change(self, path: str, change: Change) -> None:
        """Change the body of answers with status 200."""
        self._changes.append((re.compile(path), change))

    def answer(self, path: str, answer: Answer) -> None:
        """Answer without asking; None is 404."""
        self._answers.append((re.compile(path), answer))

    def close(self) -> None:
        """End its connections."""
        self._client.close()

    def honest(self) -> None:
        """Forget all rules."""
        self._changes.clear()
        self._answers.clear()

    def reply(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body for one request."""
        bare = path.partition("?")[0]
        for pattern, answer in self._answers:
            if pattern.fullmatch(bare):
                found = answer(bare)
                return (404, [], b"") if found is None else (200, [("content-type", "application/octet-stream")], found)
        passed = {name: value for name, value in headers.items() if name.lower() in _PASSED_ON}
        got = self._client.request(method, self.target + path, headers=passed, content=body)
        content = got.content
        if got.status_code == 200:
            for pattern, change in self._changes:
                if pattern.fullmatch(bare):
                    content = change(content)
        kept = [(name, value) for name, value in got.headers.multi_items() if name.lower() not in _OWN]
        return got.status_code, kept, content


@contextlib.contextmanager
def loopback_proxy(target: str) -> Iterator[LoopbackProxy]:
    """A proxy in front of `target` for the block."""
    proxy = LoopbackProxy(target)

    def handle(self: BaseHTTPRequestHandler) -> None:
        if proxy.down:
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, headers, content = proxy.reply(self.command, self.path, dict(self.headers.items()), body)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(content)

    methods = {f"do_{method}": handle for method in ("DELETE", "GET", "HEAD", "POST", "PUT")}
    quiet = {"log_message": lambda self, *args: None, "protocol_version": "HTTP/1.1"}
    handler = type("Handler", (BaseHTTPRequestHandler,), {**methods, **quiet})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
            proxy.close()
