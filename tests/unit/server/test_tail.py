"""How many tails are open at once, and how many rows each of them gets."""

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from graven.errors import Busy, Conflict, InvalidInput, Unavailable
from graven.index.process.messages import Answer
from graven.server.access import Principal
from graven.server.service import Service
from graven.server.tail import tail_routes

Body = AsyncGenerator[bytes, None]


class World:
    """A service whose index answers when `answers` is set. `arrivals` are (seconds from the look before, matches)."""

    def __init__(
        self, *, most_tails: int = 256, most_of_one: int = 32, arrivals: tuple[tuple[float, int], ...] = ()
    ) -> None:
        self.arrivals = list(arrivals)
        self.answers = asyncio.Event()
        self.answers.set()
        self.failing = self.unrecorded = self.stopping = False
        self.size = self.seen = 0
        self.now_s = 0.0
        self.looks: list[tuple[int, int]] = []
        """(limit, matches) of each."""
        self.ended: list[dict[str, Any]] = []
        self.index = SimpleNamespace(indexed=lambda log: self.size, ask=self.ask, advanced=self.advanced)
        self.reads = SimpleNamespace(one=self.recorded, soon=lambda *args: self.ended.append(args[-1]))
        self.principal = Principal("t1", "one", frozenset({"reader"}))
        (route,) = tail_routes(
            cast("Service", self), most_tails=most_tails, most_of_one=most_of_one, monotonic=lambda: self.now_s
        )
        self.call: Any = route.fn

    def admit(self, scope: object, permission: str, log: str) -> Any:
        return self.principal, SimpleNamespace(name=log, size=self.size)

    def authenticate(self, headers: object) -> Any:
        return SimpleNamespace(require=lambda *_: None)

    async def ask(self, method: str, log: str, parameters: dict[str, str]) -> Answer:
        await self.answers.wait()
        if self.failing:
            raise Unavailable("the index is away")
        found, self.seen = self.size - self.seen, self.size
        self.looks.append((int(parameters["limit"]), found))
        return Answer(1, b"rows", found, None, self.size - 1)

    async def advanced(self, log: str, beyond: int, timeout_s: float) -> None:
        passed_s, number = self.arrivals.pop(0)
        self.now_s += passed_s
        self.size += number
        self.stopping = not self.arrivals

    async def recorded(self, *_: Any) -> None:
        if self.unrecorded:
            raise Unavailable("the writer stopped")

    async def open(self, **parameters: str) -> Body:
        items = SimpleNamespace(multi_items=lambda: list(parameters.items()))
        request = SimpleNamespace(scope={"headers": []}, query_params=items, headers={})
        return cast("Body", (await self.call(request, "default", **parameters)).iterator)


def test_opens_that_come_together_do_not_pass_the_limit_together() -> None:
    async def play() -> list[type]:
        world = World(most_tails=2)
        world.answers.clear()
        opening = [asyncio.ensure_future(world.open()) for _ in range(5)]
        await asyncio.wait(opening[2:], timeout=10)  # at once, unless they passed
        world.answers.set()
        return [type(each) for each in await asyncio.gather(*opening, return_exceptions=True)]

    assert asyncio.run(play())[2:] == [Busy] * 3


@pytest.mark.parametrize("fault", ["failing", "unrecorded"])
def test_an_open_that_is_refused_holds_no_place(fault: str) -> None:
    async def play() -> None:
        world = World(most_tails=1)
        setattr(world, fault, True)
        with pytest.raises(Unavailable) as refused:
            await world.open()
        setattr(world, fault, False)
        await world.open()
        assert refused.traceback, "whoever keeps the error keeps no place"

    asyncio.run(play())


def test_an_open_whose_client_goes_holds_no_place() -> None:
    async def play() -> None:
        world = World(most_tails=1)
        world.answers.clear()
        opening = asyncio.ensure_future(world.open())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(opening, 0)
        world.answers.set()
        await world.open()

    asyncio.run(play())


def test_a_body_that_never_begins_holds_no_place() -> None:
    async def play() -> None:
        world = World(most_tails=1)
        body = await world.open()
        with pytest.raises(Busy):
            await world.open()
        del body
        await world.open()

    asyncio.run(play())


def test_a_body_that_is_closed_holds_no_place_and_is_recorded() -> None:
    async def play() -> World:
        world = World(most_tails=1)
        body = await world.open()
        await anext(body)
        with pytest.raises(Busy):
            await world.open()
        await body.aclose()
        await world.open()
        return world

    assert asyncio.run(play()).ended == [{"count": 0, "last": -1}]


def test_one_token_leaves_room_for_the_others() -> None:
    async def play() -> str:
        world = World(most_of_one=2)
        held = [await world.open(), await world.open()]
        with pytest.raises(Busy) as refused:
            await world.open()
        world.principal = Principal("t2", "two", frozenset({"reader"}))
        held.append(await world.open())
        return refused.value.message

    assert asyncio.run(play()) == "token t1 has 2 tails open, and one token may have 2"


@pytest.mark.parametrize("after", ["3", "4", "1000000"])
def test_a_tail_behind_what_the_log_has_not_is_refused(after: str) -> None:
    async def play() -> Conflict:
        world = World(most_tails=1)
        world.size = 3
        with pytest.raises(Conflict) as refused:
            await world.open(after=after)
        await world.open(after="2")
        return refused.value

    refused = asyncio.run(play())
    assert (refused.code, refused.details) == ("beyond_the_log", {"after": int(after), "size": 3})


def test_a_tail_of_an_empty_log_begins_before_its_first() -> None:
    asyncio.run(World().open(after="-1"))


def looks(*arrivals: tuple[float, int], most: int) -> tuple[list[tuple[int, int]], int]:
    """(limit, matches) of each look, and how many rows the record says were shown."""

    async def play() -> World:
        world = World(arrivals=arrivals)
        async for _ in await world.open(most=str(most)):
            pass
        return world

    world = asyncio.run(play())
    return world.looks, world.ended[0]["count"]


@pytest.mark.parametrize("most", ["0", "1001", "many", "-1"])
def test_a_rate_that_cannot_be_is_refused(most: str) -> None:
    with pytest.raises(InvalidInput, match=r"most=.*from 1 to 1000"):
        asyncio.run(World().open(most=most))


def test_one_look_may_show_all_of_a_second() -> None:
    assert looks((0.25, 150), most=200) == ([(200, 0), (200, 150)], 150)


def test_what_is_more_than_the_rate_is_left_out() -> None:
    assert looks((0.25, 300), (0.25, 300), (9.0, 300), most=200) == (
        [(200, 0), (200, 300), (50, 300), (200, 300)],
        450,
    )


def test_a_look_waits_until_a_row_may_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    world = World(arrivals=((0.0, 2), (0.0, 2)))

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        world.now_s += seconds

    async def play() -> None:
        monkeypatch.setattr("graven.server.tail.asyncio.sleep", sleep)
        async for _ in await world.open(most="2"):
            pass

    asyncio.run(play())
    assert world.looks == [(2, 0), (2, 2), (1, 2)]
    assert waited == [0.25, 0.25, 0.25]
