"""What the server's answer to a batch means. Pure: bytes in, one of three answers out.

Only an answer that accounts for every event of the batch counts as an acknowledgement: a proxy's
friendly 200 page is no evidence, so it is treated like an absent server.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from graven.sdk.backoff import parse_retry_after

__all__ = ["Accepted", "Answer", "Later", "Refused", "read_answer"]

_PERMANENT = frozenset({400, 401, 403, 404, 405, 409, 410, 411, 413, 414, 415, 422, 431})
_WHOLE = frozenset({401, 403, 404, 405, 410})
"""The request as such is refused, whatever its events: taking it apart would not help."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Every event is durable; `duplicates` of them were there before."""

    duplicates: int


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is known to be stored; the same bytes may be sent again after `retry_after_s`."""

    reason: str
    retry_after_s: float | None = None
    reached: bool = True
    """Something answered; False: the network failed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take this body. `items` are the positions at fault; empty: not said."""

    status: int
    code: str
    message: str
    items: frozenset[int] = frozenset()
    reasons: tuple[tuple[int, str], ...] = ()

    @property
    def divisible(self) -> bool:
        """Part of the batch may be acceptable."""
        return self.status not in _WHOLE

    @property
    def wants_plain(self) -> bool:
        """The content coding, not the content, was refused."""
        return self.status == 415


Answer = Accepted | Later | Refused


class _Appended(msgspec.Struct):
    count: int
    first: int | None = None
    duplicates: dict[str, int] = {}


class _Problem(msgspec.Struct):
    code: str = "unknown"
    message: str = ""
    details: dict[str, Any] | None = None


class _ProblemBody(msgspec.Struct):
    error: _Problem


def read_answer(status: int, retry_after: str | None, body: bytes, count: int, now_s: float) -> Answer:
    """Judge the answer to a batch of `count` events; `now_s` is Unix time for a dated `Retry-After`."""
    if status in {200, 202}:
        return _read_acceptance(body, count)
    if status in _PERMANENT:
        return _read_refusal(status, body, count)
    return Later(f"the server answered {status}", parse_retry_after(retry_after, now_s))


def _read_acceptance(body: bytes, count: int) -> Answer:
    try:
        appended = msgspec.json.decode(body, type=_Appended)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Later(f"the answer is no acknowledgement: {error}")
    accounted = appended.count + len(appended.duplicates)
    if accounted != count:
        return Later(f"the answer accounts for {accounted} events of {count}")
    return Accepted(len(appended.duplicates))


def _read_refusal(status: int, body: bytes, count: int) -> Refused:
    try:
        problem = msgspec.json.decode(body, type=_ProblemBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Refused(status, "unknown", "")
    reasons: dict[int, str] = {}
    errors = (problem.details or {}).get("errors")
    for error in errors if isinstance(errors, list) else ():
        item = error.get("item") if isinstance(error, dict) else None
        if type(item) is int and 0 <= item < count:
            field, reason = error.get("field"), error.get("reason")
            reasons.setdefault(item, f"{field}: {reason}" if field else str(reason))
    single = (problem.details or {}).get("item")
    if type(single) is int and 0 <= single < count:
        reasons.setdefault(single, problem.message)
    return Refused(status, problem.code, problem.message, frozenset(reasons), tuple(sorted(reasons.items())))
