"""Rows (or sets of parameters) as they pass: the first ones, the count, and a digest of all."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["KEPT_CHARS", "KEPT_ROWS", "Rows"]

KEPT_ROWS = 200
"""Rows that are kept at most."""

KEPT_CHARS = 256 * 1024
"""Characters of the kept rows' `repr`, together; a row that would pass this is not kept."""


class Rows:
    """Takes rows without asking for any. The digest is over the UTF-8 of each row's `repr` and a newline."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[Any] = []
        self._chars = 0
        self._full = False
        self._digest = hashlib.sha256()

    def feed(self, row: Any) -> None:
        """Take note of one row; rows that are not tuples, lists, mappings or `Row`s are noted by their type."""
        self.count += 1
        plain = _plain(row)
        spelled = repr(plain)
        self._digest.update(spelled.encode("utf-8", "surrogateescape") + b"\n")
        self._chars += len(spelled)
        self._full = self._full or len(self._kept) >= KEPT_ROWS or self._chars > KEPT_CHARS
        if not self._full:
            self._kept.append(plain)

    def passing(self, rows: Iterable[Any]) -> Iterator[Any]:
        """The same rows, noted one by one as they are taken."""
        for row in rows:
            self.feed(row)
            yield row

    def members(self, name: str) -> dict[str, Any]:
        """`name`, `name_count`, and `name_sha256` of all of them when not all are kept."""
        found: dict[str, Any] = {name: self._kept, f"{name}_count": self.count}
        if self._full:
            found[f"{name}_sha256"] = self._digest.hexdigest()
        return found


def _plain(row: Any) -> Any:
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, tuple | list):
        return list(row)
    if hasattr(row, "keys") and hasattr(row, "__getitem__"):  # sqlite3.Row
        return list(row)
    if row is None or isinstance(row, str | bytes | int | float):
        return row
    return f"({type(row).__module__}.{type(row).__qualname__})"
