"""Follows a tail over reconnections: what was missed meanwhile comes first, as far as the server's rate lets it."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Final

import httpx

from graven import errors
from graven.cli.access.event_stream import EventStream, ServerEvent
from graven.cli.access.questions import Away, Caught, Tailed
from graven.cli.access.reaching import broken_off
from graven.sdk.backoff import Backoff

__all__ = ["follow"]

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 15.0
_FINAL: Final = {
    "forbidden": errors.Forbidden,
    "not_found": errors.NotFound,
    "unauthenticated": errors.Unauthenticated,
    "unknown_log": errors.NotFound,
}
"""Codes of errors within a stream that asking again does not mend."""


def follow(
    opened: Callable[[int | None], httpx.Response],
    *,
    after: int | None,
    sleep: Callable[[float], None],
    chance: Callable[[], float] = random.random,
) -> Iterator[Tailed | Caught | Away]:
    """Matches for ever. `opened` opens the stream behind a log index, None for "from now on".

    The first opening raises what is wrong; later ones are tried again, unless that cannot help (`index_off`).
    """
    backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, chance)
    position = after
    was_open = False
    while True:
        why = "the server ended the stream"
        try:
            response = opened(position)
            was_open = True
            for item in _items(response):
                backoff.reset()
                if isinstance(item, Tailed):
                    position = item.index if position is None else max(position, item.index)
                else:
                    position = item.indexed - 1 if position is None else max(position, item.indexed - 1)
                yield item
        except (errors.Unavailable, errors.Busy) as error:
            if error.code == "index_off" or (not was_open and error.code != "index_away"):
                raise
            why = error.message
        except httpx.HTTPError as error:
            why = broken_off(error)
        wait_s = _FIRST_PAUSE_S + backoff.next()
        yield Away(why, wait_s)
        sleep(wait_s)


def _items(response: httpx.Response) -> Iterator[Tailed | Caught]:
    stream = EventStream()
    try:
        for data in response.iter_raw():
            for event in stream.feed(data):
                item = _item(event)
                if item is not None:
                    yield item
    finally:
        response.close()


def _item(event: ServerEvent) -> Tailed | Caught | None:
    match event.kind:
        case "row":
            return Tailed(int(event.id), event.data)
        case "progress":
            told = json.loads(event.data)
            return Caught(int(told["indexed"]), int(told["size"]), int(told.get("skipped", 0)))
        case "error":
            raise _error(event.data)
        case _:
            return None


def _error(data: bytes) -> errors.GravenError:
    try:
        told = json.loads(data)["error"]
        message, code, hint = str(told["message"]), str(told["code"]), str(told.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        return errors.Unavailable("the server broke the tail off")
    return _FINAL.get(code, errors.Unavailable)(message, code=code, hint=hint)
