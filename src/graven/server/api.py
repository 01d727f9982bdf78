"""The HTTP API as Litestar sees it: routes, schemas and the OpenAPI document at `/schema`.

The hot calls (append, tiles) are answered by `front` before they come here; append stands here too, with
the same handler behind it, so that the document describes what is served.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
from litestar import Litestar, Request, Response, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import (
    OpenAPIMediaType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.response import Stream

from graven.errors import NotFound, Tampered
from graven.event.envelope import decode_entry, format_time
from graven.log.opened import Log
from graven.server.access import Principal
from graven.server.alert_calls import alert_routes
from graven.server.append import AppendAnswer, Appender
from graven.server.blobs import BlobAnswer, BlobCalls
from graven.server.exports import export_routes
from graven.server.foreign import ForeignAnswer, K8sIntake
from graven.server.health import health_routes
from graven.server.index_calls import index_routes
from graven.server.json_body import StrictRequest
from graven.server.login import session_routes
from graven.server.openapi import DocumentPlugin
from graven.server.problems import HANDLERS
from graven.server.pushed import KnownAnswer, PushedIntake
from graven.server.runs import run_routes
from graven.server.search import ask_and_record, search_routes
from graven.server.service import Service, client_ip
from graven.server.tail import tail_routes
from graven.server.tokens import TokenInfo
from graven.server.views import view_routes
from graven.tlog.encoding import decode_decimal

__all__ = ["make_api"]

ADMIN_BODY_BYTES = 64 * 1024
_TEXT = "text/plain"
Call = Request[Any, Any, Any]


class NewLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`origin` is a URL without scheme that you control; a random one is made when it is absent."""

    name: str
    origin: str | None = None


class LogInfo(msgspec.Struct, frozen=True):
    """A log, as it is at the moment."""

    name: str
    origin: str
    key: str
    size: int
    published_size: int


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Roles are auditor, operator, reader, recorder; without `logs` it is for all logs."""

    name: str
    roles: list[str]
    logs: list[str] | None = None


class MadeToken(msgspec.Struct, frozen=True):
    """The only time that the token's text is shown."""

    id: str
    token: str
    name: str
    roles: list[str]
    logs: list[str] | None


class TokenView(msgspec.Struct, frozen=True):
    """Times are RFC 3339 in UTC; `revoked` is null while the token is valid."""

    id: str
    name: str
    roles: list[str]
    logs: list[str] | None
    created: str
    revoked: str | None


@dataclass
class _AppendOperation(Operation):
    """Bodies and headers that a raw handler cannot declare."""

    def __post_init__(self) -> None:
        one = OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT, description="event/1, or an array of them"))
        lines = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, description="one event/1 a line"))
        self.request_body = RequestBody(
            content={"application/json": one, "application/x-ndjson": lines},
            description="Plain, gzip or zstd (Content-Encoding).",
            required=True,
        )
        text = Schema(type=OpenAPIType.STRING)
        self.parameters = [
            *(self.parameters or []),
            Parameter(
                name="wait", param_in="query", schema=text, description="`published`: 202 when it takes too long"
            ),
            Parameter(
                name="Idempotency-Key", param_in="header", schema=text, description="covers the request for 24 h"
            ),
        ]


def _describe_place(operation: Operation, what: str) -> None:
    binary = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
    operation.request_body = RequestBody(content={"application/octet-stream": binary}, description=what, required=True)
    operation.parameters = [
        *(operation.parameters or []),
        Parameter(
            name="origin", param_in="query", required=True, schema=Schema(type=OpenAPIType.STRING),
            description="origin of the log that the entries come from",
        ),
        Parameter(
            name="first", param_in="query", schema=Schema(type=OpenAPIType.INTEGER),
            description="index there of the first one; 0",
        ),
    ]  # fmt: skip


@dataclass
class _EntriesOperation(Operation):
    def __post_init__(self) -> None:
        _describe_place(self, "An entry bundle (C2SP tlog-tiles). Plain, gzip or zstd (Content-Encoding).")


@dataclass
class _KnownOperation(Operation):
    def __post_init__(self) -> None:
        _describe_place(self, "Leaf hashes, 32 bytes each.")


