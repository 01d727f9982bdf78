"""Middleware: every request is recorded, and what happens within it is done by its user.

To be placed behind `AuthenticationMiddleware`, in place of Graven's WSGI or ASGI middleware. The user is asked for
when something is recorded, not before; a request without a session costs no query.
"""

import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from graven.sdk.client import Client
from graven.sdk.context import ActorLike
from graven.sdk.default import default_client
from graven.sdk.exchange import Exchange

__all__ = ["Middleware"]

_FAILURE = "_graven_failure"


class Middleware:
    """For WSGI and ASGI, synchronous and asynchronous views. Subclass it to say who a user is (`actor`) or which
    requests are not recorded (`skips`)."""

    sync_capable = True
    async_capable = True
    client: Client | None = None
    """Where to record, None: the process-wide client."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def actor(self, user: Any) -> ActorLike:
        """The actor that a user who is logged in stands for."""
        who: dict[str, Any] = {"type": "user", "id": str(user.get_username())}
        if name := getattr(user, "get_full_name", str)():
            who["name"] = str(name)
        roles = [role for role in ("staff", "superuser") if getattr(user, f"is_{role}", False)]
        return {**who, "roles": roles} if roles else who

    def skips(self, request: Any) -> bool:
        """This request is not recorded, and its changes are those of nobody in particular."""
        return False

    def __call__(self, request: Any) -> Any:
        exchange = self._begin(request)
        if self._is_async:
            return self._answer_async(request, exchange)
        if exchange is None:
            return self._get_response(request)
        with exchange.scope():
            try:
                response = self._get_response(request)
            except BaseException as error:
                exchange.ended(time.perf_counter_ns(), error)
                raise
            _end(exchange, request, response)
        return response

    async def _answer_async(self, request: Any, exchange: Exchange | None) -> Any:
        if exchange is None:
            return await self._get_response(request)
        with exchange.scope():
            try:
                await _look_up_user(request)
                response = await self._get_response(request)
            except BaseException as error:
                exchange.ended(time.perf_counter_ns(), error)
                raise
            _end(exchange, request, response)
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:
        """Django turns it into a response; the record keeps what it was."""
        setattr(request, _FAILURE, exception)

    def _begin(self, request: Any) -> Exchange | None:
        """None when the request is not to be, or cannot be, recorded."""
        client = self.client or default_client()
        if client is None:
            return None
        try:
            if self.skips(request):
                return None
            meta = request.META
            return Exchange(
                client=client,
                action="http.request",
                method=request.method,
                path=request.path,
                query=meta.get("QUERY_STRING", ""),
                protocol=_protocol(request),
                peer=meta.get("REMOTE_ADDR"),
                headers=list(request.headers.items()),
                body_bytes=0,
                who=lambda: self._who(request),
                now_ns=time.time_ns(),
                tick_ns=time.perf_counter_ns(),
            )
        except Exception as error:  # noqa: BLE001 - the request goes on, unrecorded and reported
            client.lost("unencodable", f"a request could not be described: {type(error).__name__}")
            return None

    def _who(self, request: Any) -> ActorLike | None:
        user = _user(request)
        return self.actor(user) if user is not None and user.is_authenticated else None


def _user(request: Any) -> Any:
    """The user as far as the request knows by now, looked up when it does not and may."""
    for known in ("_acached_user", "_cached_user"):
        user = getattr(request, known, None)
        if user is not None and user.is_authenticated:
            return user
    session: Any = getattr(request, "session", None)
    accessed = getattr(session, "accessed", None)
    try:
        user = getattr(request, "user", None)
        if user is not None:
            user.is_authenticated  # noqa: B018 - makes the lazy user a real one
        return user
    finally:
        if accessed is not None:  # the application's answer does not vary by what only the record looked at
            session.accessed = accessed


async def _look_up_user(request: Any) -> None:
    """Where an event loop runs, nothing that is recorded later could wait for the database."""
    ask: Any = getattr(request, "auser", None)
    session = getattr(request, "session", None)
    if ask is None or session is None or session.session_key is None:
        return
    accessed = session.accessed
    with suppress(Exception):
        asked: Awaitable[Any] = ask()
        await asked
    session.accessed = accessed


def _end(exchange: Exchange, request: Any, response: Any) -> None:
    with suppress(Exception):
        exchange.answered(response.status_code, list(response.items()))
        if not response.streaming:
            exchange.response.saw(response.content)
    exchange.ended(time.perf_counter_ns(), getattr(request, _FAILURE, None))


def _protocol(request: Any) -> str:
    scope = getattr(request, "scope", None)
    if scope is not None:
        return f"HTTP/{scope.get('http_version', '1.1')}"
    return str(request.META.get("SERVER_PROTOCOL", "HTTP/1.1"))
