"""Clients that open no socket: Starlette's, Flask's, Django's. The application counts what reaches it."""

import asyncio
import sys
import types

import django
import django.conf
import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import graven.sdk.asgi  # noqa: F401 - where it is loaded, applications in this process are sent the trace
from graven.pytest_plugin import io

ROOT = __name__


@pytest.fixture
def starlette_app():
    seen = []

    async def view(request: Request):
        seen.append((request.url.path, dict(request.headers), await request.body()))
        if request.url.path == "/redirect":
            return RedirectResponse("/end")
        return PlainTextResponse("fine")

    app = Starlette(routes=[Route("/{rest:path}", view, methods=["GET", "POST"])])
    app.state.seen = seen
    return app


def test_starlettes_client_is_recorded_once_for_each_request(starlette_app, recorded):
    client = TestClient(starlette_app)
    assert client.get("/redirect").text == "fine"
    assert client.post("/form", content=b"body").text == "fine"
    assert [path for path, _, _ in starlette_app.state.seen] == ["/redirect", "/end", "/form"]
    assert [event["output"]["status"] for event in recorded] == [307, 200, 200]
    assert recorded[2]["input"]["body"] == "body"
    sent = [headers["traceparent"] for _, headers, _ in starlette_app.state.seen]
    assert [value.split("-")[2] for value in sent] == [event["trace"]["span_id"] for event in recorded]


def test_without_our_middleware_an_application_in_this_process_is_sent_what_the_client_sends(
    starlette_app, recorded, monkeypatch
):
    for name in ("graven.sdk.asgi", "graven.sdk.wsgi"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    TestClient(starlette_app).get("/")
    assert not {"traceparent", "baggage"} & starlette_app.state.seen[0][1].keys()
    assert len(recorded) == 1


async def _sockets(scope, receive, send):
    await receive()
    if scope["path"] == "/closed":
        await send({"type": "websocket.close"})
    elif scope["path"] == "/broken":
        raise LookupError("of the application")
    else:
        await send({"type": "websocket.accept"})
        await receive()


def test_a_websocket_that_was_accepted_is_a_request_answered_101(recorded):
    with TestClient(_sockets).websocket_connect("/open"):
        pass
    (event,) = recorded
    assert (event["method"]["operation"], event["method"]["uri"]) == ("GET", "ws://testserver/open")
    assert (event["outcome"], event["output"]["status"], "error" in event) == ("success", 101, False)


def test_a_websocket_that_was_closed_instead_is_a_request_answered_403(recorded):
    with pytest.raises(WebSocketDisconnect), TestClient(_sockets).websocket_connect("/closed"):
        pass
    (event,) = recorded
    assert event["output"]["status"] == 403


def test_a_websocket_whose_application_raises_has_the_error_and_no_status(recorded):
    with pytest.raises(LookupError), TestClient(_sockets).websocket_connect("/broken"):
        pass
    (event,) = recorded
    assert event["error"]["type"] == "builtins.LookupError"
    assert "output" not in event


def test_a_request_that_the_application_makes_is_a_child_of_the_one_it_answers(server, recorded):
    async def app(scope, receive, send):
        async with httpx.AsyncClient() as client:
            answer = await client.get(server.url + "/inner")
        await send({"type": "http.response.start", "status": answer.status_code, "headers": []})
        await send({"type": "http.response.body", "body": answer.content})

    async def run():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.get("http://app.test/outer")

    assert asyncio.run(run()).status_code == 200
    inner, outer = recorded
    assert inner["method"]["uri"] == server.url + "/inner"
    assert inner["trace"]["parent_span_id"] == outer["trace"]["span_id"]


def test_an_exception_of_the_application_passes_through_the_transport(recorded):
    def app(environ, start_response):
        raise LookupError("of the application")

    with (
        httpx.Client(transport=httpx.WSGITransport(app)) as client,
        pytest.raises(LookupError, match="of the application"),
    ):
        client.get("http://app.test/")
    assert recorded[0]["error"] == {"type": "builtins.LookupError", "message": "of the application"}


@pytest.fixture
def flask_app():
    app = flask.Flask(ROOT)
    app.seen = []

    @app.before_request
    def note():
        app.seen.append((flask.request.path, flask.request.headers.get("traceparent")))

    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect("/end"))
    app.add_url_rule("/end", "end", lambda: "fine")
    app.add_url_rule("/echo", "echo", lambda: flask.request.get_data(), methods=["POST"])  # noqa: PLW0108 - bound in a request only
    app.add_url_rule("/parts", "parts", lambda: flask.Response(iter(["one ", "two"])))
    return app


