"""The columns of a table, by the names that queries use: `actor`, `duration`, `labels.team`, `input.lines[0].sku`."""

import difflib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from graven.errors import InvalidInput
from graven.index.export.values import Path
from graven.index.query.fields import BY_NAME, FIELDS, TEXT, Field
from graven.index.query.names import unquote

__all__ = ["DEFAULT_COLUMNS", "MOST_COLUMNS", "Column", "parse_columns"]

MOST_COLUMNS: Final = 200

DEFAULT_COLUMNS: Final = (
    *("index", "received", "time", "source", "action", "outcome", "actor", "actor.name", "target", "message"),
    *("error", "error.message", "duration", "severity", "run", "test", "status", "env", "trace", "ip", "id"),
)

_TARGET_ID: Final = Field("target.id", "keyword", "", ("event", "targets", "id"), "id of the target")
"""In queries another name of `target`, which is the id as well as `type/id`; in a table one of the two is wanted."""

_STEP: Final = re.compile(r'\.(?:"((?:[^"\\]|\\["\\])+)"|([^.\[\]"]+))|\[(\d{0,9})\]')


class Column(NamedTuple):
    """`name` is as it was asked for, and stands in the heading."""

    name: str
    field: Field
    path: Path = ()


def parse_columns(names: Sequence[str] = DEFAULT_COLUMNS) -> tuple[Column, ...]:
    """InvalidInput (`unknown_field`, `bad_fields`) with the nearest name; `text` is no column, it has no value."""
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise InvalidInput(f"{len(names)} fields: 1 to {MOST_COLUMNS} are taken", code="bad_fields")
    if "" in names:
        raise InvalidInput("the name of a field is empty", hint="names are separated by one comma", code="bad_fields")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise InvalidInput(f"the field {twice} is asked for twice", code="bad_fields")
    return tuple(_column(name) for name in names)


def _column(name: str) -> Column:
    known = _TARGET_ID if name == _TARGET_ID.name else BY_NAME.get(name)
    if known is not None and known is not TEXT:
        return Column(name, known)
    base = re.match(r"[^.\[]*", name)[0]  # type: ignore[index]  # it matches the empty text
    field = BY_NAME.get(base)
    if field is None or field.kind not in {"map", "json"}:
        close = difflib.get_close_matches(name, [each.name for each in FIELDS if each is not TEXT], n=1)
        raise InvalidInput(
            f"unknown field {name[:80]!r}",
            hint=f"did you mean {close[0]}?" if close else "the fields are those of queries",
            code="unknown_field",
        )
    rest = name[len(base) :]
    if field.kind == "map":
        return Column(name, field, (_unquoted(rest[1:]),))
    steps: list[str | int | None] = []
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise InvalidInput(
                f"the path {name[:80]!r} is not understood at character {len(base) + at}",
                hint='members as .name or ."na.me", elements as [0] or []',
                code="bad_fields",
            )
        quoted, plain, number = step.groups()
        steps.append(
            plain or (re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else int(number) if number else None)
        )
        at = step.end()
    return Column(name, field, tuple(steps))


def _unquoted(key: str) -> str:
    return unquote(key) if len(key) > 2 and key[0] == key[-1] == '"' else key
