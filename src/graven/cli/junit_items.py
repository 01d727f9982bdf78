"""A JUnit report as items to send: the mapper's events, encoded, with ids that follow from the file."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

from graven.cli.formats import Item, with_stable_ids

__all__ = ["junit_items"]


def junit_items(content: bytes, path: Path, *, run: str | None, source: str | None) -> Iterator[Item]:
    """One item per event of the report; the line is the event's number, since XML gives no better one.

    `run` defaults to the file's name. Raises InvalidInput for malformed XML.
    """
    from graven.event.mappers.junit import events_from_junit

    events = events_from_junit(io.BytesIO(content), run=run or path.stem, source=source or f"junit/{path.stem}")
    encoded = (
        Item(number, json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode())
        for number, event in enumerate(events, 1)
    )
    return with_stable_ids(encoded)
