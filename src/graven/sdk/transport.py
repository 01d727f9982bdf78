"""One batch over HTTP. The only module of the sdk that opens a socket."""

import time
from pathlib import Path
from typing import Any, Protocol

from graven import __version__
from graven.errors import InvalidInput
from graven.sdk.answers import Accepted, Answer, Later, read_answer
from graven.sdk.attachments import AttachmentStore
from graven.sdk.backoff import parse_retry_after
from graven.sdk.frozen import FrozenBatch
from graven.sdk.settings import Settings

__all__ = ["HttpTransport", "Transport"]

_LONGEST_ANSWER = 1024 * 1024


class Transport(Protocol):
    """Used by one thread. `send` never raises for what a server or a network may do."""

    def send(self, batch: FrozenBatch) -> Answer: ...

    def close(self) -> None: ...


class HttpTransport:
    """`POST {server}/v1/logs/{log}/events` with the batch's bytes and key. httpx is imported at first use:
    it costs a third of a second, which `import graven` must not."""

    def __init__(self, settings: Settings, attachments: AttachmentStore | None = None) -> None:
        self._settings = settings
        self._attachments = attachments
        self._uploaded: set[str] = set()
        self._url = f"{settings.server}/v1/logs/{settings.log}/events"
        self._client: Any = None

    def send(self, batch: FrozenBatch) -> Answer:
        """Send once; a network failure is `Later`."""
        import httpx

        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch.key}
        if batch.encoding != "identity":
            headers["Content-Encoding"] = batch.encoding
        try:
            if self._client is None:
                self._client = self._connect()
            attached = self._named_attachments(batch)
            if (failed := self._upload(attached)) is not None:
                return failed
            with self._client.stream("POST", self._url, content=batch.body, headers=headers) as response:
                deadline = time.monotonic() + self._settings.timeout_s
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LONGEST_ANSWER or time.monotonic() > deadline:
                        return Later("the answer does not end")
                retry_after = response.headers.get("retry-after")
            answer = read_answer(response.status_code, retry_after, bytes(body), batch.count, time.time())
            if isinstance(answer, Accepted):
                for _, path in attached:
                    path.unlink(missing_ok=True)
            return answer
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return Later(f"{type(error).__name__}: {error}", reached=False)

    def _named_attachments(self, batch: FrozenBatch) -> list[tuple[str, Path]]:
        if self._attachments is None or self._attachments.is_empty():
            return []
        try:
            return self._attachments.named_in(b"\n".join(batch.events()))
        except InvalidInput:  # another process compressed it in a way that this one cannot undo
            return []

    def _upload(self, attached: list[tuple[str, Path]]) -> Later | None:
        """The server takes an event only after what it attaches. What it refuses for good is not asked twice:
        the event is refused then, with the reason."""
        for digest, path in attached:
            if digest in self._uploaded:
                continue
            try:
                content = path.open("rb")
            except FileNotFoundError:  # the batch of another process named it too, and was acknowledged meanwhile
                continue
            with content:
                answer = self._client.put(f"{self._settings.server}/v1/blobs", content=content)
            if answer.status_code >= 500 or answer.status_code == 429:
                after = parse_retry_after(answer.headers.get("retry-after"), time.time())
                return Later(f"the server answered {answer.status_code} to an attachment", after)
            if answer.status_code == 200:
                self._uploaded.add(digest)
        return None

    def _connect(self) -> Any:
        import httpx

        settings = self._settings
        headers = {"User-Agent": f"graven-sdk/{__version__}", "Accept": "application/json"}
        if settings.token:
            headers["Authorization"] = f"Bearer {settings.token}"
        timeout = httpx.Timeout(settings.timeout_s, connect=settings.connect_timeout_s)
        return httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
