"""Exports and large values over HTTP: the server passes pieces on as fast as the client takes them, and holds one.

The index opens the stream with its first answer and holds few of them: whatever happens from then on, it is told when
nobody will ask for the rest. The caller is admitted again at each piece; a refusal then breaks the body off.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from litestar import Litestar, Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from graven.index.export import FORMATS
from graven.index.process.messages import Answer
from graven.server.places import Places
from graven.server.search import QUERY_PARAMETERS, given_parameters, record_read
from graven.server.service import Service

__all__ = ["export_routes"]

Call = Request[Any, Any, Any]

_OF_ONE: Final = 4
_OF_ALL: Final = 32
"""As many as the index holds."""


def export_routes(service: Service) -> list[HTTPRouteHandler]:
    """The two calls; each is recorded once, with the number of matches, before its first byte."""

    places = Places(
        "exports and large values",
        of_one=_OF_ONE,
        of_all=_OF_ALL,
        hint="read one of them to its end, or close its connection",
    )

    async def opened(
        request: Call, log: str, permission: str, method: str, parameters: Mapping[str, str]
    ) -> "tuple[Answer, _Pieces]":
        principal, _ = service.admit(request.scope, permission, log)
        place = places.take(principal)  # before anything is waited for: a burst must not pass together
        try:
            answer = await service.index.ask(method, log, parameters)
        except BaseException:
            places.give_back(place)
            raise
        pieces = _Pieces(
            service,
            log,
            answer.id,
            admit=lambda: service.admit(request.scope, permission, log),
            leave=lambda: places.give_back(place),
        )
        try:
            await record_read(service, request, principal, log, method, parameters, answer)
        except BaseException:
            pieces.close()
            raise
        return answer, pieces

    @get("/v1/logs/{log:str}/export", media_type="application/octet-stream", tags=["search"])
    async def export(
        request: Call,
        log: str,
        q: str | None = None,
        clock: str | None = None,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        format: str | None = None,  # noqa: A002 - the parameter's name
        fields: str | None = None,
    ) -> Stream:
        """Everything that matches, oldest first, as `format` ndjson, csv (with `fields`), parquet or ocsf.

        `Graven-Count` says how many events are to come.
        """
        parameters = given_parameters(request, *QUERY_PARAMETERS, "format", "fields")
        answer, pieces = await opened(request, log, "export", "export", parameters)
        kind = FORMATS[parameters.get("format", "ndjson")]
        headers = {
            "graven-count": str(answer.count),
            "content-disposition": f'attachment; filename="{log}.{kind.suffix}"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return _PieceStream(pieces, media_type=kind.media_type, headers=headers)

    @get("/v1/logs/{log:str}/events/{index:str}/value", media_type="application/json", tags=["search"])
    async def value(request: Call, log: str, index: str, path: str) -> Stream:
        """One member of an event (`path=/output`), however large."""
        parameters = {**given_parameters(request, "path"), "index": index}
        _, pieces = await opened(request, log, "read", "value", parameters)
        return _PieceStream(pieces, media_type="application/json", headers={"x-content-type-options": "nosniff"})

    return [export, value]


class _Pieces:
    """What is left of a stream of the index. To be closed by whoever holds it, at the end as before it.

    `admit` raises for a caller who may not read any more: what is under way for hours must not outlive its token.
    `leave` gives the place back.
    """

    def __init__(
        self, service: Service, log: str, stream: int, *, admit: Callable[[], object], leave: Callable[[], None]
    ) -> None:
        self._service = service
        self._log = log
        self._parameters = {"stream": str(stream)}
        self._admit = admit
        self._leave = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (answer := await self._service.index.ask("next", self._log, self._parameters)).more:
            self._admit()  # after the wait: the token may have ended during it
            if answer.body:  # an empty piece says that the index is at work: the client waits for the next one
                yield answer.body

    def close(self) -> None:
        self._leave()
        self._service.index.tell("close", self._log, self._parameters)


class _PieceStream(Stream):
    """Litestar says nothing to an iterator that it did not begin or that it left: so the whole response is watched."""

    def __init__(self, pieces: _Pieces, *, media_type: str, headers: dict[str, str]) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces

    def to_asgi_response(self, app: Litestar | None, request: Call, **given: Any) -> ASGIResponse:
        return _Closing(super().to_asgi_response(app, request, **given), self._pieces)


class _Closing(ASGIResponse):
    """The response `inner`; however it ends, the pieces are closed."""

    def __init__(self, inner: ASGIResponse, pieces: _Pieces) -> None:
        super().__init__(status_code=inner.status_code)
        self._inner = inner
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._inner(scope, receive, send)
        finally:
            self._pieces.close()
