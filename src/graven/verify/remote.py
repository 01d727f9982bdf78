"""A log over HTTP: C2SP tlog-tiles at `<server>/logs/<name>`, or at any address that serves them.

Connections are kept. Every request is a GET, so that all of them may be tried again. A redirect is not
followed, because the token would go along. An answer is read up to a bound, whatever it promises; a blob,
which has none, goes to a temporary file.
"""

import http.client
import json
import re
import socket
import ssl
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TypeVar
from urllib.parse import SplitResult, urlsplit

from graven.errors import CouldNotCheck
from graven.tlog.tiles import ENTRIES_LEVEL, FULL_WIDTH, TilePath
from graven.verify.compressed import MAX_BUNDLE_SIZE
from graven.verify.source import UNREACHABLE, SourceSpec

__all__ = ["HttpSource"]

_ATTEMPTS = 5
_FIRST_DELAY_S = 0.25
_LONGEST_DELAY_S = 30.0
_TIMEOUT_S = 30.0
_MAX_CHECKPOINT = 1 << 20
_MAX_ERROR = 1 << 16
_SPOOLED_IN_MEMORY = 16 << 20
_MAX_BLOB = 1 << 30
_CHUNK = 1 << 20
_GRAVEN_LOG = re.compile(r"(?P<server>.*)/logs/[a-z0-9-]{1,63}")
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})


T = TypeVar("T")


class HttpSource:
    """The log whose tiles are at `url`; `token` goes into each request. Blobs are read from `/v1/blobs`.

    `sleep` waits between attempts, in seconds.
    """

    parallel = 8

    def __init__(self, url: str, token: str | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise CouldNotCheck(f"{url} is no address of a log", hint="http://host:port/logs/<name>")
        if parts.username is not None or parts.password is not None:
            raise CouldNotCheck("an address with a user name or password is not used", hint="give a token instead")
        self._url = parts.geturl()
        self._parts = parts
        self._token = token
        self._sleep = sleep
        self._idle: list[http.client.HTTPConnection] = []  # append and pop are atomic
        self._answered = False
        self.advice = ""

    @property
    def target(self) -> str:
        """The address."""
        return self._url

    def fetch_checkpoint(self) -> bytes | None:
        """`GET <url>/checkpoint`; a web page in its place is none."""
        body = self._get(f"{self._parts.path}/checkpoint", _MAX_CHECKPOINT)
        return None if body is not None and _is_web_page(body) else body

    def remains(self) -> str | None:
        """The key, or a tile that every log has, as far as a place can be asked that gives no list."""
        names = ["log.vkey"]
        for level in (ENTRIES_LEVEL, 0):
            names += [TilePath(level, 0, width).path() for width in (FULL_WIDTH, 1)]
        for name in names:
            body = self._get(f"{self._parts.path}/{name}", MAX_BUNDLE_SIZE)
            if body is not None and not _is_web_page(body):
                return name
        return None

    def fetch_key(self) -> bytes | None:
        """`GET <url>/log.vkey`."""
        return self._get(f"{self._parts.path}/log.vkey", _MAX_CHECKPOINT)

    def fetch(self, tile: TilePath) -> bytes | None:
        """`GET <url>/tile/…`."""
        return self._get(f"{self._parts.path}/{tile.path()}", MAX_BUNDLE_SIZE)

    def wider(self, tile: TilePath) -> list[int]:
        """The full tile: a server cannot be asked which partials it has."""
        return [FULL_WIDTH]

    def paths(self) -> Iterator[str] | None:
        """None: a server cannot be asked for a list."""
        return None

    def open_blob(self, digest: str, size: int | None = None) -> Iterator[bytes] | None:
        """`GET /v1/blobs/<digest>`; None also at an address that is not Graven's, which has no blobs."""
        found = _GRAVEN_LOG.fullmatch(self._parts.path)
        if found is None:
            return None
        limit = _MAX_BLOB if size is None else size + 1
        path = f"{found['server']}/v1/blobs/{digest}"
        spool = self._fetch(path, lambda response: _spooled(response, limit), encoding="identity")
        return None if spool is None else _chunks(spool)

    def spec(self) -> SourceSpec:
        """Address and token."""
        return SourceSpec("http", self._url, token=self._token)

    def close(self) -> None:
        """Close the idle connections; none is in use."""
        while self._idle:
            self._idle.pop().close()

    def _get(self, path: str, limit: int) -> bytes | None:
        """The body, None for 404 and 410. Raises CouldNotCheck when it cannot be had."""
        return self._fetch(path, lambda response: _body(response, limit), encoding="gzip")

    def _fetch(self, path: str, consume: Callable[[http.client.HTTPResponse], T], *, encoding: str) -> T | None:
        """What `consume` makes of the body of a 200; None for 404 and 410; tried again when that may help."""
        delay = _FIRST_DELAY_S
        for attempt in range(1, _ATTEMPTS + 1):
            wait = delay
            try:
                status, value, retry_after = self._request(path, consume, encoding)
            except (OSError, http.client.HTTPException) as error:
                reason = str(error) or type(error).__name__
                if not self._answered and isinstance(error, ConnectionRefusedError | socket.gaierror):
                    raise self._nobody(reason) from error
            else:
                self._answered = True
                if status == http.HTTPStatus.OK:
                    return value
                if status in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE):
                    return None
                if status not in _RETRIED:
                    raise self._refused(path, status)
                reason = f"status {status}"
                wait = max(delay, retry_after)
            if attempt < _ATTEMPTS:
                self._sleep(min(wait, _LONGEST_DELAY_S))
                delay *= 2
        raise CouldNotCheck(
            f"{self._origin}{path} could not be fetched in {_ATTEMPTS} attempts: {reason}",
            hint="check that the server runs and can be reached from here",
            code=UNREACHABLE,
        )

    def _request(
        self, path: str, consume: Callable[[http.client.HTTPResponse], T], encoding: str
    ) -> tuple[int, T | None, float]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = _connect(self._parts)
        headers = {"Accept-Encoding": encoding, "User-Agent": "graven-verify"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        value = None
        try:
            connection.request("GET", path or "/", headers=headers)
            response = connection.getresponse()
            if response.status == http.HTTPStatus.OK:
                value = consume(response)
            else:
                self._listen(response.read(_MAX_ERROR))
            # anything left unread would be taken for the next answer
            if not response.isclosed():
                connection.close()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)  # a closed one connects again
        retry_after = response.getheader("Retry-After", "")
        return response.status, value, float(retry_after) if retry_after.isdecimal() else 0.0

    @property
    def _origin(self) -> str:
        return f"{self._parts.scheme}://{self._parts.netloc}"

    def _listen(self, body: bytes) -> None:
        """Keep the hint of a Graven server, such as the name of the log that was meant."""
        try:
            error = json.loads(body)["error"]
            said = error.get("hint") if error.get("code") == "unknown_log" else None
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        if isinstance(said, str):
            self.advice = "".join(one for one in said[:200] if one.isprintable())

    def _nobody(self, reason: str) -> CouldNotCheck:
        # a server that never answered is not one that restarts: a person waits at the other end
        return CouldNotCheck(
            f"nobody answers at {self._origin}: {reason}",
            hint="check the address, and that the server runs and can be reached from here",
            code=UNREACHABLE,
        )

    def _refused(self, path: str, status: int) -> CouldNotCheck:
        hint = f"open {self._origin}{path} to see why"
        if status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
            hint = "give a token with the role auditor: --token or GRAVEN_TOKEN"
        elif http.HTTPStatus.MULTIPLE_CHOICES <= status < http.HTTPStatus.BAD_REQUEST:
            hint = "redirects are not followed: give the address that it leads to"
        return CouldNotCheck(f"{self._origin}{path} answered {status}", hint=hint, code=UNREACHABLE)


