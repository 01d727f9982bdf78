"""Tokens: `grv_<12 base32 id>_<32 base62 secret>`; only SHA-256 of the text is kept.

The id is public (it stands in entries and in `system`). A token is looked up by its id, and the hashes
are compared in constant time. Every change is announced (recorded in `system`) before it takes effect.
"""

import difflib
import hashlib
import hmac
import re
import secrets
import string
import time
from collections.abc import Callable
from typing import Any

import msgspec

from graven.errors import InvalidInput, NotFound, Unauthenticated
from graven.log.layout import check_name
from graven.server.access import Principal, check_roles
from graven.server.control import Control
from graven.server.remembered import Remembered

__all__ = ["Announce", "TokenInfo", "TokenStore", "make_token", "token_id_of"]

Announce = Callable[[str, dict[str, Any]], None]
"""Called with an action and its facts; returns when they are durable in `system`, or raises."""

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE62 = string.digits + string.ascii_letters
_TOKEN = re.compile(r"grv_([a-z2-7]{12})_[0-9A-Za-z]{32}")
_CACHE_SIZE = 1024
_RECHECK_S = 1.0


class TokenInfo(msgspec.Struct, frozen=True):
    """What may be shown of a token. Times are Unix nanoseconds."""

    id: str
    name: str
    roles: list[str]
    logs: list[str] | None
    created_ns: int
    revoked_ns: int | None


def make_token() -> str:
    """A new token text, about 250 bits of secret and id."""
    token_id = "".join(secrets.choice(_BASE32) for _ in range(12))
    secret = "".join(secrets.choice(_BASE62) for _ in range(32))
    return f"grv_{token_id}_{secret}"


def token_id_of(token: str) -> str:
    """The public id; Unauthenticated when the text is no token."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise Unauthenticated(
            "this is not a token of Graven",
            hint="a token looks like grv_<id>_<secret>; the first one is in <data>/owner.token",
            code="malformed_token",
        )
    return match[1]


class TokenStore:
    """Tokens in `control.sqlite`, with a small cache of the valid ones."""

    def __init__(
        self,
        control: Control,
        announce: Announce,
        *,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._control = control
        self._announce = announce
        self._clock = clock
        self._monotonic = monotonic
        self._cache: Remembered[str, tuple[bytes, Principal]] = Remembered(_CACHE_SIZE)
        self._version = control.version()
        self._checked = monotonic()

    def authenticate(self, token: str) -> Principal:
        """The principal of a token text; Unauthenticated when unknown, wrong or revoked."""
        token_id = token_id_of(token)
        self._forget_if_changed_elsewhere()
        known = self._cache.get(token_id, lambda: self._load(token_id))
        digest = hashlib.sha256(token.encode()).digest()
        if known is None or not hmac.compare_digest(known[0], digest):
            raise Unauthenticated(
                "unknown or revoked token", hint="ask an operator for a new one", code="unknown_token"
            )
        return known[1]

    def principal(self, token_id: str) -> Principal | None:
        """Whom a token that was checked before stands for; None when it is unknown or revoked."""
        self._forget_if_changed_elsewhere()
        known = self._cache.get(token_id, lambda: self._load(token_id))
        return None if known is None else known[1]

    def create(
        self, name: str, roles: list[str], logs: list[str] | None = None, *, by: str, token: str | None = None
    ) -> tuple[TokenInfo, str]:
        """Make a token; the only time its text is seen. InvalidInput on a bad name, role or log."""
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise InvalidInput("a token needs a name of 1 to 100 printable characters", code="invalid_name")
        if logs == []:
            raise InvalidInput("`logs` is empty", hint="leave it out for all logs", code="invalid_logs")
        if logs is not None and "operator" in roles:
            raise InvalidInput(
                "an operator's token is for all logs",
                why="whoever may make tokens could make one for the others",
                hint="leave out `logs`, or the role operator",
                code="invalid_logs",
            )
        for log in logs or ():
            self._check_log(check_name(log))
        text = token if token is not None else make_token()
        info = TokenInfo(
            token_id_of(text),
            name,
            sorted(check_roles(roles)),
            sorted(set(logs)) if logs else None,
            self._clock(),
            None,
        )
        self._announce(
            "token.create", {"token": info.id, "name": name, "roles": info.roles, "logs": info.logs, "by": by}
        )
        self._control.write(
            (
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (
                    info.id,
                    hashlib.sha256(text.encode()).digest(),
                    name,
                    ",".join(info.roles),
                    None if info.logs is None else ",".join(info.logs),
                    info.created_ns,
                ),
            )
        )
        return info, text

    def revoke(self, token_id: str, *, by: str) -> None:
        """End a token for ever; NotFound when there is no such valid token."""
        if not self._control.rows("SELECT 1 FROM tokens WHERE id = ? AND revoked_ns IS NULL", (token_id,)):
            raise NotFound(f"no valid token has the id {token_id}", hint=self._meant(token_id), code="unknown_token")
        self._announce("token.revoke", {"token": token_id, "by": by})
        self._control.write(("UPDATE tokens SET revoked_ns = ? WHERE id = ?", (self._clock(), token_id)))
        self._cache.clear()

    def list(self) -> list[TokenInfo]:
        """All tokens ever made, oldest first."""
        rows = self._control.rows(
            "SELECT id, name, roles, logs, created_ns, revoked_ns FROM tokens ORDER BY created_ns, id"
        )
        return [
            TokenInfo(i, n, r.split(","), None if logs is None else logs.split(","), c, x)
            for i, n, r, logs, c, x in rows
        ]

    def _check_log(self, name: str) -> None:
        """InvalidInput unless a log of this name was opened here: a slip would make a token for nothing."""
        known = [row[0] for row in self._control.rows("SELECT name FROM logs ORDER BY name")]
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise InvalidInput(
                f"there is no log {name}",
                hint=f"did you mean {close[0]}?" if close else f"graven log create {name} first",
                code="unknown_log",
            )

    def _meant(self, text: str) -> str:
        """What to try when somebody gives a token's name, or its whole text, for its id."""
        valid = self._control.rows("SELECT id, name FROM tokens WHERE revoked_ns IS NULL")
        named = [token_id for token_id, name in valid if name == text or text.startswith(f"grv_{token_id}_")]
        if named:
            return f"tokens are revoked by their id: graven token revoke {named[0]}"
        return "graven token list shows them"

    def _load(self, token_id: str) -> tuple[bytes, Principal] | None:
        rows = self._control.rows(
            "SELECT hash, name, roles, logs FROM tokens WHERE id = ? AND revoked_ns IS NULL", (token_id,)
        )
        if not rows:
            return None
        digest, name, roles, logs = rows[0]
        only = None if logs is None else frozenset(logs.split(","))
        return digest, Principal(token_id, name, frozenset(roles.split(",")), only)

    def _forget_if_changed_elsewhere(self) -> None:
        now = self._monotonic()
        if now - self._checked < _RECHECK_S:
            return
        self._checked = now
        version = self._control.version()
        if version != self._version:
            self._version = version
            self._cache.clear()
