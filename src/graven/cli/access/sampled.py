"""What a folder is known to hold by its newest entries. See `index.query.better.Known`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from graven.cli.access.scanning import Entries, viewed_entries
from graven.index.query.fields import BY_NAME, Field
from graven.index.query.view import json_values, keywords

__all__ = ["KnownOfNewest"]

_ENTRIES: Final = 1_000
_DOCUMENTS: Final = 300


class KnownOfNewest:
    """Reads the newest entries at the first question, and no others."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    @cached_property
    def _views(self) -> list[dict[str, Any]]:
        size = self._entries.size
        return [view for view, _ in viewed_entries(self._entries, max(0, size - _ENTRIES), size)][::-1]

    @property
    def whole(self) -> bool:
        """See `better.Known`."""
        return self._entries.size <= _ENTRIES

    def values(self, field: Field, like: str) -> Sequence[str]:
        """See `better.Known`."""
        counted = Counter(value for view in self._views for value in keywords(field, view))
        return [value for value, _ in counted.most_common()]

    def labels(self) -> Mapping[str, Sequence[str]]:
        """See `better.Known`."""
        found: dict[str, set[str]] = {}
        for labels in self._json(BY_NAME["labels"]):
            for key, value in labels.items() if isinstance(labels, dict) else ():
                found.setdefault(key, set()).update([value] if isinstance(value, str) else [])
        return {key: sorted(found[key]) for key in sorted(found)}

    def documents(self, field: Field) -> Sequence[Any]:
        """See `better.Known`."""
        return self._json(field)[:_DOCUMENTS]

    def _json(self, field: Field) -> list[Any]:
        return [value for view in self._views for value in json_values(field, (), view)]
