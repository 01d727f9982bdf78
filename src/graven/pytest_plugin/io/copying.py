"""What passes in a COPY: the bytes that the application gave or took, bounded, with size and digest of all."""

from io import TextIOBase
from typing import Any

from graven.pytest_plugin.io.body import Tee, body_members

__all__ = ["CopyFile", "feed", "passing_file"]


class CopyFile:
    """A file to read from or to write to, with a look at what passes; everything else is the file's own."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._read = Tee()
        self._written = Tee()
        for name in ("read", "write"):  # the driver asks for these to find out what the file is good for
            if hasattr(file, name):
                setattr(self, name, getattr(self, f"_{name}_through"))

    def _read_through(self, *args: Any) -> Any:
        chunk = self._file.read(*args)
        feed(self._read, chunk)
        return chunk

    def _write_through(self, chunk: Any) -> Any:
        feed(self._written, chunk)
        return self._file.write(chunk)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def sent(self) -> dict[str, Any]:
        """Members for the `input`."""
        return body_members(self._read) if self._read.size else {}

    def received(self) -> dict[str, Any]:
        """Members for the `output`."""
        return body_members(self._written) if self._written.size else {}


class _CopyTextFile(CopyFile, TextIOBase):
    """psycopg2 asks whether it is one, to know whether to write text."""


def passing_file(file: Any) -> CopyFile:
    """What to give to the driver in the file's place."""
    return _CopyTextFile(file) if isinstance(file, TextIOBase) else CopyFile(file)


def feed(tee: Tee, chunk: Any) -> None:
    """Give a tee text, bytes, or something else that it leaves alone."""
    if isinstance(chunk, str):
        tee.feed(chunk.encode("utf-8", "surrogateescape"))
    elif isinstance(chunk, bytes | bytearray | memoryview):
        tee.feed(chunk)
