"""The audit hook: what no capture saw is noted once for each kind and target; what one saw is not."""

import asyncio
import os
import shlex
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import aiohttp
import httpx
import pytest
import requests
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from graven.pytest_plugin import io


def undeclared(recorded):
    io.flush()
    return [
        (e["method"]["operation"], e["method"].get("uri"), e["output"]["count"])
        for e in recorded
        if e["action"] == "io.undeclared"
    ]


@pytest.fixture
def home():
    """A folder that is not a temporary one."""
    folder = Path(__file__).parent / f"written-{os.getpid()}"
    folder.mkdir()
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_connection_of_a_bare_socket_is_noted_once_with_a_count(recorded, server):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(3):
        socket.create_connection((host, int(port))).close()
    assert undeclared(recorded) == [("socket.connect", f"{host}:{port}", 3)]
    (event,) = recorded
    assert event["outcome"] == "unknown"
    assert "duration_ns" not in event


def test_each_flush_begins_a_new_count(recorded, server):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(2):
        socket.create_connection((host, int(port))).close()
        io.flush()
    assert [count for _, _, count in undeclared(recorded)] == [1, 1]


def test_a_datagram_is_noted(recorded):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"requests:1|c", ("127.0.0.1", 8125))
    assert undeclared(recorded) == [("socket.sendto", "127.0.0.1:8125", 1)]


def test_urllib_is_noted_with_its_url(recorded, server):
    urllib.request.urlopen(f"{server.url}/ok").read()
    assert ("http.request", f"{server.url}/ok", 1) in undeclared(recorded)


def test_clients_that_are_captured_are_not_noted(recorded, server):
    requests.get(server.url, timeout=5)
    with httpx.Client() as client:
        client.get(server.url)
    assert undeclared(recorded) == []
    assert [e["action"] for e in recorded] == ["http.request"] * 2


def test_asynchronous_clients_that_are_captured_are_not_noted(recorded, server):
    async def use():
        async with httpx.AsyncClient() as client:
            await client.get(server.url)
        async with aiohttp.ClientSession() as session, session.get(server.url) as response:
            await response.read()

    asyncio.run(use())
    assert undeclared(recorded) == []
    assert [e["action"] for e in recorded] == ["http.request"] * 2


def test_an_aiohttp_connection_that_fails_is_noted(recorded):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def use():
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://127.0.0.1:{port}/")

    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(use())
    assert undeclared(recorded) == [("socket.connect", f"127.0.0.1:{port}", 1)]


def test_what_an_application_does_under_a_captured_client_in_this_process_is_noted(recorded, server):
    host, port = server.url.removeprefix("http://").split(":")

    async def page(request):
        socket.create_connection((host, int(port))).close()
        return PlainTextResponse("ok")

    async def use():
        transport = httpx.ASGITransport(Starlette(routes=[Route("/", page)]))
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            await client.get("/")

    asyncio.run(use())
    assert undeclared(recorded) == [("socket.connect", f"{host}:{port}", 1)]


def test_a_program_started_by_subprocess_is_captured_and_not_noted(recorded):
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert undeclared(recorded) == []
    assert [e["action"] for e in recorded] == ["process.run"]


def test_a_program_started_past_subprocess_is_noted_with_its_arguments(recorded):
    os.system(f"{shlex.quote(sys.executable)} -c ''")
    os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "-c", ""], os.environ), 0)
    found = undeclared(recorded)
    assert found == [("process.system", shlex.quote(sys.executable), 1), ("process.posix_spawn", sys.executable, 1)]
    assert recorded[1]["input"]["argv"] == [sys.executable, "-c", ""]


def test_a_file_written_outside_of_temporary_folders_is_noted(recorded, home):
    for _ in range(2):
        (home / "report.txt").write_text("x")
    (home / "report.txt").rename(home / "moved.txt")
    (home / "moved.txt").unlink()
    assert undeclared(recorded) == [
        ("file.write", f"{home}/report.txt", 2),
        ("file.rename", f"{home}/moved.txt", 1),
        ("file.remove", f"{home}/moved.txt", 1),
    ]


def test_files_that_are_read_or_temporary_or_pythons_own_are_not_noted(recorded, home, tmp_path):
    (tmp_path / "scratch").write_text("x")
    Path(__file__).read_text()
    with open(os.devnull, "w") as sink:
        sink.write("x")
    (home / "module.pyc").write_bytes(b"")
    (home / ".coverage.host.1").write_bytes(b"")
    assert undeclared(recorded) == []


def test_files_below_a_folder_that_is_to_be_ignored_are_not_noted(recorded, home):
    io.ignore_below(str(home))
    (home / "report.txt").write_text("x")
    assert undeclared(recorded) == []


def test_a_database_opened_past_connect_is_noted(recorded, tmp_path):
    sqlite3.connect(tmp_path / "captured").close()
    sqlite3.Connection(str(tmp_path / "past")).close()
    sqlite3.Connection(":memory:").close()
    assert undeclared(recorded) == [("sqlite3.connect", str(tmp_path / "past"), 1)]


def test_many_targets_are_bounded_and_the_rest_is_counted(recorded):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port in range(20_000, 20_130):
            sender.sendto(b"", ("127.0.0.1", port))
    found = undeclared(recorded)
    assert len(found) == 101
    assert found[-1] == ("more", None, 30)


def test_io_of_a_thread_that_the_test_started_is_noted(recorded, server):
    host, port = server.url.removeprefix("http://").split(":")
    thread = threading.Thread(target=lambda: socket.create_connection((host, int(port))).close())
    thread.start()
    thread.join()
    assert undeclared(recorded) == [("socket.connect", f"{host}:{port}", 1)]


def test_outside_of_a_test_nothing_is_noted(recorded, server):
    io.set_context(lambda: None)
    host, port = server.url.removeprefix("http://").split(":")
    socket.create_connection((host, int(port))).close()
    assert undeclared(recorded) == []


def test_after_uninstall_the_hook_does_nothing(server):
    found = []
    io.install(found.append)
    io.uninstall()
    host, port = server.url.removeprefix("http://").split(":")
    socket.create_connection((host, int(port))).close()
    assert found == []


def test_what_is_noted_runs_no_code_of_the_arguments(recorded):
    class Exits:
        def __str__(self):
            raise SystemExit

    sys.audit("socket.connect", None, (Exits(), Exits()))
    sys.audit("subprocess.Popen", "make", [Exits()], None, None)
    assert undeclared(recorded) == [("socket.connect", "<Exits>:<Exits>", 1), ("process.spawn", "make", 1)]
