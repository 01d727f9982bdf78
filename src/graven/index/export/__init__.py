"""What matches a query, written out: pure generators from batches of rows to bytes, in flat memory.

    kind = FORMATS[name]                      # ndjson, csv, parquet, ocsf; `kind.media_type`, `kind.suffix`
    pieces = export(name, batches, log="shop", columns=parse_columns(fields), open_blob=…)

`batches` gives sequences of `(view, exact entry bytes)`, oldest first; how many were asked for so far is the progress.
A piece may be empty: the work goes on, and may be left off there.
Parquet needs pyarrow, which is imported when it is asked for.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.index.export.columns import DEFAULT_COLUMNS, Column, parse_columns
from graven.index.export.csv_ import csv_table
from graven.index.export.ndjson import ndjson
from graven.index.export.ocsf import ocsf_lines
from graven.index.export.rows import Batches, OpenBlob, Row, View

__all__ = [
    "DEFAULT_COLUMNS",
    "FORMATS",
    "Batches",
    "Column",
    "Format",
    "OpenBlob",
    "Row",
    "View",
    "export",
    "parse_columns",
]


class Format(NamedTuple):
    """`media_type` for the answer, `suffix` for a file, and whether fields can be chosen."""

    media_type: str
    suffix: str
    has_columns: bool = False


FORMATS: Final[Mapping[str, Format]] = {
    "ndjson": Format("application/x-ndjson", "ndjson"),
    "csv": Format("text/csv; charset=utf-8; header=present", "csv", has_columns=True),
    "parquet": Format("application/vnd.apache.parquet", "parquet"),
    "ocsf": Format("application/x-ndjson", "ocsf.ndjson"),
}


def export(
    format: str,  # noqa: A002  # the parameter's name in the call
    batches: Batches,
    *,
    log: str,
    columns: Sequence[Column] | None = None,
    open_blob: OpenBlob | None = None,
    version: str | None = None,
) -> Iterator[bytes]:
    """The bytes of the export. InvalidInput (`bad_format`, `bad_fields`) before anything is read.

    `columns` are for CSV only; `open_blob` puts oversize data back into NDJSON; `version` is that of this
    program, for OCSF.
    """
    kind = FORMATS.get(format)
    if kind is None:
        raise InvalidInput(f"unknown format {format[:40]!r}", hint=f"one of {', '.join(FORMATS)}", code="bad_format")
    if columns is not None and not kind.has_columns:
        raise InvalidInput(f"{format} has no choice of fields", hint="fields are for csv", code="bad_fields")
    match format:
        case "csv":
            return csv_table(batches, parse_columns() if columns is None else columns)
        case "ocsf":
            return ocsf_lines(batches, log, version)
        case "parquet":
            from graven.index.export.parquet import parquet_file

            return parquet_file(batches)
        case _:
            return ndjson(batches, open_blob)