def make_api(service: Service, appender: Appender) -> Litestar:
    """The application behind the front."""
    routes = [
        *_intake_routes(service, appender),
        *_reading_routes(service),
        *run_routes(service),
        *search_routes(service),
        *tail_routes(service),
        *export_routes(service),
        *index_routes(service),
        *alert_routes(service),
        *view_routes(service),
        *_admin_routes(service),
        *session_routes(service),
        *health_routes(service),
    ]
    config = OpenAPIConfig(
        title="Graven",
        version="1",
        description="An audit log that cannot be rewritten. Errors: {error: {code, message, hint, details}}.",
        path="/schema",
        render_plugins=[DocumentPlugin(path="/")],
        use_handler_docstrings=True,
    )
    return Litestar(
        route_handlers=routes,
        openapi_config=config,
        exception_handlers=dict(HANDLERS),
        logging_config=None,
        request_class=StrictRequest,
        request_max_body_size=ADMIN_BODY_BYTES,
        after_request=_as_it_is,
    )


def _as_it_is(response: Response[Any]) -> Response[Any]:
    """Answers hold what strangers recorded, and a browser with a session may open them: it must not guess a type."""
    response.headers["x-content-type-options"] = "nosniff"
    return response


def _intake_routes(service: Service, appender: Appender) -> list[HTTPRouteHandler]:
    k8s = K8sIntake(service, appender)
    pushed = PushedIntake(service, appender)
    blobs = BlobCalls(service)

    @post("/v1/logs/{log:str}/events", status_code=200, operation_class=_AppendOperation, tags=["record"])
    async def append(request: Call, log: str) -> Response[AppendAnswer]:
        """Append events: one, an array, or NDJSON. All or none; durable when answered."""
        status, answer = await appender.handle(log, request.scope, request.receive)
        body = AppendAnswer(answer.first, answer.count, answer.duplicates, answer.ids)
        return Response(body, status_code=status)

    @post("/k8s/{log:str}/audit", status_code=200, tags=["record"])
    async def k8s_audit(request: Call, log: str) -> ForeignAnswer:
        """The audit webhook of a Kubernetes API server; a bad item goes to quarantine."""
        return await k8s.handle(log, request.scope, request.receive)

    @post("/v1/logs/{log:str}/entries", status_code=200, operation_class=_EntriesOperation, tags=["record"])
    async def push(request: Call, log: str) -> AppendAnswer:
        """Entries of another log, kept whole and once, whoever sends them. All or none; durable when answered."""
        answer = await pushed.handle(log, request.scope, request.receive)
        return AppendAnswer(answer.first, answer.count, answer.duplicates, answer.ids)

    @post("/v1/logs/{log:str}/entries/known", status_code=200, operation_class=_KnownOperation, tags=["record"])
    async def known(request: Call, log: str) -> KnownAnswer:
        """Which entries of another log are here already, by their leaf hashes."""
        return await pushed.known(log, request.scope, request.receive)

    @put("/v1/blobs", tags=["record"])
    async def put_blob(request: Call) -> BlobAnswer:
        """Store content for an attachment; durable when answered."""
        return await blobs.put(request.scope, request.receive)

    @get("/v1/blobs/{digest:str}", media_type="application/octet-stream", tags=["read"])
    async def get_blob(request: Call, digest: str) -> Stream:
        """The content of a blob that a readable log refers to."""
        size, pieces = await blobs.get(digest, request.scope)
        headers = {"content-length": str(size), "x-content-type-options": "nosniff"}
        return Stream(pieces, media_type="application/octet-stream", headers=headers)

    return [append, k8s_audit, push, known, put_blob, get_blob]


def _reading_routes(service: Service) -> list[HTTPRouteHandler]:
    blobs = BlobCalls(service)

    @get("/v1/logs/{log:str}/events/{index:str}", tags=["read"])
    async def entry(request: Call, log: str, index: str) -> Response[bytes]:
        """One entry by its log index or its id: index, envelope and data, oversize content included.

        Digits are always a log index, whatever ids there are: an event whose id is `3` is found by
        `GET /v1/logs/{log}/events?q=id:3`. With `Accept: application/octet-stream`: the exact bytes that the leaf
        hashes.
        """
        principal, opened = service.admit(request.scope, "read", log)
        number = await _numbered(service, request, principal, log, index)
        raw = await service.on_disk(opened.entry, number)
        exact = request.headers.get("accept", "") == "application/octet-stream"
        body, content = (raw, None) if exact else await service.on_disk(_view, opened, number, raw)
        try:
            await service.reads.one(principal, client_ip(request.scope), "entry.read", log, (("entry", str(number)),))
        except BaseException:
            if content is not None:
                content[0].close()
            raise
        if content is None:
            return Response(body, media_type="application/octet-stream" if exact else "application/json")
        # piece by piece: a client that takes its time must not hold the whole of it in memory
        stream, size = content
        length = str(len(body) + size + 1)
        pieces = blobs.pieces(stream, before=body, after=b"}")
        answer: Response[Any] = Stream(pieces, media_type="application/json", headers={"content-length": length})
        return answer

    @get("/v1/logs/{log:str}/events/{index:str}/proof", media_type=_TEXT, tags=["prove"])
    async def proof(request: Call, log: str, index: str) -> Response[bytes]:
        """The tlog-proof of one entry (C2SP) by its log index; waits a moment for the checkpoint that covers it.

        By its id for those who may read the log; digits are always an index.
        """
        principal, opened = service.admit(request.scope, "prove", log)
        number = await _numbered(service, request, principal, log, index)
        if opened.published_size <= number < opened.size:
            await service.completions.published(opened, number + 1, service.settings.limits.publish_wait_s)
        return Response(await service.on_disk(opened.proof, number), media_type=_TEXT)

    return [entry, proof]


