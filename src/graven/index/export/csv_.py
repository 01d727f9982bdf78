"""CSV (RFC 4180): chosen fields, a heading, CRLF, UTF-8 without a byte order mark.

What a cell shows: an absent value is empty; `received` is RFC 3339 with nine digits; `time` is as claimed; durations
are nanoseconds; a field with one value shows it, with several a JSON array; what a path leads to is its text, or JSON.

**Formula injection.** A spreadsheet computes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return,
or with the wide forms of the first four, and whoever is recorded can choose such texts. Those get an apostrophe in
front, and so does a text that begins with an apostrophe: taking one leading apostrophe away gives the exact value.
Numbers and `received` are never changed.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from graven.errors import InvalidInput
from graven.event.envelope import format_time
from graven.index.export.columns import Column
from graven.index.export.rows import Batches, View, compact
from graven.index.export.values import values_of

__all__ = ["csv_table"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_CHUNK: Final = 64 * 1024


def csv_table(batches: Batches, columns: Sequence[Column]) -> Iterator[bytes]:
    """The table, in pieces of about 64 KiB; the heading comes before the first row is asked for."""
    held = io.StringIO(newline="")
    writer = csv.writer(held, lineterminator="\r\n")
    # a heading may hold the key of a label, which somebody chose
    writer.writerow([_guarded(column.name) for column in columns])
    yield _drain(held)
    for batch in batches:
        for view, _ in batch:
            writer.writerow([_cell(view, column) for column in columns])
            if held.tell() >= _CHUNK:
                yield _drain(held)
    if held.tell():
        yield _drain(held)


def _drain(held: io.StringIO) -> bytes:
    text = held.getvalue()
    held.seek(0)
    held.truncate()
    return text.encode("utf-8")


def _cell(view: View, column: Column) -> str:
    values = values_of(view, column.field, column.path)
    if not values:
        return ""
    if len(values) > 1:
        return compact(values).decode()
    value = values[0]
    if column.field.name == "received":
        return _received(value)
    if isinstance(value, str):
        return _guarded(value)
    return compact(value).decode()


def _received(value: Any) -> str:
    try:
        return format_time(value)
    except InvalidInput:  # a view that no entry makes: shown rather than lost
        return str(value)


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
