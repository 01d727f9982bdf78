"""What a server says of a log when a session has ended: size and root of its checkpoint, under its own key."""

from typing import NamedTuple

import httpx

from graven.errors import InvalidInput
from graven.sdk.guard import internal
from graven.tlog.checkpoint import open_checkpoint
from graven.tlog.encoding import encode_base64
from graven.tlog.note import VerifierKey

__all__ = ["Published", "published"]

_TIMEOUT_S = 3.0


class Published(NamedTuple):
    """`root` in base64."""

    size: int
    root: str


def published(server: str, token: str, log: str) -> Published | None:
    """The checkpoint, or None when it cannot be had: a token that may only record does not show it."""
    try:
        with internal(), httpx.Client(timeout=_TIMEOUT_S, headers={"Authorization": f"Bearer {token}"}) as client:
            answers = [client.get(f"{server}/logs/{log}/{name}") for name in ("log.vkey", "checkpoint")]
            if any(answer.status_code != 200 for answer in answers):
                return None
            checkpoint = open_checkpoint(answers[1].content, VerifierKey.parse(answers[0].text.strip()))
    except (httpx.HTTPError, httpx.InvalidURL, InvalidInput, UnicodeError):
        return None
    return Published(checkpoint.size, encode_base64(checkpoint.root))
