"""`AsyncClient`: the same recorder for asynchronous applications.

`record` is an ordinary function, as it never waits; only what waits is awaited. The work is done by the
same two threads, so a busy event loop delays no acknowledgement and a slow server delays no event loop.
"""

import asyncio
from types import TracebackType
from typing import Self

from graven.sdk.client import Client

__all__ = ["AsyncClient"]


class AsyncClient(Client):
    """Takes the arguments of `Client`.

    async with AsyncClient("http://127.0.0.1:8470") as client:
        client.record("order.create", actor="alice")
        await client.aflush()
    """

    async def aflush(self, timeout_s: float | None = 10.0) -> bool:
        """Like `flush`, without stopping the event loop."""
        return await asyncio.to_thread(self.flush, timeout_s)

    async def aclose(self, timeout_s: float | None = None) -> None:
        """Like `close`, without stopping the event loop."""
        await asyncio.to_thread(self.close, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
