"""The OpenAPI document: what Litestar finds in the routes, plus what it cannot see.

Added: the schema of an event (from the structs that intake decodes into), the one error shape, the bearer
scheme, the calls that are answered before the framework (tiles, checkpoint, key), and the query of
`/k8s/…`. Pure: a document in, a document out.
"""

import copy
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from graven.event.model import Event

__all__ = ["DocumentPlugin", "complete_document"]

_REF = "#/components/schemas/"
_OPEN_CALLS = ("/healthz", "/readyz", "/v1/login", "/v1/session")
_TEXT: Mapping[str, Any] = {"type": "string"}

_ERROR: Mapping[str, Any] = {
    "type": "object",
    "description": "Every refusal. `code` is a stable machine word; `message` and `hint` are for people.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "details"],
            "properties": {"code": _TEXT, "message": _TEXT, "hint": _TEXT, "details": {"type": "object"}},
        }
    },
}

_FILES: Mapping[str, tuple[str, str, str]] = {
    "/logs/{log}/checkpoint": (
        "Checkpoint",
        "text/plain",
        "The published checkpoint, a signed note (C2SP tlog-checkpoint).",
    ),
    "/logs/{log}/log.vkey": ("VerifierKey", "text/plain", "The log's verifier key, one line."),
    "/logs/{log}/tile/{level}/{index}": (
        "HashTile",
        "application/octet-stream",
        "A hash tile (C2SP tlog-tiles). `index` is in groups of three digits (`x001/234`), `.p/<width>` if partial.",
    ),
    "/logs/{log}/tile/entries/{index}": (
        "EntryBundle",
        "application/octet-stream",
        "A bundle of up to 256 entries (C2SP tlog-tiles), for auditors; reading it is recorded. gzip when accepted.",
    ),
}
"""Path → operation, media type and meaning of the files that are served byte for byte."""


class DocumentPlugin(JsonRenderPlugin):
    """Shows the completed document at `/schema`."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The completed document as JSON."""
        return super().render(request, complete_document(openapi_schema))


def complete_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """A completed copy of what Litestar made."""
    full = copy.deepcopy(dict(document))
    components = full.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    _, events = msgspec.json.schema_components([Event], ref_template=_REF + "{name}")
    schemas |= {**copy.deepcopy(events), "Error": copy.deepcopy(_ERROR)}
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token `grv_…` from `graven token create`."}
    }
    full["security"] = [{"token": []}]
    paths = full.setdefault("paths", {})
    for path, (operation, media_type, text) in _FILES.items():
        paths[path] = {"get": _file_call(path, operation, media_type, text)}
    for path, calls in paths.items():
        for call in calls.values():
            _complete_call(path, call)
    _describe_bodies(paths)
    return full


def _complete_call(path: str, call: dict[str, Any]) -> None:
    responses = call.setdefault("responses", {})
    responses.pop("400", None)  # the framework's own shape, which is never sent
    responses["default"] = {"description": "Refused", "content": _json({"$ref": _REF + "Error"})}
    for response in responses.values():
        response.setdefault("description", "")
        if response["description"].endswith(", document follows") or response["description"].endswith("URL follows"):
            response["description"] = "Done"
    if path in _OPEN_CALLS:
        call["security"] = []


def _describe_bodies(paths: dict[str, Any]) -> None:
    event = {"$ref": _REF + "Event"}
    append = paths["/v1/logs/{log}/events"]["post"]
    content = append["requestBody"]["content"]
    content["application/json"] = {"schema": {"oneOf": [event, {"type": "array", "items": event}]}}
    content["application/x-ndjson"] = {"schema": {"type": "string", "description": "one Event a line"}}
    append["responses"]["202"] = {
        "description": "Durable, but with `wait=published` no checkpoint covered it in time",
        "content": _json({"$ref": _REF + "AppendAnswer"}),
    }
    k8s = paths["/k8s/{log}/audit"]["post"]
    k8s.setdefault("parameters", []).append(
        {"name": "source", "in": "query", "schema": _TEXT, "description": "the events' source; `k8s/<log>` by default"}
    )
    k8s["requestBody"] = {
        "required": True,
        "content": _json({"type": "object", "description": "an `EventList` of audit.k8s.io/v1, or one event"}),
    }
    paths["/v1/blobs"]["put"]["requestBody"] = {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }


def _file_call(path: str, operation: str, media_type: str, text: str) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return {
        "tags": ["verify"],
        "summary": operation,
        "operationId": operation,
        "description": text + " No token is needed for a log in `access.public_logs`.",
        "parameters": [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names],
        "responses": {"200": {"description": "Done", "content": {media_type: {"schema": _TEXT}}}},
    }


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": dict(schema)}}
