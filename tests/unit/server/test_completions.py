"""Answers from other threads reach the loop, each exactly once."""

import asyncio
import threading

from graven.server.completions import Completions


def test_every_answer_arrives_whatever_thread_gives_it() -> None:
    async def play() -> list[int]:
        completions = Completions(asyncio.get_running_loop())
        waiters = [completions.waiter() for _ in range(2000)]
        answerers = [
            threading.Thread(target=lambda part: [waiters[i][1](i) for i in range(part, 2000, 4)], args=(part,))
            for part in range(4)
        ]
        for answerer in answerers:
            answerer.start()
        return list(await asyncio.gather(*(future for future, _ in waiters)))

    assert asyncio.run(play()) == list(range(2000))


def test_many_answers_wake_the_loop_once() -> None:
    async def play() -> int:
        loop = asyncio.get_running_loop()
        wakes = 0
        wake = loop.call_soon_threadsafe

        def counting(*args: object) -> object:
            nonlocal wakes
            wakes += 1
            return wake(*args)  # type: ignore[arg-type]

        loop.call_soon_threadsafe = counting  # type: ignore[method-assign,assignment]
        completions = Completions(loop)
        waiters = [completions.waiter() for _ in range(50)]
        for future, done in waiters:
            done(future)
        await asyncio.gather(*(asyncio.wait([future]) for future, _ in waiters))
        return wakes

    assert asyncio.run(play()) == 1


def test_an_answer_nobody_waits_for_any_more_is_dropped() -> None:
    async def play() -> bool:
        completions = Completions(asyncio.get_running_loop())
        future, done = completions.waiter()
        future.cancel()
        done(1)
        other, done_other = completions.waiter()
        done_other(2)
        return await other == 2 and future.cancelled()

    assert asyncio.run(play())
