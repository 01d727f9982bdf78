"""From the arguments of `record` to the bytes of an event/1: fill in, capture, check, redact, bound, encode.

Redaction comes before anything is queued, so neither the disk nor the network sees what it takes.
"""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from graven.errors import InvalidEvent
from graven.event import uuid7
from graven.event.model import Actor, Event
from graven.event.redact import IDENTITY_FIELDS, Redactor
from graven.event.validate import check_time, fault_of
from graven.sdk.capture import Capture, Limits, shorten
from graven.sdk.context import ActorLike, Scope, current_scope
from graven.sdk.copies import Memory
from graven.sdk.plain import plainness
from graven.sdk.redaction import redact_event
from graven.sdk.sqlnames import statement_findings

__all__ = ["Composed", "Composer", "rfc3339"]

_FREE = frozenset({"input", "output", "attributes", "change", "locals", "flags"})
"""Members that take any JSON, wherever they stand in an event."""


class Composed(msgspec.Struct, frozen=True):
    """An encoded event without its `producer` member, which is spliced in when its place is known."""

    id: str
    body: bytes

    def with_producer(self, epoch: str, seq: int) -> bytes:
        """The event's JSON."""
        return b'%b,"producer":{"epoch":"%b","seq":%d}}' % (self.body[:-1], epoch.encode(), seq)