async def _numbered(service: Service, request: Call, principal: Principal, log: str, given: str) -> int:
    """The log index that is given, or that of the one event with that id, which the index knows.

    Whether an id is there is content: asking by one needs what reading needs, for a proof too.
    """
    if given.isascii() and given.isdecimal():
        return decode_decimal(given)
    principal.require("read", log)
    answer = await ask_and_record(service, request, principal, log, "by_id", {"id": given})
    return int(msgspec.json.decode(answer.body)["index"])


def _view(log: Log, index: int, raw: bytes) -> tuple[bytes, tuple[BinaryIO, int] | None]:
    """The entry with its index in front. When its data lies in a blob: all that stands before the data, the
    checked blob, and its size; a closing brace is to follow."""
    body = b'{"index":%d,%b' % (index, raw[1:])
    entry = decode_entry(raw)
    if entry.blob is None or entry.data is not None:
        return body, None
    digest, size = entry.blob
    stream = log.blobs.open(digest)
    if stream is None:
        raise NotFound(f"blob {digest} of entry {index} is not stored here", code="blob_not_found")
    hashed = hashlib.sha256()
    while piece := stream.read(1 << 20):
        hashed.update(piece)
    found = f"sha256:{hashed.hexdigest()}"
    if found != digest or stream.tell() != size:
        stream.close()
        raise Tampered(f"blob {digest} of entry {index} has other content: its digest is {found}")
    stream.seek(0)
    return b'%b,"data":' % body[:-1], (stream, size)


def _admin_routes(service: Service) -> list[HTTPRouteHandler]:
    def operator(request: Call) -> Principal:
        principal = service.authenticate(dict(request.scope["headers"]))
        principal.require("operate")
        return principal

    @get("/v1/logs", tags=["admin"])
    async def list_logs(request: Call) -> dict[str, list[LogInfo]]:
        """The logs that this token is for."""
        principal = service.authenticate(dict(request.scope["headers"]))
        return {
            "logs": [
                _log_info(log) for log in service.logs.all() if principal.logs is None or log.name in principal.logs
            ]
        }

    @post("/v1/logs", tags=["admin"])
    async def create_log(request: Call, data: NewLog) -> LogInfo:
        """Create a log; recorded in `system` first."""
        by = operator(request).token_id
        log = await service.on_disk(lambda: service.logs.create(data.name, data.origin, by=by))
        return _log_info(log)

    @get("/v1/tokens", tags=["admin"])
    async def list_tokens(request: Call) -> dict[str, list[TokenView]]:
        """All tokens ever made, without their text."""
        operator(request)
        return {"tokens": [_token_view(info) for info in await service.on_disk(service.tokens.list)]}

    @post("/v1/tokens", tags=["admin"])
    async def create_token(request: Call, data: NewToken) -> MadeToken:
        """Make a token; recorded in `system` first, shown only here."""
        by = operator(request).token_id
        info, text = await service.on_disk(lambda: service.tokens.create(data.name, data.roles, data.logs, by=by))
        return MadeToken(info.id, text, info.name, info.roles, info.logs)

    @delete("/v1/tokens/{token_id:str}", tags=["admin"])
    async def revoke_token(request: Call, token_id: str) -> None:
        """End a token for ever; recorded in `system` first."""
        by = operator(request).token_id
        await service.on_disk(lambda: service.tokens.revoke(token_id, by=by))

    return [list_logs, create_log, list_tokens, create_token, revoke_token]


def _log_info(log: Log) -> LogInfo:
    return LogInfo(log.name, log.origin, log.verifier_key.text, log.size, log.published_size)


def _token_view(info: TokenInfo) -> TokenView:
    revoked = None if info.revoked_ns is None else format_time(info.revoked_ns)
    return TokenView(info.id, info.name, info.roles, info.logs, format_time(info.created_ns), revoked)
