"""Sessions of the browser UI: a cookie instead of a token, so that no script of a page ever holds a secret.

A session acts as one token, and ends with it, at logout, or after twelve hours. It is opened with the token's text, or
with a one-time code that `graven serve` prints for the owner. Of code and cookie only hashes are kept. Opening, ending
and failing are recorded in `system` first.

Failures are bounded by recording: beyond ten a minute (a hundred from everybody) they are refused unrecorded, and the
next recorded one says how many were. A right code or token still works then: both are too long to be guessed, and
whoever fails on purpose must not lock the others out.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graven.errors import Busy, Forbidden, Unauthenticated
from graven.server.access import Principal
from graven.server.control import Control
from graven.server.remembered import Remembered
from graven.server.system import system_event
from graven.server.tokens import TokenStore

__all__ = ["CODE_LIFETIME_S", "SESSION_LIFETIME_S", "Opened", "Session", "SessionStore", "check_no_foreign_page"]

SESSION_LIFETIME_S = 12 * 3600
CODE_LIFETIME_S = 15 * 60.0
_WINDOW_S = 60.0
_FAILURES_OF_ONE = 10
_FAILURES_OF_ALL = 100
_NS = 1_000_000_000
_MOST_CACHED = 1024

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS sessions"
    " (hash BLOB PRIMARY KEY, token TEXT NOT NULL, expires_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID"
)

Headers = Mapping[bytes, bytes]
Record = Callable[[Mapping[str, Any]], int]
"""Makes an event durable in `system`, or raises."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who a cookie stands for, and until when (Unix nanoseconds)."""

    principal: Principal
    expires_ns: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and the only time that the text for its cookie is seen."""

    session: Session
    secret: str


class SessionStore:
    """Thread-safe; whatever records blocks until the entry is durable."""

    def __init__(
        self,
        control: Control,
        tokens: TokenStore,
        record: Record,
        *,
        installation: str,
        tls: bool = False,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`installation` names this one: servers on other ports of a host share its cookies."""
        self._control = control
        self._tokens = tokens
        self._record = record
        self._tls = tls
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._codes: dict[bytes, tuple[str, float]] = {}
        self._failures: deque[tuple[float, str]] = deque()
        self._unrecorded = 0
        self._cache: Remembered[bytes, tuple[str, int]] = Remembered(_MOST_CACHED)
        suffix = hashlib.sha256(installation.encode()).hexdigest()[:8]
        self.cookie_name = f"{'__Host-' if tls else ''}graven_{suffix}"
        control.write((_SCHEMA, ()))

    def make_code(self, token_id: str) -> str:
        """A code that opens one session of this token within fifteen minutes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[_digest(code)] = (token_id, self._monotonic() + CODE_LIFETIME_S)
        return code

    def open_with_code(self, code: str, *, ip: str) -> Opened:
        """Unauthenticated when the code is unknown, used, or too old; it is used up unless recording fails."""
        digest = _digest(code)
        with self._lock:
            # every code is compared, each in constant time
            found = [kept for kept in self._codes if hmac.compare_digest(kept, digest)]
            token_id, until = self._codes.pop(found[0]) if found else ("", 0.0)
        principal = self._tokens.principal(token_id) if self._monotonic() < until else None
        if principal is None:
            why = Unauthenticated(
                "this login address was used before, or is too old",
                hint="restart `graven serve` for a new one, or log in with a token",
                code="login_failed",
            )
            raise self._failed(ip, "code", why)
        try:
            return self._open(principal, ip, "code")
        except BaseException:
            with self._lock:
                self._codes[digest] = (token_id, until)
            raise

    def open_with_token(self, token: str, *, ip: str) -> Opened:
        """Unauthenticated when the text is no valid token."""
        try:
            principal = self._tokens.authenticate(token.strip())
        except Unauthenticated as error:
            raise self._failed(ip, "token", error) from error
        return self._open(principal, ip, "token")

    def find(self, headers: Headers) -> Session | None:
        """The session of a request's cookie; None without one, Unauthenticated when it has ended."""
        secret = self.cookie(headers)
        if secret is None:
            return None
        check_no_foreign_page(headers)
        digest = _digest(secret)
        known = self._cache.get(digest, lambda: self._load(digest))
        principal = self._tokens.principal(known[0]) if known is not None and self._clock() < known[1] else None
        if known is None or principal is None:
            self._cache.forget(digest)
            raise Unauthenticated(
                "the session has ended: it expired, or its token was revoked",
                hint="log in again",
                code="session_ended",
            )
        return Session(principal, known[1])

    def close(self, headers: Headers, *, ip: str) -> None:
        """End the session of the request's cookie; Unauthenticated when there is none."""
        session = self.find(headers)
        secret = self.cookie(headers)
        if session is None or secret is None:
            raise Unauthenticated("there is no session to end", code="session_ended")
        self._record(system_event("session.end", principal=session.principal, ip=ip))
        self._control.write(("DELETE FROM sessions WHERE hash = ?", (_digest(secret),)))
        self._cache.forget(_digest(secret))

    def cookie(self, headers: Headers) -> str | None:
        """The text of our cookie in a request."""
        name = self.cookie_name
        for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
            found, separator, value = part.strip().partition("=")
            if separator and found == name:
                return value
        return None

    def set_cookie(self, secret: str | None) -> str:
        """The value of `Set-Cookie`; None takes the cookie away."""
        age = SESSION_LIFETIME_S if secret is not None else 0
        secure = "; Secure" if self._tls else ""
        return f"{self.cookie_name}={secret or ''}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"

    def check_request(self, method: str, headers: Headers) -> None:
        """Forbidden for a change that only a cookie vouches for, unless the page says that it is ours: a header that
        no page from elsewhere can send."""
        if method in ("GET", "HEAD") or b"authorization" in headers or self.cookie(headers) is None:
            return
        if headers.get(b"x-graven") != b"1":
            raise Forbidden(
                "a change with a session needs the header X-Graven: 1",
                why="a page from elsewhere could have sent this",
                hint="send the header, or a token instead of the cookie",
                code="missing_header",
            )

    def _load(self, digest: bytes) -> tuple[str, int] | None:
        rows = self._control.rows("SELECT token, expires_ns FROM sessions WHERE hash = ?", (digest,))
        return (str(rows[0][0]), int(rows[0][1])) if rows else None

    def _open(self, principal: Principal, ip: str, how: str) -> Opened:
        secret = secrets.token_urlsafe(32)
        now = self._clock()
        expires = now + SESSION_LIFETIME_S * _NS
        self._record(system_event("session.open", principal=principal, ip=ip, attributes={"with": how}))
        self._control.write(
            ("DELETE FROM sessions WHERE expires_ns <= ?", (now,)),
            ("INSERT INTO sessions VALUES (?, ?, ?)", (_digest(secret), principal.token_id, expires)),
        )
        return Opened(Session(principal, expires), secret)

    def _failed(self, ip: str, how: str, why: Unauthenticated) -> Unauthenticated | Busy:
        """The refusal, after it was recorded or found to be one too many."""
        now = self._monotonic()
        with self._lock:
            while self._failures and self._failures[0][0] <= now - _WINDOW_S:
                self._failures.popleft()
            own = sum(1 for _, other in self._failures if other == ip)
            if own >= _FAILURES_OF_ONE or len(self._failures) >= _FAILURES_OF_ALL:
                self._unrecorded += 1
                wait = max(1, round(self._failures[0][0] + _WINDOW_S - now))
                return Busy(
                    "too many logins failed", hint="wait a minute", retry_after_s=wait, code="too_many_failed_logins"
                )
            self._failures.append((now, ip))
            unrecorded, self._unrecorded = self._unrecorded, 0
        attributes: dict[str, Any] = {"with": how}
        if unrecorded:
            attributes["unrecorded"] = unrecorded
        self._record(system_event("session.open", ip=ip, attributes=attributes, message=why.message, failed=True))
        return why


def check_no_foreign_page(headers: Headers) -> None:
    """Forbidden when a browser says that a page from elsewhere made the request; programs say nothing."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        foreign = site not in (b"same-origin", b"none")
    else:  # plain HTTP beyond this machine, where browsers say only the origin
        origin = headers.get(b"origin")
        foreign = origin is not None and origin.partition(b"://")[2] != headers.get(b"host", b"")
    if foreign:
        raise Forbidden(
            "a page from elsewhere sent this request",
            hint="open the address of the server itself",
            code="foreign_page",
        )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
