"""What the index opened is closed, wherever the response breaks off."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.exceptions import LitestarException

from graven.errors import Unauthenticated
from graven.index.process.messages import Answer
from graven.server.access import Principal
from graven.server.exports import export_routes
from graven.server.problems import HANDLERS

pytestmark = pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")

PATHS = ["/v1/logs/shop/export", "/v1/logs/shop/events/3/value"]


class Index:
    """An index with a stream of three pieces."""

    def __init__(self):
        self.told = []
        self.left = [b"a", b"b", b"c"]

    async def ask(self, method, log, parameters):
        if method == "next":
            assert parameters == {"stream": "7"}
            return Answer(8, self.left.pop(0), more=True) if self.left else Answer(9, b"")
        return Answer(7, b"", 3, more=True)

    def tell(self, method, log, parameters):
        self.told.append((method, log, parameters))


class World:
    """The two calls, of a service that records in `recorded` and may `fail` there; admits `times` and no more."""

    def __init__(self, fail=None, times=100):
        self.index = Index()
        self.recorded = []
        self.times = times

        async def one(principal, ip, action, log, targets, facts):
            if fail is not None:
                raise fail
            self.recorded.append((action, facts["count"]))

        self.principal = Principal("t1", "one", frozenset({"auditor"}))

        def admit(scope, permission, log):
            self.times -= 1
            if self.times < 0:
                raise Unauthenticated("unknown or revoked token")
            return self.principal, None

        service = SimpleNamespace(
            admit=admit,
            index=self.index,
            reads=SimpleNamespace(one=one),
        )
        self.app = Litestar(export_routes(service), openapi_config=None, exception_handlers=dict(HANDLERS))

    async def call(self, path, send):
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"path=/output" if path.endswith("value") else b"",
            "headers": [],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
            "scheme": "http",
            "root_path": "",
            "http_version": "1.1",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "extensions": {},
        }
        asked = False

        async def receive():
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        await self.app(scope, receive, send)

    @property
    def is_closed(self):
        return ("close", "shop", {"stream": "7"}) in self.index.told


def breaking_at(number, error):
    """A `send` that fails at its `number`-th message."""
    sent = []

    async def send(message):
        sent.append(message)
        if len(sent) == number:
            raise error

    return send


@pytest.mark.parametrize("path", PATHS)
def test_all_pieces_are_sent_and_the_stream_is_closed(path):
    world, sent = World(), []

    async def send(message):
        sent.append(message)

    async def main():
        # Litestar listens for a disconnect until the client goes: that is the server's part, here it is ended
        async with asyncio.timeout(30):
            task = asyncio.ensure_future(world.call(path, send))
            while not (sent and sent[-1].get("more_body") is False):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert b"".join(message.get("body", b"") for message in sent) == b"abc"
    assert (world.is_closed, len(world.recorded)) == (True, 1)


def test_empty_pieces_are_waited_through_and_not_sent():
    world, sent = World(), []
    world.index.left = [b"", b"a", b"", b"", b"b", b""]

    async def send(message):
        sent.append(message)

    async def main():
        async with asyncio.timeout(30):
            task = asyncio.ensure_future(world.call(PATHS[0], send))
            while not (sent and sent[-1].get("more_body") is False):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert [message["body"] for message in sent[1:]] == [b"a", b"b", b""]
    assert (world.index.left, world.is_closed) == ([], True)


@pytest.mark.parametrize("path", PATHS)
def test_a_read_that_cannot_be_recorded_closes_the_stream(path):
    world, sent = World(fail=OSError("no space")), []

    async def send(message):
        sent.append(message)

    asyncio.run(world.call(path, send))
    assert (sent[0]["status"], world.is_closed, world.recorded) == (500, True, [])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("error", [OSError("gone"), asyncio.CancelledError()], ids=["failed", "cancelled"])
def test_a_response_that_cannot_be_sent_closes_the_stream(path, number, error):
    world = World()

    async def main():
        with contextlib.suppress(OSError, LitestarException, asyncio.CancelledError, BaseExceptionGroup):
            await world.call(path, breaking_at(number, error))
        assert world.is_closed  # and not only when the loop ends

    asyncio.run(main())


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_is_revoked_breaks_the_body_off_and_closes_the_stream(path):
    world, sent = World(times=2), []  # the call itself and the first piece

    async def send(message):
        sent.append(message)

    async def main():
        async with asyncio.timeout(30):
            with contextlib.suppress(LitestarException, BaseExceptionGroup):
                await world.call(path, send)

    asyncio.run(main())
    assert b"".join(message.get("body", b"") for message in sent) == b"a"
    assert all(message.get("more_body", True) for message in sent), "no end: the client sees that it is cut"
    assert world.is_closed


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_reads_none_of_its_answers_leaves_room_for_the_others(path):
    world = World()

    async def opened():
        """The status of one more answer that is not read; the call is left open."""
        begun = asyncio.get_running_loop().create_future()

        async def send(message):
            if not begun.done():
                begun.set_result(message["status"])
            if begun.result() == 200:
                await asyncio.Event().wait()

        calls.append(asyncio.ensure_future(world.call(path, send)))
        return await begun

    async def main():
        async with asyncio.timeout(30):
            statuses = [await opened() for _ in range(5)]
            world.principal = Principal("t2", "two", frozenset({"auditor"}))
            statuses.append(await opened())
            calls[0].cancel()
            await asyncio.gather(calls[0], return_exceptions=True)
            world.principal = Principal("t1", "one", frozenset({"auditor"}))
            statuses.append(await opened())
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return statuses

    calls = []
    assert asyncio.run(main()) == [200, 200, 200, 200, 429, 200, 200]
