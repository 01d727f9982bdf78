"""Flat arrays of a sealed segment: numbers and codes, one Arrow file that is mapped and never read whole.

codes.arrow    one record batch, one row for each entry: the numbers (int64), the codes of each facet and of `labels`
values.arrow   one row: for each facet the list of its values and, as `<column>#`, how many rows have each (absent last)
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graven.index.derive.columns import NUMBERS
from graven.index.query.fields import FACETS
from graven.index.segment.codes import Codes, encode
from graven.index.segment.contract import Numbers

__all__ = ["CODED", "Flat", "mapped", "write_flat"]

CODED: Final = (*(field.column for field in FACETS), "labels")
_CODES: Final = "codes.arrow"
_VALUES: Final = "values.arrow"


def write_flat(table: pa.Table, folder: Path) -> None:
    """Write both files for the rows of a table."""
    encoded = {column: encode(table[column]) for column in CODED}
    arrays = {name: table[name].combine_chunks() for name in NUMBERS}
    arrays |= {column: pa.array(codes.codes) for column, codes in encoded.items()}
    _write(folder / _CODES, pa.table(arrays))
    values: dict[str, Any] = {}
    for column, codes in encoded.items():
        values[column] = pa.ListArray.from_arrays(pa.array([0, len(codes.values)], pa.int32()), codes.values)
        values[f"{column}#"] = pa.array([codes.counts()], pa.list_(pa.int64()))
    _write(folder / _VALUES, pa.table(values))


def _write(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=max(1, len(table)))


def mapped(path: Path) -> pa.Buffer:
    """A file as memory, without a descriptor that stays open."""
    with pa.memory_map(str(path)) as file:
        return file.read_buffer()


def _batch(path: Path) -> pa.RecordBatch:
    return pa.ipc.open_file(pa.BufferReader(mapped(path))).get_batch(0)


class Flat:
    """Reads both files; any thread."""

    def __init__(self, folder: Path) -> None:
        self._rows = _batch(folder / _CODES)
        self._values = _batch(folder / _VALUES)
        self._codes: dict[str, Codes] = {}

    def __len__(self) -> int:
        return int(self._rows.num_rows)

    def numbers(self, column: str) -> Numbers:
        """Zero-copy."""
        return np.asarray(self._rows.column(column).to_numpy(zero_copy_only=True))

    def codes(self, column: str) -> Codes:
        """Zero-copy."""
        known = self._codes.get(column)
        if known is None:
            values = self._values.column(column)[0].values
            known = self._codes[column] = Codes(values, self._rows.column(column).to_numpy(zero_copy_only=True))
        return known

    def counts(self, column: str) -> npt.NDArray[np.int64]:
        """Rows of the whole segment by value, those without it last."""
        return np.asarray(self._values.column(f"{column}#")[0].values.to_numpy(zero_copy_only=True))
