"""The live tail: server-sent events, as the index gets further. Resumable, sampled above a rate, recorded at both ends.

`event: row` has the log index as its id; `event: progress` says how far the index and the log are, and how many
matches were left out (`skipped`). Up to `most` rows are sent at once, and `most` a second after that: of what is more
the newest. A client that comes back with `Last-Event-ID` gets what it missed by the same measure.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from graven.errors import Conflict, GravenError
from graven.index.process.asked import number_of
from graven.log.opened import Log
from graven.server.places import Places
from graven.server.problems import problem_of
from graven.server.protocol import ENDLESS
from graven.server.rate import Bucket
from graven.server.search import QUERY_PARAMETERS, given_parameters
from graven.server.service import Service, client_ip
from graven.tlog.encoding import decode_decimal

__all__ = ["tail_routes"]

Call = Request[Any, Any, Any]

_PER_SECOND: Final = 4
"""Looks at what is new, a second, at most."""

_MOST: Final = 200
_HIGHEST_MOST: Final = 1_000
_HEARTBEAT_S: Final = 15.0
_MOST_TAILS: Final = 256
_MOST_OF_ONE: Final = 32


def tail_routes(
    service: Service,
    *,
    most_tails: int = _MOST_TAILS,
    most_of_one: int = _MOST_OF_ONE,
    monotonic: Callable[[], float] = time.monotonic,
) -> list[HTTPRouteHandler]:
    """The one call."""
    places = Places("tails", of_one=most_of_one, of_all=most_tails, hint="close one of them")

    @get("/v1/logs/{log:str}/tail", media_type="text/event-stream", tags=["search"])
    async def tail(
        request: Call,
        log: str,
        q: str | None = None,
        clock: str | None = None,
        since: str | None = None,
        until: str | None = None,
        zone: str | None = None,
        view: str | None = None,
        most: str | None = None,
        after: str | None = None,
    ) -> Stream:
        """Matches as they arrive (Server-Sent Events). Up to `most` (1 to 1000, 200) are sent at once, and `most` a
        second after that: of more the newest, the others are counted in `skipped`. `after` or `Last-Event-ID` is the
        log index to go on behind, -1 for the first; what was missed is sent by the same measure. 409 when the log has
        no such entry: it was made smaller since, or is another one."""
        principal, opened = service.admit(request.scope, "read", log)
        parameters = given_parameters(request, *QUERY_PARAMETERS, "view", "most", "after")
        rate = number_of(parameters, "most", _MOST, most=_HIGHEST_MOST)
        parameters.pop("most", None)
        behind = request.headers.get("last-event-id") or parameters.pop("after", None)
        start = _position(behind, opened) if behind is not None else service.index.indexed(log) - 1
        place = places.take(principal)  # before anything is waited for: a burst must not pass together
        bucket = Bucket(rate, monotonic())
        try:
            # a bad query is refused before the stream begins, and nobody listens whose start is not on record
            first = await service.index.ask("tail", log, {**parameters, "limit": str(rate), "after": str(start)})
            facts = {"query": parameters.get("q", ""), "after": start}
            await service.reads.one(principal, client_ip(request.scope), "events.tail.start", log, (), facts)
        except BaseException:
            places.give_back(place)
            raise

        async def pieces() -> AsyncIterator[bytes]:
            sent, position, said = 0, start, monotonic()
            try:
                answer, limit = first, rate
                while True:
                    shown = min(answer.count, limit)
                    bucket.take(shown)
                    sent += shown
                    quiet = answer.count == 0 and answer.last == position
                    position = answer.last if answer.last is not None else position
                    if not quiet or answer is first or monotonic() - said > _HEARTBEAT_S:
                        yield answer.body
                        said = monotonic()
                    if service.stopping:
                        return
                    await asyncio.sleep(1 / _PER_SECOND)
                    await _something_new(service, log, position + 1)
                    while not (limit := bucket.available(monotonic())):  # noqa: ASYNC110 - time fills it, nobody tells
                        await asyncio.sleep(bucket.wait_s(monotonic()))
                    service.authenticate(dict(request.scope["headers"])).require("read", log)
                    answer = await service.index.ask(
                        "tail", log, {**parameters, "limit": str(limit), "after": str(position)}
                    )
            except GravenError as error:
                yield b"event: error\ndata: " + problem_of(error).body + b"\n\n"
            finally:
                places.give_back(place)
                facts = {"count": sent, "last": position}
                service.reads.soon(principal, client_ip(request.scope), "events.tail.end", log, facts)

        extensions: Any = request.scope.get("extensions") or {}
        if (endless := extensions.get(ENDLESS)) is not None:
            endless()  # or a reader that left would be missed after 30 s only
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Stream(pieces(), media_type="text/event-stream", headers=headers)

    return [tail]


def _position(text: str, log: Log) -> int:
    """The index of an entry, or -1 for what is before the first; Conflict for one that the log has not.

    Waiting for it would show nothing, for ever, to whoever has seen entries that are no longer there.
    """
    position = -1 if text == "-1" else decode_decimal(text)
    size = log.size
    if position < size:
        return position
    raise Conflict(
        f"there is no entry {position} to go on behind: the log {log.name} has {size} entries",
        why="a log that was made smaller has other entries now than those that were seen",
        hint="begin anew without `after` and Last-Event-ID; if entries behind it were seen before, run graven verify",
        code="beyond_the_log",
        details={"after": position, "size": size},
    )


async def _something_new(service: Service, log: str, beyond: int) -> None:
    """Wait for a while until more is indexed; a server that stops must not wait for its tails."""
    until = time.monotonic() + _HEARTBEAT_S / 3
    while not service.stopping and service.index.indexed(log) <= beyond and time.monotonic() < until:
        await service.index.advanced(log, beyond, 1 / _PER_SECOND)
