"""What an export is given: batches of matching entries, each as a view and as the exact bytes of its entry.

A batch is as large as its maker likes to hold; exporters keep one at a time (Parquet: one row group), so that an
export of any size runs in flat memory. Nothing here reads a file, a clock or the index.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

__all__ = ["Batches", "OpenBlob", "Row", "View", "compact", "text_of"]

View = Mapping[str, Any]
"""The JSON object that `query/fields.py` describes: `index`, `received` (Unix ns), …, `event`."""

Row = tuple[View, bytes]
"""A view, and its entry as the log holds it."""

Batches = Iterable[Sequence[Row]]

OpenBlob = Callable[[str], Iterable[bytes] | None]
"""From a digest (`sha256:…`) to the pieces of the blob, checked; None when it is not stored here."""

_encode = msgspec.json.Encoder().encode


def compact(value: Any) -> bytes:
    """JSON without white space, for any value that came out of JSON, integers of any size included."""
    try:
        return _encode(value)
    except (OverflowError, msgspec.MsgspecError):  # it writes no integer beyond 64 bits
        import json

        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def text_of(value: Any) -> str:
    """A string as it is, anything else (a redacted value) as its compact JSON text."""
    return value if isinstance(value, str) else compact(value).decode()
