"""The ASGI middleware in a real uvicorn, driven over HTTP."""

import asyncio
import json
import logging

import httpx
import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client
from tests.support.sdk_web import asgi_server

import graven
from graven.sdk.asgi import ASGIMiddleware

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Shop:
    """A small application: echo, a stream in two steps, a failure, calls and log lines inside."""

    def __init__(self, client):
        self.client = client
        self.first_piece_was_read = asyncio.Event()
        self.loop = None
        self.log = logging.Logger("shop")  # noqa: LOG001 - a logger of this test alone
        self.log.addHandler(graven.GravenHandler(client))

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        self.loop = asyncio.get_running_loop()
        match scope["path"]:
            case "/echo":
                scope["user"] = "alice"
                body = b""
                while True:
                    message = await receive()
                    body += message.get("body", b"")
                    if not message.get("more_body"):
                        break
                await self.answer(send, 201, body, scope)
            case "/stream":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"first", "more_body": True})
                await self.first_piece_was_read.wait()
                await send({"type": "http.response.body", "body": b"second"})
            case "/fail":
                password = "opensesame"  # noqa: F841 - looked for in the record
                raise LookupError("no such order")
            case "/work":
                scope["user"] = "bob"

                @graven.recorded(action="shop.work", client=self.client)
                async def work(x):
                    self.log.info("working")

                await work(1)
                await self.answer(send, 204, b"", scope)

    async def answer(self, send, status, body, scope):
        kind = dict(scope["headers"]).get(b"content-type", b"text/plain")
        headers = [(b"content-type", kind), (b"set-cookie", b"sid=c00kie-value-1")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class World:
    def __init__(self, tmp_path):
        self.transport = ScriptedTransport()
        self.client = scripted_client(self.transport, tmp_path / "spool")
        self.shop = Shop(self.client)
        self.app = ASGIMiddleware(
            self.shop, client=self.client, who=lambda scope: scope.get("user"), body_bytes=1000,
            skip=lambda scope: scope["path"] == "/healthz",
        )  # fmt: skip

    def events(self, action="http.request"):
        assert self.client.flush()
        return [event for event in self.transport.events if event["action"] == action]


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.client.close()


def test_a_request_is_recorded_with_who_what_and_how(world):
    with asgi_server(world.app) as url:
        answer = httpx.post(
            f"{url}/echo?a=1", json={"sku": "LAMP"}, headers={"traceparent": PARENT, "x-request-id": "r-1"}
        )
    assert answer.json() == {"sku": "LAMP"}
    (event,) = world.events()
    assert event["actor"] == {"id": "alice"}
    assert event["method"] == {"protocol": "HTTP/1.1", "operation": "POST", "uri": "/echo"}
    assert event["origin"]["ip"] == "127.0.0.1"
    assert event["input"]["query"] == {"a": "1"}
    assert event["input"]["body"] == event["output"]["body"] == {"sku": "LAMP"}
    assert event["output"]["status"] == 201
    assert event["outcome"] == "success"
    assert event["trace"]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert event["correlation_id"] == "r-1"
    assert event["duration_ns"] > 0


def test_a_stream_is_passed_on_piece_by_piece(world):
    with asgi_server(world.app) as url, httpx.stream("GET", f"{url}/stream") as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        world.shop.loop.call_soon_threadsafe(world.shop.first_piece_was_read.set)
        assert (first, b"".join(pieces)) == (b"first", b"second")
    (event,) = world.events()
    assert event["output"]["body_size"] == 11


def test_an_exception_is_recorded_and_raised_on(world):
    raised = []

    async def outermost(scope, receive, send):
        try:
            await world.app(scope, receive, send)
        except LookupError as error:
            raised.append(error)
            raise

    with asgi_server(outermost) as url:
        assert httpx.get(f"{url}/fail").status_code == 500
    (event,) = world.events()
    assert len(raised) == 1
    assert event["outcome"] == "error"
    assert event["error"]["type"] == "LookupError"
    frame = event["error"]["stack"][-1]
    assert frame["function"].endswith("__call__")
    assert frame["locals"]["password"].keys() == {"$redacted"}


def test_identity_flows_into_calls_and_log_lines(world):
    with asgi_server(world.app) as url:
        httpx.get(f"{url}/work", headers={"traceparent": PARENT})
    (request,) = world.events()
    (call,) = world.events("shop.work")
    (line,) = world.events("log.record")
    assert {event["actor"]["id"] for event in (request, call, line)} == {"bob"}
    assert request["trace"] == call["trace"] == line["trace"]
    assert call["causation_id"] == request["id"]
    assert line["causation_id"] == call["id"]


def test_requests_at_once_keep_their_identities_apart(world):
    async def main(url):
        async with httpx.AsyncClient() as http:
            await asyncio.gather(*(http.get(f"{url}/{path}") for path in ["work", "echo"] * 10))

    with asgi_server(world.app) as url:
        asyncio.run(main(url))
    actors = {event["method"]["uri"]: event["actor"]["id"] for event in world.events()}
    assert actors == {"/work": "bob", "/echo": "alice"}
    assert len(world.events()) == 20
    assert len({event["trace"]["trace_id"] for event in world.events()}) == 20


def test_a_skipped_request_is_not_recorded(world):
    with asgi_server(world.app) as url:
        httpx.get(f"{url}/healthz")
    assert world.events() == []


def test_a_large_body_passes_whole_and_is_recorded_by_its_digest(world):
    body = json.dumps({"x": "y" * 100_000}).encode()
    with asgi_server(world.app) as url:
        answer = httpx.post(f"{url}/echo", content=body, headers={"content-type": "application/json"})
    assert answer.content == body
    (event,) = world.events()
    assert event["input"]["body"]["$bytes"]["size"] == len(body)


def test_other_protocols_pass_untouched(world):
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    scope, receive, send = {"type": "websocket"}, object(), object()
    asyncio.run(ASGIMiddleware(app, client=world.client)(scope, receive, send))
    assert seen == [(scope, receive, send)]
    assert world.client.stats().recorded == 0
