"""What others have recorded, on standard output: exact into a file or a pipe, as text that only shows on a terminal.

An export is kept, so its bytes are what they are; on a terminal an escape sequence in it would act (see `printable`),
and nobody keeps what a terminal shows.
"""

import codecs
import io
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from graven.cli.printable import printable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["shown_json", "stdout_bytes"]


def stdout_bytes() -> BinaryIO:
    """Standard output for text in UTF-8 as bytes, which a flush ends; not to be closed."""
    return cast("BinaryIO", _Shown(sys.stdout)) if sys.stdout.isatty() else sys.stdout.buffer


def shown_json(text: str, stream: TextIO) -> str:
    """JSON as `stream` may get it: on a terminal what acts is spelled as an escape of JSON, the same value."""
    return printable(text) if stream.isatty() else text


class _Shown(io.BufferedIOBase):
    """Takes bytes in any pieces: a character or the end of a line may begin in one and end in the next."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._held = ""

    def write(self, data: "ReadableBuffer", /) -> int:
        content = bytes(data)
        self._show(content)
        return len(content)

    def flush(self) -> None:
        self._show(b"", ends=True)
        self._terminal.flush()

    def _show(self, content: bytes, *, ends: bool = False) -> None:
        text = self._held + self._decoder.decode(content, final=ends)
        self._held = "\r" if text.endswith("\r") and not ends else ""
        # CSV ends its lines with both; a carriage return alone would let the next text overwrite the line
        self._terminal.write(printable(text.removesuffix(self._held).replace("\r\n", "\n")))