def _is_web_page(body: bytes) -> bool:
    """Whether it is HTML, which servers send for whatever they do not know: no file of a log begins so."""
    return body[:64].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=_TIMEOUT_S, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=_TIMEOUT_S)


def _body(response: http.client.HTTPResponse, limit: int) -> bytes:
    """The whole body without its content encoding; `HTTPException` when it is longer than `limit`, or cut."""
    body = response.read(limit + 1)
    if len(body) > limit:
        raise http.client.HTTPException(f"an answer of more than {limit} bytes")
    body += response.read()  # raises IncompleteRead when the promised length did not come
    encoding = response.getheader("Content-Encoding", "identity").strip().lower()
    return _decoded(body, limit) if encoding == "gzip" else body


def _decoded(body: bytes, limit: int) -> bytes:
    """A body without its `Content-Encoding: gzip`, which is transport and no evidence: any header will do."""
    engine = zlib.decompressobj(31)
    try:
        plain = engine.decompress(body, limit + 1)
    except zlib.error as error:
        raise http.client.HTTPException(f"a damaged gzip body: {error}") from error
    if not engine.eof or engine.unused_data:
        raise http.client.HTTPException("a gzip body that is cut, too large, or followed by more")
    return plain


def _spooled(response: http.client.HTTPResponse, limit: int) -> IO[bytes]:
    """At most `limit` bytes of the body in a temporary file, in memory while it is small."""
    spool = tempfile.SpooledTemporaryFile(_SPOOLED_IN_MEMORY)  # noqa: SIM115 - closed by `_chunks`
    try:
        left = limit
        while left and (chunk := response.read(min(_CHUNK, left))):
            spool.write(chunk)
            left -= len(chunk)
        if left:
            _refuse_short(response)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return spool


def _refuse_short(response: http.client.HTTPResponse) -> None:
    # reading in pieces, unlike reading all, does not notice a connection that ends early
    if response.length:
        raise http.client.HTTPException(f"a body that ended {response.length} bytes too early")


def _chunks(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while chunk := spool.read(_CHUNK):
            yield chunk
