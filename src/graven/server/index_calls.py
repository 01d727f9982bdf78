"""The state of the index, its rebuilding, and what the query bar asks."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from graven.server.search import ask_and_record, given_parameters
from graven.server.service import Service, client_ip

__all__ = ["IndexState", "LogIndexState", "index_routes"]

Call = Request[Any, Any, Any]


class LogIndexState(msgspec.Struct, frozen=True):
    """`lag_s` is for how long not everything was indexed; `state` is following, catching_up, rebuilding, away or
    off."""

    name: str
    size: int
    indexed: int
    lag_entries: int
    lag_s: float
    state: str
    sealed_segments: int = 0
    hot_rows: int = 0
    sealed_bytes: int = 0
    hot_bytes: int = 0
    outdated_segments: int = 0


class IndexState(msgspec.Struct, frozen=True):
    """`away` while there is no index process: reads by log index and proofs go on. `off`: none ever comes, since
    `index.enabled` is false."""

    away: bool
    deaths: int
    logs: list[LogIndexState]
    off: bool = False


def index_state(service: Service, names: list[str]) -> IndexState:
    """The state of these logs."""
    logs = []
    for name in names:
        size = service.logs.get(name).size
        state = service.index.states.get(name)
        if state is None:
            logs.append(LogIndexState(name, size, 0, size, 0.0, "away" if service.index.enabled else "off"))
            continue
        logs.append(
            LogIndexState(
                name=name,
                size=size,
                indexed=state.indexed,
                lag_entries=max(0, size - state.indexed),
                lag_s=round(state.behind_s, 3),
                state=state.state,
                sealed_segments=state.sealed,
                hot_rows=state.hot_rows,
                sealed_bytes=state.sealed_bytes,
                hot_bytes=state.hot_bytes,
                outdated_segments=state.outdated,
            )
        )
    return IndexState(service.index.away, service.index.deaths, logs, not service.index.enabled)


def index_routes(service: Service) -> list[HTTPRouteHandler]:
    """The calls about the index itself."""

    @get("/v1/index", tags=["search"])
    async def state(request: Call) -> IndexState:
        """How far each log of this token is indexed."""
        principal = service.authenticate(dict(request.scope["headers"]))
        names = [log.name for log in service.logs.all()]
        return index_state(service, [name for name in names if principal.logs is None or name in principal.logs])

    @post("/v1/logs/{log:str}/index/rebuild", status_code=202, tags=["search"])
    async def rebuild(request: Call, log: str) -> IndexState:
        """Derive the index of a log again from its first entry; recorded in `system` first."""
        principal, _ = service.admit(request.scope, "operate", log)
        await service.reads.one(principal, client_ip(request.scope), "index.rebuild", log, ())
        await service.index.ask("rebuild", log, {})
        return index_state(service, [log])

    @get("/v1/logs/{log:str}/complete", tags=["search"])
    async def complete(request: Call, log: str, q: str | None = None, at: str | None = None) -> Response[bytes]:
        """What may stand at the character `at` of the query `q`: names of fields, or values that there are."""
        principal, _ = service.admit(request.scope, "read", log)
        answer = await service.index.ask("complete", log, given_parameters(request, "q", "at"))
        await service.reads.few(principal, client_ip(request.scope), "values.read", log)
        return Response(answer.body, media_type="application/json")

    @get("/v1/logs/{log:str}/events/{index:str}/view", tags=["search"])
    async def view(request: Call, log: str, index: str) -> Response[bytes]:
        """An entry as its mapper reads it, in terms of event/1, whatever its format; members above 1 MB are named
        in `large` and given by `/value`."""
        principal, _ = service.admit(request.scope, "read", log)
        answer = await ask_and_record(service, request, principal, log, "view", {"index": index})
        return Response(answer.body, media_type="application/json")

    return [state, rebuild, complete, view]
