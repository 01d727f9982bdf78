"""A blocking call beside the loop: its result, its error, and nobody who waits for it in the end."""

import asyncio
import threading

import pytest

from graven.detect.aside import aside


def test_what_the_call_gives_is_given() -> None:
    assert asyncio.run(aside(divmod, 7, 2)) == (3, 1)


def test_what_the_call_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(aside(divmod, 7, 0))


def test_neither_the_caller_nor_the_loop_waits_for_a_call_that_does_not_end() -> None:
    release = threading.Event()

    async def play() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(aside(release.wait), 0)

    asyncio.run(play())
    release.set()
