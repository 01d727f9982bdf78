"""Search over HTTP: questions go to the index process as they came, answers come back as finished bodies.

Each is recorded in `system` as one read (who, query, how many, between which log indexes) before its first byte goes
out. Nothing about a query is parsed in this process.
"""

import difflib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from graven.errors import InvalidInput
from graven.index.process.messages import Answer
from graven.server.access import Principal
from graven.server.service import Service, client_ip

__all__ = ["QUERY_PARAMETERS", "ask_and_record", "given_parameters", "record_read", "search_routes"]

Call = Request[Any, Any, Any]

_COUNTS: Final = frozenset({"histogram", "facets"})
"""What tells how many, and shows no event."""

QUERY_PARAMETERS: Final = ("q", "clock", "since", "until", "zone")


def given_parameters(request: Call, *allowed: str) -> dict[str, str]:
    """The query parameters; InvalidInput for one that is unknown or given twice."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in allowed:
            close = difflib.get_close_matches(name, allowed, n=1)
            hint = f"did you mean {close[0]}?" if close else f"those that there are: {', '.join(sorted(allowed))}"
            raise InvalidInput(f"unknown parameter {name[:80]!r}", hint=hint, code="bad_parameter")
        if name in found:
            raise InvalidInput(f"the parameter {name!r} is given twice", code="bad_parameter")
        found[name] = value
    return found


async def ask_and_record(
    service: Service, request: Call, principal: Principal, log: str, method: str, parameters: Mapping[str, str]
) -> Answer:
    """Ask the index, record the read, give the answer."""
    answer = await service.index.ask(method, log, parameters)
    await record_read(service, request, principal, log, method, parameters, answer)
    return answer


async def record_read(
    service: Service,
    request: Call,
    principal: Principal,
    log: str,
    method: str,
    parameters: Mapping[str, str],
    answer: Answer,
) -> None:
    """Record what an answer is about to show.

    Counts of one query share an entry a minute: a page of results asks for a histogram and facets besides the search,
    and follows them while it is looked at.
    """
    asked = {"query": parameters.get("q", "")}
    asked |= {name: parameters[name] for name in ("since", "until", "clock", "cursor") if name in parameters}
    facts: dict[str, Any] = {**asked, "count": answer.count}
    if method in _COUNTS:
        which = msgspec.json.encode(asked).decode()
        await service.reads.counts(principal, client_ip(request.scope), log, facts, which)
        return
    if answer.first is not None:
        facts |= {"first": answer.first, "last": answer.last}
    await service.reads.one(principal, client_ip(request.scope), f"events.{method}", log, (), facts)


def search_routes(service: Service) -> list[HTTPRouteHandler]:
    """The calls that read through the index."""

    async def answered(request: Call, log: str, method: str, parameters: Mapping[str, str]) -> Response[bytes]:
        principal, _ = service.admit(request.scope, "read", log)
        answer = await ask_and_record(service, request, principal, log, method, parameters)
        return Response(answer.body, media_type="application/json")

    @get("/v1/logs/{log:str}/events", tags=["search"])
    async def search(
        request: Call,
        log: str,
        q: str | None = None,
        clock: str | None = None,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        limit: str | None = None,
        cursor: str | None = None,
        order: str | None = None,
        view: str | None = None,
        explain: str | None = None,
    ) -> Response[bytes]:
        """Events that match a query, newest first: `limit` (1 to 1000, 50), `cursor` of the page before,
        `order` (`newest`, `oldest`), `view` (`row`, `entry`), `explain=true` for the plan.

        `clock` is `received` or `claimed`, for `since`, `until` and the query; `zone` an offset for times without one.
        """
        names = (*QUERY_PARAMETERS, "limit", "cursor", "order", "view", "explain")
        return await answered(request, log, "search", given_parameters(request, *names))

    @get("/v1/logs/{log:str}/histogram", tags=["search"])
    async def histogram(
        request: Call,
        log: str,
        q: str | None = None,
        clock: str | None = None,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        buckets: str | None = None,
        by: str | None = None,
    ) -> Response[bytes]:
        """Matches over time in at most `buckets` buckets of a round width, stacked `by` a field that can be counted."""
        return await answered(request, log, "histogram", given_parameters(request, *QUERY_PARAMETERS, "buckets", "by"))

    @get("/v1/logs/{log:str}/facets", tags=["search"])
    async def facets(
        request: Call,
        log: str,
        q: str | None = None,
        clock: str | None = None,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        fields: str | None = None,
        limit: str | None = None,
    ) -> Response[bytes]:
        """How many matches have each value of `fields` (separated by commas), the `limit` most frequent of each."""
        return await answered(request, log, "facets", given_parameters(request, *QUERY_PARAMETERS, "fields", "limit"))

    @get("/v1/logs/{log:str}/events/{index:str}/around", tags=["search"])
    async def around(
        request: Call,
        log: str,
        index: str,
        q: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Response[bytes]:
        """One event with its neighbours in the log, those that match `q`: `before` and `after` of them (20)."""
        parameters = given_parameters(request, "q", "zone", "clock", "before", "after")
        return await answered(request, log, "around", {**parameters, "index": index})

    @get("/v1/logs/{log:str}/newest", tags=["search"])
    async def newest(
        request: Call, log: str, q: str | None = None, clock: str | None = None, zone: str | None = None
    ) -> Response[bytes]:
        """The newest match whatever its time: what to show where a time range has nothing. Where there is none either,
        `hints` say what was probably meant: values, labels and paths that there are."""
        return await answered(request, log, "newest", given_parameters(request, *QUERY_PARAMETERS))

    return [search, histogram, facets, around, newest]
