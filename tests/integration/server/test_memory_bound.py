"""1,000 clients that send 16 MiB each at once: memory stays bounded, and everybody gets an answer."""

import asyncio
import contextlib
import gzip
import json
import resource
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import event, raw_exchange

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

CLIENTS = 1000
BODY_BYTES = 16 * 1024 * 1024
PIECE = 64 * 1024
BOUND_BYTES = 1024 * 1024 * 1024
"""128 MiB in flight, as much again where it is parsed and waits for the disk, buffers of the connections."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with running_server(tmp_path / "data") as process:
            yield process
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def send(server: ServerProcess, pieces: list[bytes], *lines: str) -> int:
    """Status of one upload; a client that stops sending when it is answered. 0 when it was cut off."""
    host, _, port = server.url.partition("://")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    fixed = ["POST /v1/logs/default/events HTTP/1.1", "Host: x", f"Authorization: Bearer {server.token}"]
    writer.write("\r\n".join([*fixed, "Content-Type: application/json", *lines, "", ""]).encode())
    answered = asyncio.ensure_future(reader.readline())
    try:
        for piece in pieces:
            if answered.done():
                break
            writer.write(piece)
            await writer.drain()
        line = await answered
    except ConnectionError:
        return 0
    finally:
        writer.close()
    return int(line.split()[1]) if line else 0


async def everybody(server: ServerProcess, pieces: list[bytes], *lines: str) -> Counter[int]:
    return Counter(await asyncio.gather(*(send(server, pieces, *lines) for _ in range(CLIENTS))))


def pieces_of(content: bytes) -> list[bytes]:
    return [content[start : start + PIECE] for start in range(0, len(content), PIECE)]


def test_memory_is_bounded_when_everybody_announces_what_they_send(server: ServerProcess) -> None:
    empty = len(json.dumps(event(message="")))
    content = json.dumps(event(message="m" * (BODY_BYTES - empty))).encode()
    assert len(content) == BODY_BYTES
    answers = asyncio.run(everybody(server, pieces_of(content), f"Content-Length: {BODY_BYTES}"))
    assert answers[200] >= 1, answers
    assert answers[200] + answers[429] == CLIENTS, answers
    assert server.peak_bytes() < BOUND_BYTES


def test_memory_is_bounded_when_nobody_says_how_much_will_come(server: ServerProcess) -> None:
    chunk = b"%x\r\n%b\r\n" % (PIECE, b" " * PIECE)
    answers = asyncio.run(
        everybody(server, [*[chunk] * (BODY_BYTES // PIECE), b"0\r\n\r\n"], "Transfer-Encoding: chunked")
    )
    assert answers[429] >= CLIENTS // 2, answers
    assert server.peak_bytes() < BOUND_BYTES


def test_memory_is_bounded_when_everybody_sends_a_bomb(server: ServerProcess) -> None:
    bomb = gzip.compress(b" " * (256 * 1024 * 1024))
    answers = asyncio.run(everybody(server, [bomb], "Content-Encoding: gzip", f"Content-Length: {len(bomb)}"))
    assert set(answers) <= {413, 429}, answers
    assert server.peak_bytes() < BOUND_BYTES


def test_memory_is_bounded_when_a_body_holds_the_smallest_events(server: ServerProcess) -> None:
    line = b'{"action":"a","actor":{"id":"b"}}\n'
    content = line * (BODY_BYTES // len(line))
    with server.client() as client:
        refused = client.post(
            "/v1/logs/default/events", content=content, headers={"Content-Type": "application/x-ndjson"}
        )
        taken = client.post(
            "/v1/logs/default/events", content=line * 100_000, headers={"Content-Type": "application/x-ndjson"}
        )
    assert (refused.status_code, taken.status_code) == (413, 200)
    assert server.peak_bytes() < BOUND_BYTES // 2


def test_memory_is_bounded_when_headers_never_end(server: ServerProcess) -> None:
    raw = raw_exchange(server.url, b"GET / HTTP/1.1\r\nX: " + b"a" * (8 * 1024 * 1024), half_close=True)
    assert raw.startswith(b"HTTP/1.1 431")
    assert server.peak_bytes() < BOUND_BYTES // 2


def test_readers_that_take_nothing_of_large_entries_hold_little(server: ServerProcess) -> None:
    host, _, port = server.url.partition("://")[2].partition(":")
    with server.client() as client, contextlib.ExitStack() as stack:
        large = json.dumps(event(input="x" * (15 * 1024 * 1024))).encode()
        appended = client.post("/v1/logs/default/events", content=large, headers={"Content-Type": "application/json"})
        path = f"/v1/logs/default/events/{appended.json()['first']}"
        assert client.get(path).json()["data"] == json.loads(large)
        before = server.resident_bytes()
        for _ in range(60):
            reader = stack.enter_context(socket.create_connection((host, int(port)), timeout=60))
            reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.token}\r\n\r\n".encode())
            assert reader.recv(1) == b"H"  # the answer is on its way
        assert server.resident_bytes() - before < 200 * 1024 * 1024
