"""redis-py against a small server that speaks RESP and counts the commands that reach it."""

import asyncio
import socketserver
import threading

import pytest
import redis
import redis.asyncio

from graven.pytest_plugin import io


@pytest.fixture
def server():
    seen, data = [], {}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            while line := self.rfile.readline():
                command = []
                for _ in range(int(line[1:])):
                    size = int(self.rfile.readline()[1:])
                    command.append(self.rfile.read(size))
                    self.rfile.readline()
                self.wfile.write(self.answer(command))

        def answer(self, command):
            name = command[0].upper()
            if name not in (b"SET", b"GET"):
                return b"-ERR unknown command\r\n"
            seen.append(command)
            if name == b"SET":
                data[command[1]] = command[2]
                return b"+OK\r\n"
            value = data.get(command[1])
            return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running.server_address[1], seen
        running.shutdown()
        thread.join()


def test_commands_and_replies_are_seen_as_the_server_saw_them(server, recorded):
    port, seen = server
    with redis.Redis(port=port, protocol=2) as client:
        assert client.set("k", "v") is True
        assert client.get("k") == b"v"
    assert seen == [[b"SET", b"k", b"v"], [b"GET", b"k"]]
    assert [event["input"]["commands"] for event in recorded] == [[["SET", "k", "v"]], [["GET", "k"]]]
    assert [event["output"]["reply"] for event in recorded] == [True, b"v"]
    assert recorded[0]["method"]["uri"] == f"redis://localhost:{port}/0"


def test_a_pipeline_is_one_record(server, recorded):
    port, seen = server
    with redis.Redis(port=port, protocol=2) as client, client.pipeline(transaction=False) as pipeline:
        assert pipeline.set("k", "v").get("k").execute() == [True, b"v"]
    assert len(seen) == 2
    assert [event["input"]["commands"] for event in recorded] == [[["SET", "k", "v"], ["GET", "k"]]]


def test_an_error_reply_passes_and_is_recorded(server, recorded):
    with redis.Redis(port=server[0], protocol=2) as client, pytest.raises(redis.ResponseError, match="unknown command"):
        client.execute_command("NONSENSE")
    assert recorded[0]["outcome"] == "error"


def test_async_commands_are_seen(server, recorded):
    async def run():
        async with redis.asyncio.Redis(port=server[0], protocol=2) as client:
            await client.set("k", "v")
            return await client.get("k")

    assert asyncio.run(run()) == b"v"
    assert [event["method"]["operation"] for event in recorded] == ["SET", "GET"]


def test_uninstall_leaves_the_original_methods():
    before = redis.Redis.execute_command, redis.client.Pipeline.execute, redis.asyncio.Redis.execute_command
    io.install(lambda event: None)
    io.uninstall()
    assert (redis.Redis.execute_command, redis.client.Pipeline.execute, redis.asyncio.Redis.execute_command) == before
