"""Exports and large values over HTTP: the server passes pieces on as fast as the client takes them, and holds one."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from graven.index.export import FORMATS
from graven.index.process.messages import Answer
from graven.server.search import QUERY_PARAMETERS, ask_and_record, given_parameters
from graven.server.service import Service

__all__ = ["export_routes"]

Call = Request[Any, Any, Any]


def export_routes(service: Service) -> list[HTTPRouteHandler]:
    """The two calls; each is recorded once, with the number of matches, before its first byte."""

    async def opened(
        request: Call, log: str, permission: str, method: str, parameters: Mapping[str, str]
    ) -> tuple[Answer, AsyncIterator[bytes]]:
        principal = service.authenticate(dict(request.scope["headers"]))
        principal.require(permission, log)
        service.logs.get(log)
        answer = await ask_and_record(service, request, principal, log, method, parameters)
        return answer, _pieces(service, log, answer.id)

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
        return Stream(pieces, media_type=kind.media_type, headers=headers)

    @get("/v1/logs/{log:str}/events/{index:str}/value", media_type="application/json", tags=["search"])
    async def value(request: Call, log: str, index: str, path: str) -> Stream:
        """One member of an event (`path=/output`), however large."""
        parameters = {**given_parameters(request, "path"), "index": index}
        _, pieces = await opened(request, log, "read", "value", parameters)
        return Stream(pieces, media_type="application/json", headers={"x-content-type-options": "nosniff"})

    return [export, value]


async def _pieces(service: Service, log: str, stream: int) -> AsyncIterator[bytes]:
    number = {"stream": str(stream)}
    try:
        while (answer := await service.index.ask("next", log, number)).more:
            yield answer.body
    finally:
        service.index.tell("close", log, number)
