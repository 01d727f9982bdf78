"""Entries → a table of columns. One `Deriver` per thread: it owns a connection of the engine.

event/1 goes through SQL as it is. Every other entry (another format, data in a blob, or bytes that the engine will not
read) is mapped by `view_of` and takes the same way in event/1.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa

from graven.event.envelope import format_time
from graven.index.derive.columns import columns_sql
from graven.index.derive.view import LARGE_BYTES, searched, view_of
from graven.index.derive.words import spaced

__all__ = ["NATIVE", "Deriver", "connect"]

NATIVE: Final = "event/1"
_STEP_BYTES: Final = 32 * 2**20
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def connect(threads: int = 1) -> duckdb.DuckDBPyConnection:
    """An in-memory engine that touches no files, nets or extensions, and takes `threads` cores."""
    connection = duckdb.connect(config={"threads": threads, "autoinstall_known_extensions": "false"})
    connection.execute("SET enable_external_access = false; SET preserve_insertion_order = true")
    connection.execute("SET lock_configuration = true")
    return connection


class Deriver:
    """Not thread-safe. `load_blob` gives the content of a blob by digest, or None."""

    def __init__(self, load_blob: Callable[[str], bytes | None]) -> None:
        self._load = load_blob
        self._connection = connect()
        self._sql = columns_sql("given")

    def derive(self, first: int, entries: Sequence[bytes]) -> pa.Table:
        """One row for each entry, `entries[0]` having the log index `first`. Raises nothing for whatever bytes."""
        try:
            table = self._transform(entries)
        except (duckdb.Error, UnicodeDecodeError):
            # one of them is nothing that the engine reads: each by itself, for this is rare
            return self._finished(self._mapped_rows(first, entries, range(len(entries))))
        foreign = self._foreign(table)
        if foreign.size:
            mapped = self._mapped_rows(first, entries, foreign.tolist())
            order = np.arange(len(entries))
            order[foreign] = len(entries) + np.arange(foreign.size)
            table = pa.concat_tables([table, mapped]).take(pa.array(order))
        return self._finished(table)

    def close(self) -> None:
        self._connection.close()

    def _mapped_rows(self, first: int, entries: Sequence[bytes], places: Sequence[int]) -> pa.Table:
        """Rows of the entries at these places, not many megabytes at a time."""
        tables, mapped, size_bytes = [], [], 0
        for place in places:
            mapped.append(self._mapped(first + place, entries[place]))
            size_bytes += len(mapped[-1])
            if size_bytes > _STEP_BYTES:
                tables.append(self._transform(mapped))
                mapped, size_bytes = [], 0
        if mapped:
            tables.append(self._transform(mapped))
        return pa.concat_tables(tables)

    def _transform(self, entries: Sequence[bytes]) -> pa.Table:
        given = pa.table({"entry": _strings(entries)})
        self._connection.register("given", given)
        try:
            return self._connection.sql(self._sql).to_arrow_table()
        finally:
            self._connection.unregister("given")

    @staticmethod
    def _foreign(table: pa.Table) -> Any:
        formats = table["format"].combine_chunks().dictionary_encode()
        formats = formats.chunk(0) if isinstance(formats, pa.ChunkedArray) else formats
        names = formats.dictionary.to_pylist()
        blobs = table["blob"]
        if names == [NATIVE] and blobs.null_count == len(blobs):
            return np.empty(0, np.int64)
        native = formats.indices.to_numpy(zero_copy_only=False) == (names.index(NATIVE) if NATIVE in names else -1)
        return np.flatnonzero(~(native & blobs.is_null().to_numpy()))

    def _mapped(self, index: int, entry: bytes) -> bytes:
        """The view of the entry, spelled as an entry of event/1."""
        view = view_of(index, entry, self._load)
        stands = {
            "received": format_time(view["received"]),
            "by": {"token": view["token"], "ip": view["by_ip"]},
            "id": view["id"],
            "source": view["source"],
            "format": view["format"],
            "redacted": view.get("redacted"),
            "data": view["event"],
        }
        spelled = _encode(stands)
        if len(spelled) > LARGE_BYTES:
            spelled = _encode({**stands, "data": searched(view["event"])})
        return spelled

    @staticmethod
    def _finished(table: pa.Table) -> pa.Table:
        table = table.drop_columns(["blob"]).combine_chunks()
        received = table["received"].to_numpy()
        if received.size and (np.diff(received) < 0).any():  # bytes that are no entry were received at no time
            place = table.schema.get_field_index("received")
            table = table.set_column(place, "received", pa.array(np.maximum.accumulate(received)))
        position = table.schema.get_field_index("text")
        chunks = table.column(position).chunks
        text = spaced(chunks[0]) if chunks else pa.array([], pa.string())
        return table.set_column(position, "text", text)


def _strings(texts: Sequence[bytes]) -> pa.LargeStringArray:
    """The texts as one array; UnicodeDecodeError unless all are UTF-8. Four times as fast as converting each."""
    data = b"".join(texts)
    if not data.isascii():
        data.decode("utf-8")
    ends = np.fromiter(accumulate(map(len, texts), initial=0), np.int64, len(texts) + 1)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(data))
