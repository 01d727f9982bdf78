"""Saved views: a query with how it is shown, under a name, for everybody who may read the log."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from graven.errors import InvalidInput, NotFound
from graven.index.export.columns import parse_columns
from graven.index.process.asked import asked, facet_fields, order_of
from graven.server.service import Service
from graven.server.system import system_event

__all__ = ["SavedView", "ViewsAnswer", "check_name", "check_view", "view_routes"]

Call = Request[Any, Any, Any]

_MOST_CHARACTERS: Final = 80
_MOST: Final = 500

_Text = Annotated[str, Meta(max_length=4_096)]
_Short = Annotated[str, Meta(max_length=256)]


class SavedView(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`query` with its clock and range, the columns of the list, and the facet that the histogram is stacked by."""

    query: _Text = ""
    clock: _Short = "received"
    since: _Short = ""
    until: _Short = ""
    columns: Annotated[list[_Short], Meta(max_length=64)] = []
    by: _Short = ""
    order: _Short = "newest"


class NamedView(msgspec.Struct, frozen=True):
    """A view, its name, and the token that saved it last."""

    name: str
    view: SavedView
    saved_by: str


class ViewsAnswer(msgspec.Struct, frozen=True):
    """By name."""

    views: list[NamedView]


def check_name(name: str) -> None:
    """InvalidInput for a name that does not stand in an address as it is, or does not look like what it is."""
    if not 1 <= len(name) <= _MOST_CHARACTERS or "/" in name:
        raise InvalidInput(
            f"the name of a view has 1 to {_MOST_CHARACTERS} characters, none of them a slash", code="bad_view"
        )
    if not name.isprintable():
        raise InvalidInput(
            "the name of a view is made of characters that can be seen, and plain spaces",
            why="a mark that turns the direction of writing makes one name look like another",
            hint="leave out control characters and marks",
            code="bad_view",
        )
    if name != name.strip():
        raise InvalidInput(
            "the name of a view begins and ends with characters that can be seen",
            why="spaces around it are lost wherever it is written down",
            hint=f"call it {name.strip()!r}" if name.strip() else "call it by what it shows: denied orders",
            code="bad_view",
        )
    if name in (".", ".."):
        raise InvalidInput(
            f"a view cannot be called {name!r}",
            why="in an address it means another place: browsers would ask for something else",
            hint="call it by what it shows: denied orders",
            code="bad_view",
        )


def check_view(log: str, view: SavedView, *, now_ns: int) -> None:
    """InvalidInput for what a search would refuse; but for a bad query, it names the member."""
    given = {"q": view.query, "clock": view.clock, "since": view.since, "until": view.until}
    asked(log, {name: text for name, text in given.items() if text or name == "clock"}, now_ns)
    order_of({"order": view.order})
    if len(facet_fields(view.by, "by")) > 1:
        raise InvalidInput(f"by={view.by!r}: one field is expected", code="bad_parameter", details={"parameter": "by"})
    try:
        if view.columns:
            parse_columns(view.columns)
    except InvalidInput as error:
        raise InvalidInput(
            f"columns: {error.message}", hint=error.hint, code=error.code, details={"parameter": "columns"}
        ) from error


def view_routes(service: Service) -> list[HTTPRouteHandler]:
    """The four calls; changes are recorded in `system` first."""
    control = service.control

    def views(log: str) -> list[NamedView]:
        rows = control.rows("SELECT name, body, saved_by FROM views WHERE log = ? ORDER BY name", (log,))
        return [NamedView(name, msgspec.json.decode(body, type=SavedView), by) for name, body, by in rows]

    def found(log: str, name: str) -> NamedView:
        for view in views(log):
            if view.name == name:
                return view
        raise NotFound(f"there is no view {name[:80]!r} on the log {log}", code="unknown_view")

    @get("/v1/logs/{log:str}/views", tags=["search"])
    async def list_views(request: Call, log: str) -> ViewsAnswer:
        """The saved views of a log."""
        service.admit(request.scope, "read", log)
        return ViewsAnswer(await service.on_disk(views, log))

    @get("/v1/logs/{log:str}/views/{name:str}", tags=["search"])
    async def get_view(request: Call, log: str, name: str) -> NamedView:
        """One saved view."""
        service.admit(request.scope, "read", log)
        return await service.on_disk(found, log, name)

    @put("/v1/logs/{log:str}/views/{name:str}", tags=["search"])
    async def put_view(request: Call, log: str, name: str, data: SavedView) -> NamedView:
        """Save a view under a name, in place of the one that is there. What a search would refuse is refused."""
        principal, _ = service.admit(request.scope, "read", log)
        check_name(name)
        check_view(log, data, now_ns=service.clock())

        def save() -> NamedView:
            names = {view.name for view in views(log)}
            if len(names) >= _MOST and name not in names:
                raise InvalidInput(f"a log has at most {_MOST} views", hint="delete one", code="bad_view")
            targets = (("log", log), ("view", name))
            attributes = {"view": msgspec.to_builtins(data)}
            event = system_event("view.put", principal=principal, targets=targets, attributes=attributes)
            service.logs.system.record(event)
            row = (log, name, msgspec.json.encode(data).decode(), principal.token_id)
            control.write(("INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?)", row))
            return found(log, name)

        return await service.on_disk(save)

    @delete("/v1/logs/{log:str}/views/{name:str}", tags=["search"])
    async def delete_view(request: Call, log: str, name: str) -> Response[None]:
        """Delete a saved view."""
        principal, _ = service.admit(request.scope, "read", log)

        def end() -> None:
            found(log, name)
            targets = (("log", log), ("view", name))
            service.logs.system.record(system_event("view.delete", principal=principal, targets=targets))
            control.write(("DELETE FROM views WHERE log = ? AND name = ?", (log, name)))

        await service.on_disk(end)
        return Response(None, status_code=204)

    return [list_views, get_view, put_view, delete_view]
