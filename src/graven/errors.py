"""The error tree: one level, a class only where a caller acts differently.

Every error says *what* (the message, lower case, with both values of a mismatch), *why* it matters or
what proves it, and what to *try* (the hint). The HTTP status of a class is decided in
`graven.server.problems`, the exit code in `graven.cli.main`, and nowhere else.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "Busy",
    "Conflict",
    "CouldNotCheck",
    "Forbidden",
    "GravenError",
    "InvalidEvent",
    "InvalidInput",
    "NotFound",
    "RefusedToStart",
    "StorageFailed",
    "Tampered",
    "TimedOut",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedMediaType",
    "UsageError",
]


class GravenError(Exception):
    """Base of all errors that Graven raises on purpose.

    `code` is a stable machine word (`invalid_event`, `storage_full`); `details` is JSON-able and is
    what a program acts on, while `message`, `why` and `hint` are for people.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        why: str = "",
        hint: str = "",
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.hint = hint
        self.code = code if code is not None else type(self).code
        self.details: dict[str, Any] = dict(details or {})


class UsageError(GravenError):
    """The command line or a setting is wrong; nothing was tried."""

    code = "usage"

    def __str__(self) -> str:
        """With the hint: a traceback is all that an application shows of a setting that cannot work."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InvalidInput(GravenError):
    """Bytes that are not what their format says: a decoder raises this and nothing else."""

    code = "invalid_input"


class InvalidEvent(GravenError):
    """Well-formed JSON that is no valid event; `details["errors"]` lists item, field, reason, suggestion."""

    code = "invalid_event"


class TooLarge(GravenError):
    """A body, an entry or a blob above its limit."""

    code = "too_large"


class UnsupportedMediaType(GravenError):
    """A content type or encoding that this call does not take."""

    code = "unsupported_media_type"


class Unauthenticated(GravenError):
    """No token, or one that is unknown or revoked."""

    code = "unauthenticated"


class Forbidden(GravenError):
    """A valid token without the role that the call needs."""

    code = "forbidden"


class NotFound(GravenError):
    """No such log, entry, tile or blob."""

    code = "not_found"


class Conflict(GravenError):
    """The same idempotency key with other bytes; `details["index"]` is the index of the first."""

    code = "conflict"


class Busy(GravenError):
    """A bound was reached (bytes in flight, keyed requests): come back after `retry_after_s` seconds."""

    code = "busy"

    def __init__(self, message: str, *, retry_after_s: int = 1, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after_s = retry_after_s


class Unavailable(GravenError):
    """The writer stopped (`writer_stopped`, `storage_full`) or a server is not reachable."""

    code = "unavailable"


class TimedOut(GravenError):
    """A question took longer than it may; a narrower one can be answered."""

    code = "timed_out"


class StorageFailed(GravenError):
    """A write or sync failed, or an immutable file would change: the writer must stop and reload."""

    code = "storage_failed"


class RefusedToStart(GravenError):
    """What is on disk contradicts itself; serving it could sign a fork."""

    code = "refused_to_start"


class Tampered(GravenError):
    """Evidence that the record was changed, cut, forked, or is malformed."""

    code = "tampered"


class CouldNotCheck(GravenError):
    """A check that could not be made (no key, unreachable, absent blob): never the same as fine."""

    code = "could_not_check"
