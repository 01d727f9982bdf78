"""One HTTP exchange as an event of action `http.request`: what ASGI and WSGI middleware share. Pure but for
ids and the clock that `Exchange` is given.

Bodies pass through and are never held back: up to a bound they are copied, all of them are counted and
hashed. A copied body is recorded when it is whole and its type can be searched for secrets by name (JSON,
forms, plain text); of any other, size and digest are.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from graven.event import uuid7
from graven.sdk.client import Client
from graven.sdk.composer import rfc3339
from graven.sdk.context import ActorLike, acting_as
from graven.sdk.failure import describe_failure

__all__ = ["ANONYMOUS", "BodyTap", "Exchange", "named_values"]

ANONYMOUS: Mapping[str, Any] = {"type": "anonymous", "id": "anonymous"}
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_RUN = re.compile(r"(?:^|,)\s*graven-run\s*=\s*([^\s,;]{1,768})")
_LONGEST_ID = 128


class BodyTap:
    """Counts and hashes the bytes that pass, and keeps the first `limit` of them (0: not even the digest)."""

    __slots__ = ("_digest", "_kept", "_limit", "size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self.size = 0

    def saw(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._limit > 0:
            self._digest.update(chunk)
            self._kept += chunk[: self._limit - len(self._kept)]

    def content(self, content_type: str, content_encoding: str) -> Any:
        """What is recorded of the body: its value, or size and digest; None when nothing passed."""
        if self._limit <= 0 or self.size == 0:
            return None
        if self.size <= self._limit and content_encoding in {"", "identity"}:
            value = _decoded(bytes(self._kept), content_type)
            if value is not None:
                return value
        return {"$bytes": {"size": self.size, "digest": f"sha256:{self._digest.hexdigest()}"}}


class Exchange:
    """One request and its response. `who` is asked whenever something is recorded until it answers."""

    def __init__(
        self,
        *,
        client: Client,
        action: str,
        method: str,
        path: str,
        query: str,
        protocol: str,
        peer: str | None,
        headers: Iterable[tuple[str, str]],
        body_bytes: int,
        who: Callable[[], ActorLike | None],
        now_ns: int,
        tick_ns: int,
    ) -> None:
        self._client = client
        self._action = action
        self._method = method
        self._path = path
        self._protocol = protocol
        self._peer = peer
        self._who = who
        self._actor: ActorLike | None = None
        self._now_ns = now_ns
        self._tick_ns = tick_ns
        self._headers = [(name.lower(), value) for name, value in headers]
        self._query = parse_qsl(query, keep_blank_values=True, max_num_fields=1000) if query else []
        self._body_bytes = body_bytes
        self.request = BodyTap(body_bytes)
        self.response = BodyTap(body_bytes)
        self.status: int | None = None
        self._response_headers: list[tuple[str, str]] = []
        self.id = uuid7.make(now_ns, os.urandom)
        self._done = False

    def scope(self) -> acting_as:
        """The scope in which the application handles the request."""
        headers = dict(reversed(self._headers))
        run = _RUN.search(headers.get("baggage", ""))
        correlation = headers.get("x-correlation-id") or headers.get("x-request-id")
        return acting_as(
            self.actor,
            causation_id=self.id,
            correlation_id=correlation if correlation and len(correlation) <= _LONGEST_ID else None,
            trace=_trace(headers.get("traceparent", "")),
            run=unquote(run.group(1)) if run else None,
            secrets=self._client.secrets_in(
                {"headers": named_values(self._headers), "query": named_values(self._query)}
            ),
        )

    def actor(self) -> ActorLike | None:
        """The actor as far as it is known by now."""
        if self._actor is None:
            try:
                self._actor = self._who()
            except Exception:  # noqa: BLE001 - the application's callback must not break the request
                self._actor = None
        return self._actor or ANONYMOUS

    def answered(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """The response began."""
        self.status = status
        self._response_headers = [(name.lower(), value) for name, value in headers]

    def ended(self, tick_ns: int, error: BaseException | None = None) -> None:
        """Record the exchange, once, within its scope; `tick_ns` is on the constructor's clock. Never raises."""
        if self._done:
            return
        self._done = True
        try:
            event = self._event(tick_ns, error)
        except Exception as problem:  # noqa: BLE001 - the request must not fail because of its description
            self._client.lost("unencodable", f"a request could not be described: {type(problem).__name__}")
            return
        self._client.record(event)

    def _event(self, tick_ns: int, error: BaseException | None) -> dict[str, Any]:
        headers = dict(reversed(self._headers))
        event: dict[str, Any] = {
            "action": self._action,
            "id": self.id,
            "time": rfc3339(self._now_ns),
            "actor": self.actor(),
            "outcome": _outcome(self.status, error),
            "origin": {"ip": self._peer, "user_agent": headers.get("user-agent")},
            "method": {"protocol": self._protocol, "operation": self._method, "uri": self._path},
            "input": _side(self._headers, self.request, query=named_values(self._query)),
            "output": _side(self._response_headers, self.response, status=self.status),
            "duration_ns": max(tick_ns - self._tick_ns, 0),
        }
        event["origin"] = {name: value for name, value in event["origin"].items() if value is not None}
        if error is not None:
            event["error"] = describe_failure(error)
        return event


def named_values(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Names and values as a mapping; a repeated name has all its values, each beside its name, where a rule
    that goes by the name still finds it."""
    values: dict[str, Any] = {}
    repeated: set[str] = set()
    for name, value in pairs:
        if name in values and name not in repeated:
            repeated.add(name)
        values[name] = value
    for name in repeated:
        values[name] = [{"name": name, "value": value} for other, value in pairs if other == name]
    return values


def _side(headers: list[tuple[str, str]], tap: BodyTap, **more: Any) -> dict[str, Any]:
    known = dict(headers)
    side = {name: value for name, value in more.items() if value not in (None, {})}
    side["headers"] = named_values(headers)
    body = tap.content(known.get("content-type", ""), known.get("content-encoding", "").lower())
    if body is not None:
        side["body"] = body
    if tap.size:
        side["body_size"] = tap.size
    return side


def _trace(traceparent: str) -> dict[str, str]:
    """W3C trace context: the caller's trace with a span of our own, or a new trace."""
    match = _TRACEPARENT.fullmatch(traceparent.strip())
    span_id = os.urandom(8).hex()
    if match is None:
        return {"trace_id": os.urandom(16).hex(), "span_id": span_id}
    return {"trace_id": match.group(1), "span_id": span_id, "parent_span_id": match.group(2)}


def _outcome(status: int | None, error: BaseException | None) -> str:
    if error is not None or status is None or status >= 500:
        return "error"
    if status in {401, 403}:
        return "denied"
    return "failure" if status >= 400 else "success"


def _decoded(body: bytes, content_type: str) -> Any:
    """The value of a body whose secrets can be found by name or pattern, else None."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return msgspec.json.decode(body)
        text = body.decode("utf-8")
        if kind == "application/x-www-form-urlencoded":
            return named_values(parse_qsl(text, keep_blank_values=True, max_num_fields=1000))
        if kind == "text/plain":
            return text
    except (ValueError, msgspec.DecodeError, RecursionError):
        pass
    return None
