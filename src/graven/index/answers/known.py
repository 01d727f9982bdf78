"""What a snapshot is known to hold: values that are enumerated, and those of the newest rows. See `better.Known`.

Nothing here reads more than the distinct values of each segment and one block of rows of each of the last two.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graven.index.answers.facets import values_where
from graven.index.answers.labels import label_values
from graven.index.query.fields import FACETS, KEYS, Field
from graven.index.store import Snapshot

__all__ = ["KnownHere"]

_HOLDING: Final = 100
_FREQUENT: Final = 300
_SEGMENTS: Final = 2
_ROWS: Final = 4_096
_ROWS_AT_ONCE: Final = 64
_BYTES: Final = 16 * 2**20
"""Of the newest values of a column: a value may have a megabyte, and the values are wanted for a guess."""
_DOCUMENTS: Final = 300
_DOCUMENT_BYTES: Final = 2 * 2**20


class KnownHere:
    """`check` is called before each step that may take long, and may raise."""

    def __init__(self, snapshot: Snapshot, check: Callable[[], None]) -> None:
        self._snapshot = snapshot
        self._check = check

    @property
    def whole(self) -> bool:
        """See `better.Known`."""
        return True

    def values(self, field: Field, like: str) -> Sequence[str]:
        """See `better.Known`."""
        if field in FACETS:
            found = self._enumerated(field, like)
        else:
            found = [*self._keyed(field, like), *self._newest_values(field)]
        return list(dict.fromkeys(found))

    def labels(self) -> dict[str, list[str]]:
        """See `better.Known`."""
        return self._labels

    @cached_property
    def _labels(self) -> dict[str, list[str]]:
        return label_values(self._snapshot, self._check)

    def documents(self, field: Field) -> Sequence[Any]:
        """See `better.Known`."""
        found: list[Any] = []
        left = _DOCUMENT_BYTES
        for text in self._newest(field.column):
            if text is None or len(text) > left:
                continue
            left -= len(text)
            found.append(msgspec.json.decode(text))
            if len(found) == _DOCUMENTS:
                break
        return found

    def _enumerated(self, field: Field, like: str) -> list[str]:
        def same(values: pa.StringArray) -> pa.BooleanArray:
            return pc.equal(values, like)

        def holding(values: pa.StringArray) -> pa.BooleanArray:
            return pc.match_substring(values, like, ignore_case=True)

        def every(values: pa.StringArray) -> pa.BooleanArray:
            return pc.is_valid(values)

        steps = ((same, 1), (holding, _HOLDING), (every, _FREQUENT))
        return [
            value
            for wanted, limit in steps
            for value, _ in values_where(self._snapshot, field, wanted=wanted, limit=limit, check=self._check)
        ]

    def _keyed(self, field: Field, like: str) -> Sequence[str]:
        """The value itself, and in lower case, where events have them: a look at sorted hashes."""
        if field not in KEYS:
            return []
        there = []
        for value in dict.fromkeys((like, like.lower())):
            self._check()
            if any(segment.keyed(field.column, value).size for segment in self._snapshot.segments):
                there.append(value)
        return there

    def _newest_values(self, field: Field) -> Sequence[str]:
        counted: Counter[str] = Counter()
        for found in self._newest(field.column):
            for value in found if isinstance(found, list) else [found]:
                if isinstance(value, str):
                    counted[value] += 1
        return [value for value, _ in counted.most_common(_HOLDING + _FREQUENT)]

    def _newest(self, column: str) -> Iterator[Any]:
        """Values of a column in the newest rows, the newest first, until there are `_BYTES` of them."""
        left, bytes_left = _ROWS, _BYTES
        for segment in self._snapshot.segments[::-1][:_SEGMENTS]:
            self._check()
            rows = np.arange(max(0, segment.count - left), segment.count)
            left -= len(rows)
            if not rows.size:
                continue
            found = segment.columns([column], rows)[column]
            for end in range(len(found), 0, -_ROWS_AT_ONCE):
                self._check()
                start = max(0, end - _ROWS_AT_ONCE)
                for at in range(end - 1, start - 1, -1):
                    yield found[at].as_py()
                bytes_left -= found.slice(start, end - start).nbytes
                if bytes_left <= 0:
                    return
