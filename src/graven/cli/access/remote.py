"""A server, over HTTP. Its error answers become the errors of `graven.errors` again."""

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import httpx

from graven import errors
from graven.cli.access.ports import Answer, StoredBlob, TokenInfo
from graven.cli.access.reaching import trusted, unreachable
from graven.cli.access.sent_token import SentToken, explain_refusal
from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.tiles import TilePath

if TYPE_CHECKING:
    from graven.cli.access.questions import Search
    from graven.qa.shown import ShownTest

__all__ = ["RemoteAccess", "error_of"]

_BY_STATUS: Mapping[int, type[errors.GravenError]] = {
    400: errors.InvalidInput,
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    422: errors.InvalidEvent,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.TimedOut,
}

BUNDLE = 256
PATIENCE_S = 30.0
"""How long a busy server (429) is asked again before the command gives up."""
PUBLISH_PATIENCE_S = 3.0
SILENCE_S = 45.0
"""A stream that says nothing for so long has broken off: a tail says something every 15 seconds."""


def error_of(status: int, body: bytes, *, retry_after: str | None = None) -> errors.GravenError:
    """The error that a server's answer means; also for answers that are not the server's own."""
    try:
        shape = json.loads(body)["error"]
        message, code, hint = str(shape["message"]), str(shape["code"]), str(shape.get("hint") or "")
        details = shape.get("details") or {}
    except (ValueError, KeyError, TypeError):
        message, code, hint, details = f"the server answered {status}", f"http_{status}", "", {}
        hint = "check the address: this does not look like a graven server"
    if status == 429:
        after = int(retry_after) if retry_after and retry_after.isdecimal() else 1
        return errors.Busy(message, code=code, hint=hint, details=details, retry_after_s=after)
    cls = _BY_STATUS.get(status, errors.GravenError)
    if cls is errors.Unauthenticated:  # the server's own hint speaks of headers
        hint = "export GRAVEN_TOKEN=$(cat DIR/owner.token), where DIR is the server's data directory; or give --token"
    return cls(message, code=code, hint=hint, details=details)


