"""How long to wait before the next attempt: exponential with full jitter, and what the server asked for."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime

__all__ = ["Backoff", "parse_retry_after"]

_LONGEST_RETRY_AFTER_S = 300.0
"""A server that says more is taken at five minutes: a wrong header must not silence a recorder."""


def parse_retry_after(value: str | None, now_s: float) -> float | None:
    """Seconds from a `Retry-After` header (RFC 9110 §10.2.3: seconds or a date), at most five minutes.

    `now_s` is Unix time. None when the header is absent or is neither.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(at - now_s, 0.0), _LONGEST_RETRY_AFTER_S)


class Backoff:
    """`next()` grows until `reset()`. `random` gives [0, 1)."""

    __slots__ = ("_attempt", "_base_s", "_cap_s", "_random")

    def __init__(self, base_s: float, cap_s: float, random: Callable[[], float]) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._random = random
        self._attempt = 0

    def next(self, retry_after_s: float | None = None) -> float:
        """Seconds to wait: uniform in [0, min(cap, base·2ⁿ)), on top of what the server asked for."""
        window = min(self._cap_s, self._base_s * 2.0 ** min(self._attempt, 32))
        self._attempt += 1
        return (retry_after_s or 0.0) + self._random() * window

    def reset(self) -> None:
        self._attempt = 0
