"""Answers from the writer threads to the event loop, with one wake-up for many of them.

A group commit acknowledges dozens of requests at once; waking the loop for each would cost more than
the requests. The flag is cleared before the queue is emptied, so no answer can be left lying.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from graven.errors import GravenError
from graven.event.batch import PreparedBatch
from graven.log.messages import Appended, KeyedRequest
from graven.log.opened import Log

__all__ = ["Completions"]


class Completions:
    """Made on the loop; `waiter` is called on the loop, the callback it gives from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[tuple[asyncio.Future[Any], Any]] = deque()
        self._scheduled = False

    def waiter(self) -> "tuple[asyncio.Future[Any], Callable[[Any], None]]":
        """A future, and the callback that gives it its result."""
        future: asyncio.Future[Any] = self._loop.create_future()

        def done(answer: Any) -> None:
            self._ready.append((future, answer))
            if not self._scheduled:
                self._scheduled = True
                self._loop.call_soon_threadsafe(self._drain)

        return future, done

    async def append(self, log: Log, batch: PreparedBatch, keyed: KeyedRequest | None = None) -> Appended:
        """Submit a batch whose blobs are durable; raises what the log answers."""
        future, done = self.waiter()
        log.submit(batch, keyed=keyed, done=done)
        answer = await future
        if isinstance(answer, GravenError):
            raise answer
        if not isinstance(answer, Appended):
            raise TypeError(f"the log answered {type(answer).__name__}")
        return answer

    async def published(self, log: Log, size: int, timeout_s: float) -> bool:
        """Whether the checkpoint reached `size` in time."""
        future, done = self.waiter()
        log.wait_published(size, done)
        try:
            return bool(await asyncio.wait_for(future, timeout_s))
        except TimeoutError:
            return False

    def _drain(self) -> None:
        self._scheduled = False
        ready = self._ready
        while ready:
            future, answer = ready.popleft()
            if not future.done():
                future.set_result(answer)
