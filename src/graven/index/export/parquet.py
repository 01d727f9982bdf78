"""Parquet (zstd) with typed columns, for a sink that only takes bytes one after another.

Columns carry the names that segments use (`actor_type`, `duration`). Types: `received` and `time` are UTC timestamps in
nanoseconds (a claimed time outside the years 1677 to 2262 does not fit and is null); durations are int64 nanoseconds;
fields with several values are lists; labels are a map; JSON is text. Only a row group is held at a time, as columns,
and the list of row groups for the footer.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from graven.index.export.rows import Batches, Row, View, compact, text_of
from graven.index.export.values import values_of
from graven.index.query.fields import FIELDS, TEXT, Field
from graven.index.query.times import MAX_NS, MIN_NS, time_ns

__all__ = ["ROW_GROUP_BYTES", "ROW_GROUP_ROWS", "parquet_file", "parquet_schema"]

ROW_GROUP_ROWS: Final = 32_768
ROW_GROUP_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the columns that end a row group. Not of the entries: those with their data in a blob are short. Every
export under way may hold as much, also while another is served."""

_CLAMPED: Final = (MIN_NS + 1, MAX_NS)
_INT64: Final = range(-(2**63), 2**63)
_COLUMNS: Final = tuple(field for field in FIELDS if field is not TEXT)


def _type(field: Field) -> pa.DataType:
    match field.kind:
        case "number" | "duration":
            return pa.int64()
        case "time":
            return pa.timestamp("ns", tz="UTC")
        case "map":
            return pa.map_(pa.string(), pa.string())
        case _:
            return pa.list_(pa.string()) if field.many else pa.string()


def parquet_schema() -> pa.Schema:
    """All fields but `text`, each with its documentation as metadata `doc`."""
    return pa.schema([pa.field(each.column, _type(each), metadata={"doc": each.doc}) for each in _COLUMNS])


class _Sink:
    """Takes what the writer writes, until it is drained. Not seekable."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        self.closed = True

    def seekable(self) -> bool:
        return False

    def drain(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def parquet_file(
    batches: Batches,
    *,
    group_rows: int = ROW_GROUP_ROWS,
    group_bytes: int = ROW_GROUP_BYTES,
) -> Iterator[bytes]:
    """The file: a piece for each row group and one for the footer. Of no rows at all it is a file without rows.

    A batch that ends no row group gives an empty piece, so that no piece takes longer than one batch and one write. A
    row group ends with the batch that fills it.
    """
    schema = parquet_schema()
    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd", compression_level=3) as writer:
        group = _Group(schema)
        for batch in batches:
            group.add(batch)
            if group.rows >= group_rows or group.size_bytes >= group_bytes:
                group.write(writer)
                yield sink.drain()
            else:
                yield b""
        if group.rows:
            group.write(writer)
            yield sink.drain()
    yield sink.drain()


class _Group:
    """The columns of one row group, batch for batch: as lists of Python they would take several times the room."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self.rows = 0
        self.size_bytes = 0

    def add(self, batch: Sequence[Row]) -> None:
        arrays = [
            pa.array([_cell(view, field) for view, _ in batch], column.type)
            for field, column in zip(_COLUMNS, self._schema, strict=True)
        ]
        made = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._batches.append(made)
        self.rows += made.num_rows
        self.size_bytes += made.nbytes

    def write(self, writer: pq.ParquetWriter) -> None:
        """As one row group; begins the next."""
        writer.write_table(pa.Table.from_batches(self._batches, self._schema), row_group_size=self.rows)
        self._batches.clear()
        self.rows = self.size_bytes = 0


def _cell(view: View, field: Field) -> Any:
    if field.kind == "map":
        labels = (view.get("event") or {}).get("labels")
        return [(key, text_of(value)) for key, value in labels.items()] if isinstance(labels, dict) else None
    values = values_of(view, field)
    if not values:
        return None
    if field.kind == "json":
        return compact(_whole(view, field)).decode()
    if field.many:
        return values
    value = values[0]
    if field.kind == "time" and isinstance(value, str):
        value = time_ns(value)
        if value in _CLAMPED:  # a moment that the column's type cannot hold is no other moment
            return None
    if isinstance(value, int) and value not in _INT64:
        return None
    return value


def _whole(view: View, field: Field) -> Any:
    value: Any = view
    for name in field.source:
        value = value[name]
    return value
