"""One HTTP request with its response, in the members that every client's capture fills in the same way."""

import contextlib
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from graven.pytest_plugin.io.body import Tee, body_members
from graven.pytest_plugin.io.call import Call, Sink

__all__ = ["Exchange", "begin", "carrying"]


class Exchange:
    """A request under way; `sent` and `received` see what passes of the bodies."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.sent = Tee()
        self.received = Tee()
        self.complete = False
        self.decoded = False
        """Whether `received` sees the body as the client decoded it, not as it passed."""
        self._request_headers: dict[str, Any] = {}
        self._response: dict[str, Any] | None = None

    def request(self, method: str, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """Note the request line and headers, as sent."""
        self.call.method = {"protocol": "http", "operation": method, "uri": url}
        self._request_headers = _headers(headers)

    def response(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Note the status line and headers. A status from 400 on is a failure."""
        self._response = {"status": status, "headers": _headers(headers)}
        if status >= 400 and self.call.error is None:
            self.call.outcome = "failure"

    def stream(self) -> None:
        """The body is still to come: record when it ended, or at the latest at uninstall."""
        self.call.hold(self._fill)

    def end(self, complete: bool = True) -> None:
        """Everything passed (or the application left the stream): record."""
        self.complete = self.complete or complete
        self.call.before_end = self._fill
        self.call.end()

    def _fill(self) -> None:
        encoding = _one(self._request_headers, "content-encoding")
        self.call.input = {"headers": self._request_headers, **body_members(self.sent, encoding)}
        if self._response is not None:
            encoding = "" if self.decoded else _one(self._response["headers"], "content-encoding")
            self.call.output = {**self._response, **body_members(self.received, encoding, self.complete)}


def begin(sink: Sink) -> Exchange | None:
    """An exchange, unless an outer layer records this request."""
    call = sink.start("http.request")
    return None if call is None else Exchange(call)


@contextlib.contextmanager
def carrying(headers: MutableMapping[str, Any], carried: dict[str, str]) -> Iterator[None]:
    """Add the headers for the time of sending, but not over the application's own.

    They are taken out again: a client copies headers into the next request of a redirect, which has its own span.
    """
    mine = {name: value for name, value in carried.items() if name not in headers}
    for name, value in mine.items():
        headers[name] = value
    try:
        yield
    finally:
        for name in mine:
            headers.pop(name, None)


def _headers(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Lower-case names; a name that came more than once has a list, in its order."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        key = name.lower()
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        else:
            found[key] = [found[key], value]
    return found


def _one(headers: dict[str, Any], name: str) -> str:
    value = headers.get(name, "")
    return value if isinstance(value, str) else ""