class Composer:
    """Thread-safe. `clock_ns` is Unix nanoseconds. `memory` takes copies of secrets out of later events as well."""

    def __init__(
        self,
        *,
        source: str,
        redactor: Redactor,
        event_bytes: int,
        actor: ActorLike | None = None,
        limits: Limits | None = None,
        memory: Memory | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._source = source[:256]
        self._redactor = redactor
        self._event_bytes = event_bytes
        self._actor = {"type": "service", "id": self._source} if actor is None else actor
        self._limits = Limits() if limits is None else limits
        self._plain_shape = plainness(self._limits)
        self._plain_others = plainness(self._limits, redactor)
        self._memory = memory
        self._clock_ns = clock_ns
        self._random = random
        self._host = socket.gethostname()

    def compose(
        self, what: str | Event | Mapping[str, Any], fields: Mapping[str, Any], *, owned: bool = False
    ) -> Composed:
        """Raises `InvalidEvent` when no valid event can be made of the arguments.

        `owned`: nobody else has a reference to the containers in them, so one look is enough.
        """
        now_ns = self._clock_ns()
        members = _members(what, fields)
        scope = current_scope()
        self._complete(members, scope, now_ns)
        event = {name: value for name, value in members.items() if value is not None and name != "producer"}
        spared = self._spared(event, scope, owned=owned)
        if spared is not None:
            return Composed(str(event["id"]), spared)
        capture = Capture(self._limits)
        captured = {name: capture(value) for name, value in event.items()}
        check_members(captured)
        redacted = redact_event(self._redactor, captured, scope.secrets, self._memory)
        if capture.long:
            redacted = _shorten(redacted, self._limits)
        body = msgspec.json.encode(redacted)
        if len(body) > self._event_bytes:
            body = _fit(redacted, self._event_bytes)
        return Composed(str(event["id"]), body)

    def _spared(self, event: dict[str, Any], scope: Scope, *, owned: bool) -> bytes | None:
        """The encoded event when capture, redaction and bounds would surely change nothing; a fourth of their cost.

        Other threads may change the application's containers meanwhile, so what is looked at is what was encoded.
        """
        try:
            if not owned and not self._plain_shape.is_plain(event):
                return None
            body = msgspec.json.encode(event)
        except (UnicodeEncodeError, TypeError, ValueError, RecursionError, RuntimeError):
            return None  # lone surrogates, or what another thread did to it
        encoded = event if owned else msgspec.json.decode(body)
        if not self._plain_others.is_plain({k: v for k, v in encoded.items() if k not in IDENTITY_FIELDS}):
            return None
        if next(statement_findings(self._redactor, encoded), None) is not None:
            return None
        known = scope.secrets if self._memory is None else scope.secrets | self._memory.known
        if len(body) > self._event_bytes or any(secret in body for secret in _spelled(known)):
            return None
        check_members(encoded)
        return body

    def _complete(self, event: dict[str, Any], scope: Scope, now_ns: int) -> None:
        actor = event.get("actor")
        event["actor"] = _actor(_resolved(scope.actor) or self._actor if actor is None else actor)
        if event.get("id") is None:
            event["id"] = uuid7.make(now_ns, self._random)
        if event.get("time") is None:
            event["time"] = rfc3339(now_ns)
        if event.get("source") is None:
            event["source"] = self._source
        if event.get("origin") is None:
            event["origin"] = {"host": self._host, "process": f"{self._source}[{os.getpid()}]"}
        behalf = event.get("on_behalf_of") or scope.on_behalf_of
        if behalf:
            event["on_behalf_of"] = [_actor(actor) for actor in behalf]
        for name, value in (
            ("correlation_id", scope.correlation_id),
            ("causation_id", None if scope.causation_id == event["id"] else scope.causation_id),
            ("session_id", scope.session_id),
            ("trace", scope.trace),
        ):
            if value is not None and event.get(name) is None:
                event[name] = value
        if scope.run is not None:
            qa = event.get("qa")
            if qa is None or (isinstance(qa, dict) and "run" not in qa):
                event["qa"] = {**(qa or {}), "run": scope.run}
        labels = event.get("labels")
        if isinstance(labels, Mapping):
            event["labels"] = {str(name): str(value) for name, value in labels.items()}


@lru_cache(maxsize=16)
def _spelled(secrets: frozenset[str]) -> tuple[bytes, ...]:
    """Texts as they stand within JSON: escapes are made character by character, so a part stays a part."""
    return tuple(msgspec.json.encode(secret.encode("utf-8", "backslashreplace").decode())[1:-1] for secret in secrets)


def rfc3339(unix_ns: int) -> str:
    """UTC with nine digits: `2026-11-22T20:01:02.123456789Z`."""
    seconds, nanoseconds = divmod(unix_ns, 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds:09d}Z"


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def check_members(event: dict[str, Any]) -> None:
    """The shape that intake would refuse is refused here, where the mistake was made: `InvalidEvent`."""
    try:
        msgspec.convert(event, Event)
    except msgspec.ValidationError as error:
        fault = fault_of(0, error)
        where = f"{fault.field}: " if fault.field else ""
        raise InvalidEvent(f"{where}{fault.reason}", hint=fault.suggestion) from error
    reason = check_time(event["time"])
    if reason is not None:
        raise InvalidEvent(f"time: {reason}")


def _members(what: str | Event | Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(what, str):
        return {"action": what, **fields}
    if isinstance(what, Event):
        members = {name: getattr(what, name) for name in Event.__struct_fields__}
        return {**_struct_members(members), **fields}
    if isinstance(what, Mapping):
        return {**what, **fields}
    raise InvalidEvent(f"an event is an action, an Event or a mapping, not {type(what).__name__}")


def _struct_members(value: Any) -> Any:
    """Structs of the event model as plain members without what is absent."""
    if isinstance(value, msgspec.Struct) and type(value).__module__ == Event.__module__:
        return _struct_members({name: getattr(value, name) for name in value.__struct_fields__})
    if type(value) is dict:
        return {name: _struct_members(item) for name, item in value.items() if item is not None}
    if type(value) is list:
        return [_struct_members(item) for item in value]
    return value


def _resolved(actor: ActorLike | Callable[[], ActorLike | None] | None) -> ActorLike | None:
    return actor() if callable(actor) else actor


def _actor(actor: ActorLike) -> Any:
    if isinstance(actor, str):
        return {"id": actor}
    return _struct_members(actor) if isinstance(actor, Actor) else actor


def _shorten(event: dict[str, Any], limits: Limits, *, depth: int = 0) -> dict[str, Any]:
    shortened: dict[str, Any] = {}
    for name, value in event.items():
        if name in _FREE:
            shortened[name] = shorten(value, limits)
        elif type(value) is dict and depth < 3:
            shortened[name] = _shorten(value, limits, depth=depth + 1)
        elif type(value) is list:
            shortened[name] = [
                _shorten(item, limits, depth=depth + 1) if type(item) is dict else shorten(item, limits, plain=True)
                for item in value
            ]
        else:
            shortened[name] = shorten(value, limits, plain=True)
    return shortened


def _fit(event: dict[str, Any], limit: int) -> bytes:
    """Replace the largest free-form members by their size and digest until the event fits."""
    sizes = {
        name: msgspec.json.encode(value)
        for name, value in event.items()
        if name in {"input", "output", "attributes", "targets", "error", "qa"}
    }
    event = dict(event)
    for name, encoded in sorted(sizes.items(), key=lambda item: -len(item[1])):
        digest = f"sha256:{hashlib.sha256(encoded).hexdigest()}"
        cut = {"$cut": {"type": "json", "size": len(encoded), "digest": digest}}
        if name in {"input", "output", "attributes"}:
            event[name] = cut
        else:
            del event[name]
            attributes = event.get("attributes")
            event["attributes"] = {**(attributes if type(attributes) is dict else {}), name: cut}
        body = msgspec.json.encode(event)
        if len(body) <= limit:
            return body
    raise InvalidEvent(f"the event stays above {limit} bytes however much of it is cut")