class RemoteAccess:
    """One server; `log` arguments are log names. See `ports.Access`."""

    def __init__(
        self,
        server: str,
        token: SentToken | str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.where = server.rstrip("/")
        self._sleep = sleep
        self._sent = token if isinstance(token, SentToken) else SentToken(token)
        headers = {"Authorization": f"Bearer {self._sent.text}"} if self._sent.text else {}
        try:
            self._http = httpx.Client(
                base_url=self.where,
                headers=headers,
                timeout=60.0,
                verify=trusted(self.where),
                transport=transport,
                trust_env=False,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise errors.UsageError(f"{server!r} is no server address: {error}") from error

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._send(method, path, stream=False, **options)

    def _stream(self, path: str, params: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        timeout = httpx.Timeout(60.0, read=SILENCE_S)
        return self._send("GET", path, stream=True, params=params, headers=headers, timeout=timeout)

    def _send(self, method: str, path: str, *, stream: bool, **options: Any) -> httpx.Response:
        waited = 0.0
        while True:
            if isinstance(body := options.get("content"), io.IOBase):
                body.seek(0)  # a busy server is sent the whole again
            try:
                response = self._http.send(self._http.build_request(method, path, **options), stream=stream)
                if not response.is_success:
                    response.read()
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                raise unreachable(self.where, f"{method} {path}", error) from error
            if response.is_success:
                return response
            problem = error_of(response.status_code, response.content, retry_after=response.headers.get("retry-after"))
            if isinstance(problem, errors.Busy) and waited + problem.retry_after_s <= PATIENCE_S:
                self._sleep(problem.retry_after_s)
                waited += problem.retry_after_s
                continue
            explain_refusal(problem, self._sent)
            raise problem

    def append(self, log: str, body: bytes, media_type: str, *, key: str, wait: bool) -> Answer:
        """See `ports.Access`."""
        headers = {"Content-Type": media_type} | ({"Idempotency-Key": key} if key else {})
        params = {"wait": "published"} if wait else {}
        response = self._call("POST", f"/v1/logs/{log}/events", content=body, headers=headers, params=params)
        return _answer(response.json(), published=wait and response.status_code == 200)

    def append_k8s(self, log: str, body: bytes, *, source: str) -> Answer:
        """See `ports.Access`."""
        headers = {"Content-Type": "application/json"}
        response = self._call(
            "POST", f"/k8s/{log}/audit", content=body, headers=headers, params={"source": source} if source else {}
        )
        return _answer(response.json(), published=False)

    def append_entries(self, log: str, entries: Sequence[bytes], *, origin: str, first: int) -> Answer:
        """See `ports.Access`."""
        response = self._bytes(f"/v1/logs/{log}/entries", encode_bundle(entries), origin, first)
        return _answer(response.json(), published=False)

    def known_entries(self, log: str, hashes: bytes, *, origin: str, first: int) -> list[tuple[int, int, int]]:
        """See `ports.Access`."""
        listed = self._bytes(f"/v1/logs/{log}/entries/known", hashes, origin, first).json()["known"]
        return [(int(position), int(index), int(count)) for position, index, count in listed]

    def _bytes(self, path: str, body: bytes, origin: str, first: int) -> httpx.Response:
        headers = {"Content-Type": "application/octet-stream"}
        params = {"origin": origin, "first": str(first)}
        return self._call("POST", path, content=body, headers=headers, params=params)

    def put_blob(self, stream: BinaryIO) -> StoredBlob:
        """See `ports.Access`."""
        headers = {"Content-Type": "application/octet-stream"}
        stored = self._call("PUT", "/v1/blobs", content=stream, headers=headers).json()
        return StoredBlob(str(stored["digest"]), int(stored["size"]))

    def size(self, log: str) -> int:
        """See `ports.Access`."""
        for found in self.logs():
            if found["name"] == log:
                return int(found["size"])
        raise errors.NotFound(
            f'there is no log "{log}", or this token is not for it',
            hint="graven log list",
            code="unknown_log",
            details={"log": log},
        )

    def readable_size(self, log: str) -> int:
        """See `ports.Access`. Waits a moment for the checkpoint over what is committed now: who looks at a test run
        that just ended would find it open."""
        deadline = time.monotonic() + PUBLISH_PATIENCE_S
        committed = self.size(log)
        while (published := self._published_size(log)) < committed and time.monotonic() < deadline:
            self._sleep(0.1)
        return published

    def _published_size(self, log: str) -> int:
        return int(self.checkpoint(log).split(b"\n", 2)[1])

    def entry(self, log: str, index: int) -> bytes:
        """See `ports.Access`."""
        headers = {"Accept": "application/octet-stream"}  # the exact bytes that the leaf hashes
        return self._call("GET", f"/v1/logs/{log}/events/{index}", headers=headers).content

    def entries(self, log: str, start: int, stop: int) -> Iterator[bytes]:
        """Reads whole bundles: one request for 256 entries."""
        size = self._published_size(log)
        for number in range(start // BUNDLE, -(-min(stop, size) // BUNDLE)):
            width = min(BUNDLE, size - number * BUNDLE)
            content = self.tile(log, TilePath(-1, number, width).path())
            entries = decode_bundle(content, width)
            low = max(start - number * BUNDLE, 0)
            high = min(stop - number * BUNDLE, width)
            yield from entries[low:high]

    def shown_test(
        self, log: str, test: str, run: str | None, attempt: int | None, environment: str | None
    ) -> "ShownTest":
        """See `ports.Access`."""
        import msgspec

        from graven.qa.shown import ShownTest

        given = {"test": test, "run": run, "attempt": attempt, "environment": environment}
        params = {name: value for name, value in given.items() if value is not None}
        response = self._call("GET", f"/v1/logs/{log}/tests/show", params=params)
        try:
            return msgspec.json.decode(response.content, type=ShownTest)
        except msgspec.DecodeError as error:
            raise errors.GravenError(
                f"{self.where} answered with something else than a test: {error}",
                hint="the server may be of another version than this command: graven doctor",
            ) from error

    def proof(self, log: str, index: int) -> bytes:
        """See `ports.Access`."""
        return self._call("GET", f"/v1/logs/{log}/events/{index}/proof").content

    def blob(self, log: str, digest: str) -> bytes:
        """See `ports.Access`."""
        return self._call("GET", f"/v1/blobs/{digest}").content

    def checkpoint(self, log: str) -> bytes:
        """See `ports.Access`."""
        return self._call("GET", f"/logs/{log}/checkpoint").content

    def verifier_key(self, log: str) -> str:
        """See `ports.Access`."""
        return self._call("GET", f"/logs/{log}/log.vkey").text.strip()

    def tile(self, log: str, path: str) -> bytes:
        """See `ports.Access`."""
        return self._call("GET", f"/logs/{log}/{path}").content

    def logs(self) -> list[dict[str, Any]]:
        """See `ports.Access`."""
        listed = self._call("GET", "/v1/logs").json()
        return list(listed["logs"] if isinstance(listed, dict) else listed)

    def searcher(self) -> "Search":
        """See `ports.ReadAccess`."""
        from graven.cli.access.remote_search import RemoteSearch

        return RemoteSearch(self.where, self._call, self._stream, self.index_state, self._sleep)

    def index_state(self) -> dict[str, Any]:
        """See `ports.ReadAccess`."""
        return dict(self._call("GET", "/v1/index").json())

    def rebuild_index(self, log: str) -> bool:
        """See `ports.Access`."""
        self._call("POST", f"/v1/logs/{log}/index/rebuild")
        return True

    def create_log(self, name: str, origin: str | None) -> dict[str, Any]:
        """See `ports.Access`."""
        body = {"name": name} | ({"origin": origin} if origin else {})
        return dict(self._call("POST", "/v1/logs", json=body).json())

    def tokens(self) -> list[TokenInfo]:
        """See `ports.Access`."""
        listed = self._call("GET", "/v1/tokens").json()
        rows = listed["tokens"] if isinstance(listed, dict) else listed
        return [
            TokenInfo(
                id=row["id"],
                name=row["name"],
                roles=row["roles"],
                logs=row.get("logs") or (),
                created=str(row.get("created") or ""),
                revoked=str(row.get("revoked") or ""),
            )
            for row in rows
        ]

    def create_token(self, name: str, roles: Sequence[str], logs: Sequence[str]) -> tuple[str, str]:
        """See `ports.Access`."""
        body: dict[str, Any] = {"name": name, "roles": list(roles)}
        if logs:
            body["logs"] = list(logs)
        made = self._call("POST", "/v1/tokens", json=body).json()
        return str(made["id"]), str(made["token"])

    def revoke_token(self, token_id: str) -> None:
        """See `ports.Access`."""
        self._call("DELETE", f"/v1/tokens/{token_id}")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _answer(body: Mapping[str, Any], *, published: bool) -> Answer:
    return Answer(
        first=body.get("first"),
        count=int(body.get("count", 0)),
        duplicates={int(k): int(v) for k, v in (body.get("duplicates") or {}).items()},
        ids={int(k): str(v) for k, v in (body.get("ids") or {}).items()},
        quarantined=int(body.get("quarantined", 0)),
        published=published,
    )
