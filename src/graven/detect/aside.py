"""Blocking calls that nobody has to wait for: each on a daemon thread of its own.

The threads of an executor are waited for when the loop or the program ends, and are few: a name server or mail server
that does not answer would hold up both the end and the others.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

__all__ = ["aside"]

T = TypeVar("T")


async def aside(function: Callable[..., T], *args: Any) -> T:
    """What the function gives or raises. Whoever is cancelled leaves it behind: it should end by itself some time."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(end: Callable[[], None]) -> None:
        if not future.done():
            end()

    def run() -> None:
        end: Callable[[], None]
        try:
            end = partial(future.set_result, function(*args))
        except Exception as raised:  # noqa: BLE001 - it is raised where somebody waits
            end = partial(future.set_exception, raised)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, end)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await future
