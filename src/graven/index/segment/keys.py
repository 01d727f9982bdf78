"""Keys: where a nearly unique value stands, as one sorted array of numbers.

    number = upper 46 bits of a keyed digest of (field, value) · 2^18 + row

The digest is MD5 over a secret, the field and the value: not to withstand whoever knows the secret, only so that nobody
who does not can make two values collide. By chance two of a million do with probability 2^-26 a lookup; the caller
checks what it shows against the log.
"""

import hashlib
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graven.index.query.fields import KEYS
from graven.index.segment.flat import mapped

__all__ = ["ROW_BITS", "build_keys", "load", "lookup", "save"]

ROW_BITS: Final = 18
_DUCKDB_ORDER: Final = "little"  # in which the engine reads the second half of a digest as a number
_ROW: Final = np.uint64((1 << ROW_BITS) - 1)

Numbers = npt.NDArray[np.uint64]


def _prefix(secret: str, column: str) -> str:
    return f"{secret}\x1f{column}\x1f"


def build_keys(table: pa.Table, secret: str, connection: duckdb.DuckDBPyConnection) -> Numbers:
    """The sorted numbers of all `KEYS` of a table of at most 2^18 rows. `secret` is hexadecimal."""
    rows = pa.array(np.arange(len(table), dtype=np.uint32))
    connection.register("keyed", table.select([field.column for field in KEYS]).append_column("row", rows))
    parts = []
    for field in KEYS:
        value = f'unnest("{field.column}")' if field.many else f'"{field.column}"'
        prefix = _prefix(secret, field.column)
        parts.append(
            # the engine's md5_number_lower gives the same and takes five times as long
            f"SELECT (md5_number('{prefix}' || value) >> 64)::UBIGINT AS digest, row FROM "  # noqa: S608 - our own names
            f"(SELECT {value} AS value, row FROM keyed) WHERE value IS NOT NULL"
        )
    try:
        found = connection.sql(" UNION ALL ".join(parts)).to_arrow_table()
    finally:
        connection.unregister("keyed")
    digests = found["digest"].to_numpy().astype(np.uint64)
    numbers = (digests & ~_ROW) | found["row"].to_numpy().astype(np.uint64)
    numbers.sort()
    return np.asarray(numbers)


def lookup(numbers: Numbers, secret: str, column: str, value: str) -> npt.NDArray[np.int64]:
    """Rows, ascending, that have the value."""
    digest = hashlib.md5((_prefix(secret, column) + value).encode(), usedforsecurity=False).digest()
    low = np.uint64(int.from_bytes(digest[8:], _DUCKDB_ORDER)) & ~_ROW
    start, stop = np.searchsorted(numbers, low), np.searchsorted(numbers, low | _ROW, side="right")
    return np.asarray(numbers[start:stop] & _ROW, np.int64)


def save(numbers: Numbers, path: Path) -> None:
    numbers.astype("<u8").tofile(path)


def load(path: Path) -> Numbers:
    """Mapped, not read, and without a descriptor that stays open, as `np.memmap` has one for each array."""
    if not path.stat().st_size:
        return np.empty(0, np.uint64)
    return np.frombuffer(mapped(path), "<u8")
