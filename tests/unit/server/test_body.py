"""Reading a body within the budget."""

import asyncio
from typing import Any

import pytest

from graven.errors import Busy, InvalidInput, TooLarge, UnsupportedMediaType
from graven.server.body import ClientGone, content_coding, read_body
from graven.server.limits import Budget


def read(headers: dict[bytes, bytes], *messages: Any, budget: Budget | None = None, limit: int = 10) -> bytes:
    """Feed messages (bytes, or None for a disconnect) to `read_body`."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        message = left.pop(0)
        if message is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": message, "more_body": bool(left)}

    with (budget or Budget(200)).reserve("a") as reservation:
        return asyncio.run(read_body(headers, receive, reservation, limit))


def test_an_announced_body_comes_back_whole() -> None:
    assert read({b"content-length": b"6"}, b"ab", b"cd", b"ef") == b"abcdef"


def test_a_chunked_body_comes_back_whole() -> None:
    assert read({}, b"ab", b"", b"cd") == b"abcd"


@pytest.mark.parametrize("messages", [(b"abc",), (b"ab", b"c")])
def test_fewer_bytes_than_announced_are_refused(messages: tuple[bytes, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read({b"content-length": b"4"}, *messages)
    assert refused.value.code == "cut_body"


@pytest.mark.parametrize("messages", [(b"ab", None), (None,)])
def test_a_client_that_goes_away_gets_no_answer(messages: tuple[Any, ...]) -> None:
    with pytest.raises(ClientGone):
        read({b"content-length": b"4"}, *messages)


def test_an_announcement_above_the_limit_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        read({b"content-length": b"11"})


def test_chunks_above_the_limit_are_refused_when_they_pass_it() -> None:
    with pytest.raises(TooLarge):
        read({}, b"12345", b"678901", b"never read")


def test_room_is_taken_before_the_first_byte_is_read() -> None:
    with pytest.raises(Busy):
        read({b"content-length": b"9"}, budget=Budget(16))


def test_room_for_chunks_is_taken_as_they_come() -> None:
    with pytest.raises(Busy):
        read({}, b"12345", b"6789", b"never read", budget=Budget(16))


@pytest.mark.parametrize("text", [b"-1", b"+1", b"1e3", b"0x1", b"1" * 20, b""])
def test_a_length_that_is_no_number_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidInput):
        read({b"content-length": text})


@pytest.mark.parametrize(
    ("text", "coding"), [(b"identity", None), (b"", None), (b"gzip", "gzip"), (b" GZIP ", "gzip"), (b"zstd", "zstd")]
)
def test_codings_are_named_as_http_names_them(text: bytes, coding: str | None) -> None:
    assert content_coding({b"content-encoding": text}) == coding
    assert content_coding({}) is None


def test_two_codings_at_once_are_not_taken() -> None:
    with pytest.raises(UnsupportedMediaType):
        content_coding({b"content-encoding": b"gzip, gzip"})
