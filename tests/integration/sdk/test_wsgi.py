"""The WSGI middleware in wsgiref, driven over HTTP."""

import threading
from wsgiref.validate import validator

import httpx
import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client
from tests.support.sdk_web import wsgi_server

import graven
from graven.sdk.wsgi import WSGIMiddleware


class World:
    def __init__(self, tmp_path):
        self.transport = ScriptedTransport()
        self.client = scripted_client(self.transport, tmp_path / "spool")
        self.gate = threading.Event()

    def wrap(self, app):
        return WSGIMiddleware(app, client=self.client, who=lambda environ: environ.get("shop.user"), body_bytes=1000)

    def events(self, action="http.request"):
        assert self.client.flush()
        return [event for event in self.transport.events if event["action"] == action]


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.client.close()


def echo(environ, start_response):
    environ["shop.user"] = "alice"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("201 Created", [("Content-Type", environ.get("CONTENT_TYPE") or "text/plain")])
    return [body]


def test_a_request_is_recorded_with_who_what_and_how(world):
    with wsgi_server(world.wrap(echo)) as url:
        answer = httpx.post(f"{url}/echo/%C3%A9?a=1", json={"sku": "LAMP"})
    assert answer.json() == {"sku": "LAMP"}
    assert "content-length" in answer.headers, "the server still knows the length of the body"
    (event,) = world.events()
    assert event["actor"] == {"id": "alice"}
    assert event["method"] == {"protocol": "HTTP/1.1", "operation": "POST", "uri": "/echo/é"}
    assert event["input"]["query"] == {"a": "1"}
    assert event["input"]["body"] == event["output"]["body"] == {"sku": "LAMP"}
    assert event["output"]["status"] == 201


def test_a_stream_is_passed_on_piece_by_piece(world):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"first"
        assert world.gate.wait(60)
        yield b"second"

    with wsgi_server(world.wrap(app)) as url, httpx.stream("GET", url) as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"first"
        world.gate.set()
        assert b"".join(pieces) == b"second"
    (event,) = world.events()
    assert event["output"]["body"] == "firstsecond"


def test_identity_flows_into_the_body_of_a_generator(world):
    def app(environ, start_response):
        start_response("200 OK", [])
        environ["shop.user"] = "bob"
        world.client.record("inside")
        yield b""

    with wsgi_server(world.wrap(app)) as url:
        httpx.get(url)
    (inside,), (request,) = world.events("inside"), world.events()
    assert inside["actor"] == request["actor"] == {"id": "bob"}
    assert inside["causation_id"] == request["id"]
    assert inside["trace"] == request["trace"]


@pytest.mark.parametrize("lazily", [False, True])
def test_an_exception_is_recorded_and_raised_on(world, lazily):
    def fails():
        local = 5
        raise LookupError(f"no {local}")
        yield b""

    def app(environ, start_response):
        if lazily:
            return fails()
        return list(fails())

    with wsgi_server(world.wrap(app)) as url:
        assert httpx.get(url).status_code == 500
    (event,) = world.events()
    assert event["outcome"] == "error"
    assert event["error"]["stack"][-1]["locals"]["local"] == 5


def test_the_body_is_closed_once_and_the_write_callable_works(world):
    closed = []

    class Body:
        def __iter__(self):
            yield b"iterated"

        def close(self):
            closed.append(1)

    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written,")
        return Body()

    with wsgi_server(world.wrap(app)) as url:
        assert httpx.get(url).content == b"written,iterated"
    assert closed == [1]
    assert world.events()[0]["output"]["body"] == "written,iterated"


def test_the_middleware_keeps_the_protocol(world):
    """wsgiref's validator outside and inside."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    with wsgi_server(validator(world.wrap(validator(app)))) as url:
        assert httpx.get(url).content == b"fine"


def test_the_decorator_and_the_middleware_share_the_scope(world):
    @graven.recorded(action="shop.work", client=world.client)
    def work():
        return 1

    def app(environ, start_response):
        environ["shop.user"] = "carol"
        work()
        start_response("200 OK", [])
        return [b""]

    with wsgi_server(world.wrap(app)) as url:
        httpx.get(url)
    assert world.events("shop.work")[0]["actor"] == {"id": "carol"}
