"""Iterators and files that an application reads through, with a look at every chunk."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from io import TextIOBase
from typing import Any

from graven.pytest_plugin.io.body import Tee

__all__ = ["TeedChunks", "TeedFile", "teed_body"]


class TeedChunks:
    """An iterator of bytes that calls `done(complete)` at its end, at `close`, or when nobody holds it any more."""

    def __init__(self, chunks: Iterable[Any], tee: Tee, done: Callable[[bool], None]) -> None:
        self._source = chunks
        self._chunks: Iterator[Any] = iter(chunks)
        self._tee = tee
        self._done = done

    def __iter__(self) -> "TeedChunks":
        return self

    def __next__(self) -> Any:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._done(True)
            raise
        with contextlib.suppress(Exception):  # not bytes: whoever reads it will say so
            self._tee.feed(chunk)
        return chunk

    def close(self) -> None:
        """Close what is underneath, if it can be closed."""
        try:
            close = getattr(self._source, "close", None)
            if close is not None:
                close()
        finally:
            self._done(False)

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self._done(False)


class TeedFile:
    """A binary file whose `read` is looked at; everything else is the file's own."""

    def __init__(self, file: Any, tee: Tee) -> None:
        self._file = file
        self._tee = tee

    def read(self, *args: Any) -> Any:
        """As the file's."""
        chunk = self._file.read(*args)
        with contextlib.suppress(Exception):
            self._tee.feed(chunk)
        return chunk

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._file:
            self._tee.feed(chunk)
            yield chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def teed_body(body: Any, tee: Tee) -> Any:
    """The request body to send instead of `body`: itself when it is whole, else something that is teed."""
    if body is None:
        return None
    if isinstance(body, str):
        tee.feed(body.encode("utf-8", "surrogateescape"))
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        tee.feed(body)
        return body
    if isinstance(body, TextIOBase):
        return body  # its encoding is decided below: not seen
    if hasattr(body, "read"):
        return TeedFile(body, tee)
    return TeedChunks(body, tee, _nothing)


def _nothing(complete: bool) -> None:
    """The body's end is the request's, not the call's."""
