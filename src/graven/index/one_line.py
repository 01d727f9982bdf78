"""JSON on one line, for what is read line by line: NDJSON, server-sent events, pages of a terminal.

A line break inside JSON can only be white space between tokens (in strings it is escaped): as a space it says the same.
"""

from typing import Final

__all__ = ["one_line"]

_SPACES: Final = bytes.maketrans(b"\r\n", b"  ")


def one_line(json: bytes) -> bytes:
    """The same JSON, or the same part of it, with a space for each byte of a line break."""
    return json.translate(_SPACES)
