"""Small bodies that arrive in one turn of the event loop are prepared together.

Preparing one event costs as much as preparing four in a batch, because most of it is calls and not bytes.
Under load dozens of requests arrive in a turn; alone, a request waits for nothing but the end of its turn.
Each request keeps its own answer: when anything about the joined batch is out of the ordinary (an event is
refused, holds an attachment, becomes a blob), every body is prepared by itself.
"""

import asyncio
from collections.abc import Callable

from graven.event.batch import PreparedBatch
from graven.event.intake import JSON, NDJSON, Producer

__all__ = ["Coalescer", "may_join"]

Prepare = Callable[[bytes, str, Producer], PreparedBatch]

_SMALL_BYTES = 16 * 1024


def may_join(body: bytes, media_type: str) -> bool:
    """Whether `body` looks like one event on one line; what it holds is judged later."""
    return (
        media_type == JSON
        and len(body) <= _SMALL_BYTES
        and body.startswith(b"{")
        and body.endswith(b"}")
        and b"\n" not in body
    )


class Coalescer:
    """Lives on one event loop; `prepare(body, media type, producer)` is the function behind it."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._waiting: dict[Producer, list[tuple[bytes, asyncio.Future[PreparedBatch]]]] = {}

    async def prepare(self, body: bytes, producer: Producer) -> PreparedBatch:
        """The batch of one event that `may_join` took; raises what preparing it alone would raise."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._turn)
        future: asyncio.Future[PreparedBatch] = loop.create_future()
        self._waiting.setdefault(producer, []).append((body, future))
        return await future

    def _turn(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for producer, requests in waiting.items():
            batches = self._together([body for body, _ in requests], producer) if len(requests) > 1 else None
            for at, (body, future) in enumerate(requests):
                if future.done():  # the client went away
                    continue
                try:
                    future.set_result(self._prepare(body, JSON, producer) if batches is None else batches[at])
                except Exception as error:  # noqa: BLE001 - raised where the request waits
                    future.set_exception(error)

    def _together(self, bodies: list[bytes], producer: Producer) -> list[PreparedBatch] | None:
        """A batch for each body, or None when they have to be looked at one by one."""
        try:
            joined = self._prepare(b"\n".join(bodies), NDJSON, producer)
        except Exception:  # noqa: BLE001 - raised again by the body that causes it
            return None
        if len(joined) != len(bodies) or joined.blobs or joined.attachments or joined.redacted:
            return None
        made = joined.made_ids
        return [
            PreparedBatch([tail], [key], [digest], {0: made[at]} if at in made else {})
            for at, (tail, key, digest) in enumerate(zip(joined.tails, joined.keys, joined.digests, strict=True))
        ]
