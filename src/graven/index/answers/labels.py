"""The keys of labels and their values, as far as the distinct sets of labels of each segment tell."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from graven.index.segment.contract import Segment
from graven.index.store import Snapshot

__all__ = ["label_values"]

_LABEL_SETS: Final = 2_000
"""Distinct sets of labels that are looked into, a segment."""


def label_values(snapshot: Snapshot, check: Callable[[], None]) -> dict[str, list[str]]:
    """Keys in their order, each with its values in theirs; `check` is called before each segment and may raise."""
    found: dict[str, set[str]] = {}
    for segment in snapshot.segments:
        check()
        for labels in _label_sets(segment):
            for key, value in labels.items():
                found.setdefault(key, set()).update([value] if isinstance(value, str) else [])
    return {key: sorted(found[key]) for key in sorted(found)}


def _label_sets(segment: Segment) -> list[dict[str, Any]]:
    codes = segment.codes("labels")
    counts = codes.counts()[:-1]
    often = np.argsort(counts)[::-1][:_LABEL_SETS]
    decoded = (msgspec.json.decode(text) for text in codes.values.take(often).to_pylist())
    return [labels for labels in decoded if isinstance(labels, dict)]
