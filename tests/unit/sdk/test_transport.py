import contextlib
import socket
import threading

import pytest
from tests.support.sdk_server import AppendServer, problem

from graven.sdk.answers import Accepted, Later, Refused
from graven.sdk.frozen import freeze
from graven.sdk.settings import resolve
from graven.sdk.transport import HttpTransport

BATCH = freeze([b'{"id":"1","action":"a"}'], "key", "identity")


def send(server, **settings):
    transport = HttpTransport(resolve({}, server=server, **settings))
    try:
        return transport.send(BATCH)
    finally:
        transport.close()


def test_an_acknowledgement_is_read():
    with AppendServer() as server:
        assert send(server.url) == Accepted(0)


def test_a_refusal_is_read():
    with AppendServer() as server:
        server.fault = lambda request: problem(404, "not_found", "no such log")
        assert send(server.url) == Refused(404, "not_found", "no such log")


def test_a_closed_port_is_an_unreachable_server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    answer = send(f"http://127.0.0.1:{port}")
    assert isinstance(answer, Later)
    assert not answer.reached


@pytest.mark.parametrize("address", ["http://[", "http://127.0.0.1:99999999", "http://no such host"])
def test_an_address_that_cannot_work_is_an_unreachable_server(address):
    answer = send(address)
    assert isinstance(answer, Later)
    assert not answer.reached


@pytest.mark.parametrize(
    "spoken",
    [
        b"", b"junk\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk",
    ],
)  # fmt: skip
def test_a_server_that_speaks_nonsense_is_no_acknowledgement(spoken):
    answer = _send_to_speaker(spoken)
    assert isinstance(answer, Later)


def test_an_answer_without_end_is_left():
    with AppendServer() as server:
        server.fault = lambda request: (200, {}, b" " * 2_000_000)
        assert send(server.url) == Later("the answer does not end")


def _send_to_speaker(spoken):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak():
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                with contextlib.suppress(OSError):
                    connection.sendall(spoken)

        thread = threading.Thread(target=speak)
        thread.start()
        try:
            return send(f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            thread.join()


def test_a_redirect_is_not_followed():
    with AppendServer() as server:
        server.fault = lambda request: (307, {"Location": "http://127.0.0.1:1/"}, b"")
        assert send(server.url, token="grv_secret") == Later("the server answered 307")
