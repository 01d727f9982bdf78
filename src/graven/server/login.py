"""The calls that the browser UI needs beside the data: its session, and the rules that hold."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from graven.errors import InvalidInput, Unauthenticated
from graven.event.envelope import format_time
from graven.event.redact import Rule
from graven.server.access import Principal
from graven.server.service import Service, client_ip
from graven.server.sessions import check_no_foreign_page

__all__ = ["session_routes"]

Call = Request[Any, Any, Any]
_NOT_STORED = {"cache-control": "no-store"}


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either the code of the address that `graven serve` prints, or a token's text."""

    code: str | None = None
    token: str | None = None


class Who(msgspec.Struct, frozen=True):
    """A token's public id, and its name."""

    id: str
    name: str


class SessionAnswer(msgspec.Struct, frozen=True):
    """`who` is null for nobody; `logs` when all are open; `expires` for a token, which ends only when revoked."""

    who: Who | None
    roles: list[str]
    logs: list[str] | None
    expires: str | None


class RedactionAnswer(msgspec.Struct, frozen=True):
    """Rules in the order in which they are tried."""

    rules: list[Rule]


def _answer(principal: Principal, expires_ns: int | None) -> SessionAnswer:
    return SessionAnswer(
        Who(principal.token_id, principal.name),
        sorted(principal.roles),
        None if principal.logs is None else sorted(principal.logs),
        None if expires_ns is None else format_time(expires_ns),
    )


def session_routes(service: Service) -> list[HTTPRouteHandler]:
    """Login, logout, and who it is; the first two are recorded in `system` before they take effect."""

    @post("/v1/login", status_code=200, tags=["session"])
    async def login(request: Call, data: Login) -> Response[SessionAnswer]:
        """Open a session for a browser: a cookie that no script can read, for twelve hours."""
        headers = dict(request.scope["headers"])
        check_no_foreign_page(headers)
        ip = client_ip(request.scope)
        store = service.sessions
        if data.code is not None and data.token is None:
            code = data.code
            opened = await service.on_disk(lambda: store.open_with_code(code, ip=ip))
        elif data.token is not None and data.code is None:
            token = data.token
            opened = await service.on_disk(lambda: store.open_with_token(token, ip=ip))
        else:
            raise InvalidInput("a login has either a code or a token", hint='{"token": "grv_…"}', code="bad_request")
        answer = _answer(opened.session.principal, opened.session.expires_ns)
        return Response(answer, headers={"set-cookie": store.set_cookie(opened.secret), **_NOT_STORED})

    @post("/v1/logout", status_code=204, tags=["session"])
    async def logout(request: Call) -> Response[None]:
        """End the session of the cookie."""
        headers = dict(request.scope["headers"])
        ip = client_ip(request.scope)
        await service.on_disk(lambda: service.sessions.close(headers, ip=ip))
        return Response(None, status_code=204, headers={"set-cookie": service.sessions.set_cookie(None)})

    @get("/v1/session", tags=["session"])
    async def session(request: Call) -> Response[SessionAnswer]:
        """Who this cookie or token stands for, with its roles and logs, and when it ends; nobody without either."""
        headers = dict(request.scope["headers"])
        expires = None
        if b"authorization" in headers or not service.settings.access.auth:
            principal = service.authenticate(headers)
        else:
            try:
                found = service.sessions.find(headers)
            except Unauthenticated:
                found = None
            if found is None:
                return Response(SessionAnswer(None, [], [], None), headers=_NOT_STORED)
            principal, expires = found.principal, found.expires_ns
        return Response(_answer(principal, expires), headers=_NOT_STORED)

    @get("/v1/redaction", tags=["admin"])
    async def redaction(request: Call) -> RedactionAnswer:
        """The redaction rules that hold now; every change of them stands in `system` as `redaction.change`."""
        principal = service.authenticate(dict(request.scope["headers"]))
        if not principal.may("read", "system"):
            principal.require("operate")
        return RedactionAnswer(list(service.redactor.rules))

    return [login, logout, session, redaction]
