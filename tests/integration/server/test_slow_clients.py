"""Slow and lying clients are cut off, and a server full of them still serves the others."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import event, raw_exchange, size

LIMITS = (
    *("--limits-header-timeout-s", "0.3"),
    *("--limits-body-grace-s", "0.3"),
    *("--limits-idle-timeout-s", "0.3"),
    *("--limits-write-timeout-s", "0.3"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("slow") / "data", *LIMITS) as process:
        yield process


def head(server: ServerProcess, *lines: str) -> bytes:
    fixed = ["POST /v1/logs/default/events HTTP/1.1", "Host: x", f"Authorization: Bearer {server.token}"]
    return "\r\n".join([*fixed, "Content-Type: application/json", *lines, "", ""]).encode()


def status(raw: bytes) -> int:
    return int(raw.split(b" ")[1])


def test_headers_that_do_not_end_are_answered_with_408(server: ServerProcess) -> None:
    assert status(raw_exchange(server.url, b"GET /healthz HTTP/1.1\r\nHost:")) == 408


def test_a_connection_that_says_nothing_is_closed(server: ServerProcess) -> None:
    assert raw_exchange(server.url) == b""


def test_an_idle_kept_alive_connection_is_closed(server: ServerProcess) -> None:
    raw = raw_exchange(server.url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status(raw) == 200


def test_a_connection_whose_body_came_after_its_answer_is_closed_when_idle(server: ServerProcess) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"POST /v1/logs/default/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234")
        assert status(connection.recv(65_536)) == 401
        connection.sendall(b"56789")
        while connection.recv(65_536):
            pass


def test_a_body_that_stops_coming_is_answered_with_408_and_nothing_is_stored(server: ServerProcess) -> None:
    with server.client() as client:
        before = size(client)
    raw = raw_exchange(server.url, head(server, "Content-Length: 1000") + b'{"action"')
    assert status(raw) == 408
    with server.client() as client:
        assert size(client) == before


def test_a_chunked_body_that_stops_coming_is_cut_off(server: ServerProcess) -> None:
    raw = raw_exchange(server.url, head(server, "Transfer-Encoding: chunked") + b"4\r\n[   \r\n")
    assert status(raw) == 408


def test_bytes_of_cut_off_bodies_are_given_back(server: ServerProcess) -> None:
    raw_exchange(server.url, head(server, "Content-Length: 16000000") + b"[")
    with server.client() as client:
        assert "graven_bytes_in_flight 0.0" in client.get("/metrics").text
        assert 'graven_cut_off_clients_total{kind="body_too_slow"}' in client.get("/metrics").text


def test_a_client_that_takes_no_answer_is_cut_off(server: ServerProcess) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    request = f"GET /schema HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode()
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        greedy.settimeout(30)
        greedy.connect((host, int(port)))
        with contextlib.suppress(ConnectionError):
            while True:  # until the server, which nobody takes answers from, aborts
                greedy.sendall(request * 50)
    with server.client() as client:
        assert 'graven_cut_off_clients_total{kind="answer_not_taken"}' in client.get("/metrics").text


def test_a_whole_request_followed_by_junk_is_answered_and_then_closed(server: ServerProcess) -> None:
    content = json.dumps(event()).encode()
    raw = raw_exchange(server.url, head(server, f"Content-Length: {len(content)}") + content + b"junk\r\n\r\n")
    assert status(raw) == 200
    assert raw.count(b"HTTP/1.1") == 1


def test_a_half_closed_client_still_gets_its_answer(server: ServerProcess) -> None:
    content = json.dumps(event()).encode()
    raw = raw_exchange(server.url, head(server, f"Content-Length: {len(content)}") + content, half_close=True)
    assert status(raw) == 200


def test_others_are_served_while_many_hang(server: ServerProcess) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            hanging = stack.enter_context(socket.create_connection((host, int(port))))
            hanging.sendall(head(server, "Content-Length: 100"))
        with server.client() as client:
            assert client.post("/v1/logs/default/events", json=event()).status_code == 200


def test_a_body_at_a_fair_pace_is_taken(tmp_path: object, server: ServerProcess) -> None:
    content = json.dumps(event(message="m" * 40_000)).encode()
    host, _, port = server.url.partition("://")[2].partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(head(server, f"Content-Length: {len(content)}", "Connection: close"))
        for start in range(0, len(content), 4096):
            client.sendall(content[start : start + 4096])
            time.sleep(0.06)  # the pace is what is tested: about 68 kB/s for 0.6 s, twice the grace
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert status(answer) == 200