def test_flasks_client_is_recorded_once_for_each_request(flask_app, recorded):
    client = flask_app.test_client()
    assert client.get("/redirect", follow_redirects=True).text == "fine"
    assert client.post("/echo?q=1", data=b"body").data == b"body"
    assert [path for path, _ in flask_app.seen] == ["/redirect", "/end", "/echo"]
    assert sorted(event["output"]["status"] for event in recorded) == [200, 200, 302]
    assert {value.split("-")[2] for _, value in flask_app.seen} == {event["trace"]["span_id"] for event in recorded}
    assert recorded[-1]["method"]["uri"] == "http://localhost/echo?q=1"
    assert (recorded[-1]["input"]["body"], recorded[-1]["output"]["body"]) == ("body", "body")


def test_flasks_streamed_answer_is_seen_as_it_is_read(flask_app, recorded):
    answer = flask_app.test_client().get("/parts")
    assert recorded == []
    assert answer.text == "one two"
    assert recorded[0]["output"]["body"] == "one two"


@pytest.fixture(scope="module")
def django_ready():
    import tests.support.django_shop  # noqa: F401 - Django has one project in a process
    from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
    from django.urls import path

    routes = types.ModuleType("routes")
    routes.urlpatterns = [
        path("echo", lambda request: HttpResponse(request.body)),
        path("redirect", lambda request: HttpResponseRedirect("/end")),
        path("end", lambda request: HttpResponse(request.headers["traceparent"])),
        path("parts", lambda request: StreamingHttpResponse(iter([b"one ", b"two"]))),
    ]
    django.conf.settings.ROOT_URLCONF = routes


@pytest.mark.usefixtures("django_ready")
def test_djangos_client_is_recorded_once_for_each_request(recorded):
    from django.test import Client

    client = Client()
    assert client.post("/echo", data=b"body", content_type="text/plain").content == b"body"
    end = client.get("/redirect", follow=True).content.decode()
    assert [event["output"]["status"] for event in recorded] == [200, 302, 200]
    assert (recorded[0]["input"]["body"], recorded[0]["output"]["body"]) == ("body", "body")
    assert end.split("-")[2] == recorded[2]["trace"]["span_id"]


@pytest.mark.usefixtures("django_ready")
def test_djangos_streamed_answer_is_seen_as_it_is_read(recorded):
    from django.test import Client

    answer = Client().get("/parts")
    assert recorded == []
    assert b"".join(answer.streaming_content) == b"one two"
    assert recorded[0]["output"]["body"] == "one two"


@pytest.mark.usefixtures("django_ready")
def test_djangos_async_client_is_recorded(recorded):
    from django.test import AsyncClient

    answer = asyncio.run(AsyncClient().post("/echo", data=b"body", content_type="text/plain"))
    assert answer.content == b"body"
    (event,) = recorded
    assert (event["input"]["body"], event["output"]["body"]) == ("body", "body")


def test_the_body_of_an_answer_that_the_test_does_not_read_is_recorded(recorded):
    app = flask.Flask("shop")
    app.get("/")(lambda: ({"error": "there is nothing here"}, 404))
    assert app.test_client().get("/").status_code == 404
    io.flush()
    assert recorded[0]["output"]["body"] == '{"error":"there is nothing here"}\n'


def test_a_stream_is_not_asked_for_more_than_the_test_reads(recorded):
    asked = []

    def lines():
        for number in range(3):
            asked.append(number)
            yield f"{number}\n"

    app = flask.Flask("shop")
    app.get("/")(lambda: flask.Response(lines(), headers={"Content-Length": "6"}))
    response = app.test_client().get("/")
    assert asked == [0]
    assert response.get_data() == b"0\n1\n2\n"
    assert recorded[0]["output"]["body"] == "0\n1\n2\n"
