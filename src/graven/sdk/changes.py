"""Changes of a database that wait for their commit, whatever library makes them.

A transaction is a stack of frames, one for itself and one for each open savepoint. A frame that commits hands
its changes to the frame below, the last one records them; a frame that rolls back forgets them. Each change
keeps the context it was made in, because the commit often comes when the actor's scope is already left.
"""

import contextvars
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graven.sdk.capture import Capture
from graven.sdk.client import Client
from graven.sdk.composer import rfc3339
from graven.sdk.default import default_client

__all__ = [
    "UNKNOWN",
    "Frames",
    "Pending",
    "Recording",
    "captured_row",
    "difference",
    "key_text",
    "statement_parameters",
]


class _Unknown:
    """Its own type, so that no value of a database equals it."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()
"""A column whose value the library does not hold."""


@dataclass(slots=True)
class Pending:
    """One event that is recorded when its transaction commits."""

    action: str
    fields: dict[str, Any]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    time: str = field(default_factory=lambda: rfc3339(time.time_ns()))


class Recording:
    """Where changes go: `client` or the process-wide one. `exclude` names columns (`password`, or
    `users.password`) that are never recorded."""

    def __init__(self, client: Client | None, exclude: Iterable[str]) -> None:
        self._client = client
        self._exclude = frozenset(exclude)

    def excludes(self, table: str, column: str) -> bool:
        """This column of this table is not recorded."""
        return column in self._exclude or f"{table}.{column}" in self._exclude

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Whatever fails within is counted as a lost event; the application goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - recording must not break what it records
            client = self._client or default_client()
            if client is not None:
                client.lost("unencodable", f"a change could not be described: {type(error).__name__}: {error}")

    def emit(self, changes: Iterable[Pending], transaction: str) -> None:
        """Record committed changes, each as the actor who made it."""
        client = self._client or default_client()
        if client is None:
            return
        for change in changes:
            with self.guarded():
                attributes = {**change.fields.pop("attributes", {}), "transaction": transaction}
                fields = {**change.fields, "attributes": attributes, "time": change.time, "outcome": "success"}
                change.context.run(_record, client.record, change.action, fields)


def _record(record: Callable[..., Any], action: str, fields: dict[str, Any]) -> None:
    record(action, **fields)


@dataclass(slots=True)
class _Frame:
    owner: object
    changes: list[Pending] = field(default_factory=list)


class Frames:
    """The open transaction of one session or connection. Not thread-safe, like both."""

    def __init__(self) -> None:
        self._frames: list[_Frame] = []
        self._transaction = ""

    def begin(self, owner: object) -> None:
        """A transaction, or a savepoint within it, was opened; `owner` identifies it."""
        if not self._frames:
            self._transaction = uuid.uuid4().hex
        self._frames.append(_Frame(owner))

    def add(self, change: Pending) -> None:
        """Keep a change until the innermost frame ends."""
        self._frames[-1].changes.append(change)

    def commit(self, recording: Recording) -> None:
        """The innermost frame was committed."""
        if not self._frames:
            return
        frame = self._frames.pop()
        if self._frames:
            self._frames[-1].changes.extend(frame.changes)
        else:
            recording.emit(frame.changes, self._transaction)

    def end(self, owner: object) -> None:
        """`owner` is over; if it did not commit, what it and the savepoints within it did is forgotten."""
        for position, frame in enumerate(self._frames):
            if frame.owner is owner:
                del self._frames[position:]
                return


def captured_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as JSON-able data, now: a value that is changed in place later must not change with it."""
    return {name: Capture()(value) for name, value in row.items() if value is not UNKNOWN}


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], key: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Both captured rows cut down to the columns that differ, plus `key`; None when nothing does."""
    names = [name for name in after if before.get(name, UNKNOWN) != after[name]]
    if not names:
        return None
    keep = {*names, *key}
    return (
        {name: value for name, value in before.items() if name in keep},
        {name: value for name, value in after.items() if name in keep},
    )


def key_text(values: Iterable[Any]) -> str:
    """The one spelling of a primary key: the value itself, or the values in the key's order joined by `,`
    with `%` and `,` within them as `%25` and `%2C`."""
    texts = [str(value) for value in values]
    if len(texts) == 1:
        return texts[0]
    return ",".join(text.replace("%", "%25").replace(",", "%2C") for text in texts)


def statement_parameters(recording: Recording, table: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Captured parameters of a statement; those named after an excluded column (`password_1`) are left out."""
    return captured_row(
        {
            name: value
            for name, value in parameters.items()
            if not recording.excludes(table, name) and not recording.excludes(table, name.rpartition("_")[0])
        }
    )
