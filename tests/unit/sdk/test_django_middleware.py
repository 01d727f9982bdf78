"""The middleware in Django's own handlers, synchronous and asynchronous."""

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from tests.support.django_shop import database, sqlite_settings
from tests.support.django_shop_app.models import Tag
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.django import Middleware, record_changes

TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def tag(request: Any) -> HttpResponse:
    Tag.objects.create(name="x")
    return HttpResponse("done")


async def atag(request: Any) -> HttpResponse:
    await Tag.objects.acreate(name="x")
    return HttpResponse("done")


def plain(request: Any) -> HttpResponse:
    return HttpResponse("ok")


def broken(request: Any) -> HttpResponse:
    raise ValueError("no such order")


class Web:
    def __init__(self, folder: Path) -> None:
        self.transport = ScriptedTransport()
        self.client = scripted_client(self.transport, folder / "spool")

    def events(self) -> list[dict[str, Any]]:
        assert self.client.flush(30)
        assert self.client.stats().losses == {}
        return self.transport.events


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    routes = types.ModuleType("routes")
    views = {"tag": tag, "atag": atag, "plain": plain, "broken": broken}
    routes.urlpatterns = [path(name, view) for name, view in views.items()]  # type: ignore[attr-defined]
    middleware = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "graven.sdk.django.Middleware",
    ]
    with (
        database("default", **sqlite_settings(tmp_path)),
        override_settings(MIDDLEWARE=middleware, ROOT_URLCONF=routes),
    ):
        web = Web(tmp_path)
        monkeypatch.setattr(Middleware, "client", web.client)
        recording = record_changes(client=web.client, include=["shop.*"])
        yield web
        recording.stop()
        web.client.close()


def alice(client: Any) -> Any:
    from django.contrib.auth.models import User

    client.force_login(User.objects.create_user("alice", is_staff=True))
    return client


def test_a_change_is_done_by_the_user_of_its_request_and_caused_by_it(web: Web) -> None:
    alice(Client()).get("/tag", headers={"traceparent": TRACE, "x-request-id": "r-1"})
    change, request = web.events()
    assert change["actor"] == {"type": "user", "id": "alice", "roles": ["staff"]} == request["actor"]
    assert change["causation_id"] == request["id"]
    assert (change["trace"]["trace_id"], change["correlation_id"]) == ("a" * 32, "r-1")
    assert (request["action"], request["output"]["status"]) == ("http.request", 200)


def test_who_is_not_logged_in_is_anonymous_and_costs_no_query(web: Web) -> None:
    with CaptureQueriesContext(connection) as captured:
        Client().get("/plain")
    assert (len(captured), web.events()[0]["actor"]["id"]) == (0, "anonymous")


def test_looking_at_the_user_does_not_make_the_answer_vary(web: Web) -> None:
    answer = alice(Client()).get("/plain")
    assert web.events()[0]["actor"]["id"] == "alice"
    assert "Vary" not in answer.headers


def test_what_a_view_raises_is_recorded_with_its_answer(web: Web) -> None:
    Client(raise_request_exception=False).get("/broken")
    (event,) = web.events()
    assert (event["outcome"], event["error"]["message"], event["output"]["status"]) == ("error", "no such order", 500)


@pytest.mark.parametrize("view", ["tag", "atag"])
def test_under_asgi_the_user_is_known_too(web: Web, view: str) -> None:
    import asyncio

    client = alice(AsyncClient())

    async def visit() -> Any:
        return await client.get(f"/{view}")

    assert asyncio.run(visit()).status_code == 200
    assert [(event["action"], event["actor"]["id"]) for event in web.events()] == [
        ("entity.create", "alice"),
        ("http.request", "alice"),
    ]


def test_a_request_that_is_skipped_is_not_recorded(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Middleware, "skips", lambda self, request: request.path == "/plain")
    Client().get("/plain")
    assert web.events() == []


def test_a_user_who_cannot_be_described_leaves_the_request_as_it_is(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(self: Any, user: Any) -> Any:
        raise RuntimeError("no")

    monkeypatch.setattr(Middleware, "actor", unusable)
    assert alice(Client()).get("/tag").status_code == 200
    assert {event["actor"]["id"] for event in web.events()} == {"anonymous"}
