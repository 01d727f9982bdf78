"""The one error shape, and the one place where an error class gets its HTTP status.

`{"error":{"code","message","hint","details"}}` for every refusal: our own errors, the framework's
(404, 405, 415) and the protocol's (408, 431). An unexpected exception says nothing about its insides.
"""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from graven.errors import (
    Busy,
    Conflict,
    CouldNotCheck,
    Forbidden,
    GravenError,
    InvalidEvent,
    InvalidInput,
    NotFound,
    RefusedToStart,
    StorageFailed,
    Tampered,
    TimedOut,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    UsageError,
)
from graven.server.body import ClientGone
from graven.server.log_lines import logger

__all__ = [
    "FRAMEWORK_CODES",
    "HANDLERS",
    "Problem",
    "code_of",
    "problem_bytes",
    "problem_of",
    "send_problem",
    "status_of",
]

Send = Callable[[Any], Awaitable[None]]

_STATUS: Mapping[type[GravenError], int] = {
    UsageError: 400,
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    InvalidEvent: 422,
    Busy: 429,
    CouldNotCheck: 502,
    StorageFailed: 503,
    Unavailable: 503,
    TimedOut: 504,
    Tampered: 500,
    RefusedToStart: 503,
}

FRAMEWORK_CODES: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "the request is not what this call takes"),
    404: ("not_found", "there is no such call"),
    405: ("method_not_allowed", "this path does not take that method"),
    413: ("too_large", "the request is too large"),
    415: ("unsupported_media_type", "this call does not take that content type"),
}
"""Status of a refusal by the framework → code and message; Python's own phrases change with its version."""


class Problem(msgspec.Struct, frozen=True):
    """Status, body and the headers that belong to the status."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def status_of(error: GravenError) -> int:
    """HTTP status of an error class; the nearest base that is listed, 500 for the bare base class."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return 500


def code_of(error: Exception) -> str:
    """The machine word under which a refusal is counted."""
    return error.code if isinstance(error, GravenError) else "internal"


def problem_bytes(code: str, message: str, hint: str = "", details: Mapping[str, Any] | None = None) -> bytes:
    """The error shape as JSON."""
    error = {"code": code, "message": message, "hint": hint, "details": dict(details or {})}
    return msgspec.json.encode({"error": error}, enc_hook=str)


def problem_of(error: Exception) -> Problem:
    """What the client is told about any exception."""
    if isinstance(error, GravenError):
        message = f"{error.message}: {error.why}" if error.why else error.message
        body = problem_bytes(error.code, message, error.hint, error.details)
        return Problem(status_of(error), body, _headers_of(error))
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    if isinstance(error, ClientGone):
        return Problem(400, problem_bytes("client_gone", "the client went away"))  # nobody reads it
    logger().error("unexpected exception", exc_info=error)
    return Problem(
        500,
        problem_bytes("internal", "the server failed to handle this request", "the cause is in its log"),
    )


def _headers_of(error: GravenError) -> tuple[tuple[str, str], ...]:
    if isinstance(error, Busy):
        return (("retry-after", str(error.retry_after_s)),)
    if isinstance(error, Unauthenticated):
        return (("www-authenticate", "Bearer"),)
    if isinstance(error, Unavailable | StorageFailed):
        return (("retry-after", "1"),)
    return ()


def _framework_problem(error: HTTPException) -> Problem:
    status = error.status_code
    headers = tuple((error.headers or {}).items())
    if status >= 500:
        logger().error("framework error", exc_info=error)
        return Problem(status, problem_bytes("internal", "the server failed to handle this request"), headers)
    code, said = FRAMEWORK_CODES.get(status, ("refused", f"refused with status {status}"))
    hint = "the calls are described at /schema" if status in (404, 405) else ""
    own_words = error.detail and error.detail.lower() != _phrase(status)
    detail = _lower_first(error.detail) if own_words else said
    extra = error.extra if isinstance(error.extra, dict) else {"errors": error.extra} if error.extra else {}
    return Problem(status, problem_bytes(code, detail, hint, extra), headers)


def _lower_first(text: str) -> str:
    """As our own messages begin; but for an abbreviation, as in "JSON is malformed"."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return ""


def _answer(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    problem = problem_of(error)
    return Response(
        problem.body,
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type="application/json",
    )


HANDLERS: Mapping[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[bytes]]] = {
    GravenError: _answer,
    HTTPException: _answer,
    Exception: _answer,
}
"""For Litestar's `exception_handlers`."""


async def send_problem(send: Send, error: Exception) -> None:
    """Answer a raw ASGI request with the problem; the response must not have started."""
    problem = problem_of(error)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(problem.body)).encode()),
        *((name.encode(), value.encode()) for name, value in problem.headers),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": problem.body})
