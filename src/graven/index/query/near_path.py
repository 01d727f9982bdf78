"""Which path was probably meant by one that no document has: `input.lines.sku` is `input.lines[].sku` where `lines` is
a list, and `input.custmer.id` is `input.customer.id`."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from graven.index.near import near_names
from graven.index.query.ast import Path

__all__ = ["MeantPath", "meant_path"]

_MOST_VALUES: Final = 2_000
"""Elements that are looked at in one step; a list may hold a million."""


class MeantPath(NamedTuple):
    """`path` leads to `values`. Where the documents know no such path, it is as far as they go, `values` are empty, and
    `names` are the members that there are."""

    path: Path
    values: list[Any]
    names: list[str]


def meant_path(path: Path, documents: Sequence[Any]) -> MeantPath:
    """The path of these documents that is nearest; `path` itself where it leads somewhere."""
    found: list[str | int | None] = []
    values = list(documents[:_MOST_VALUES])
    for step in path:
        if isinstance(step, str):
            values = _into_lists(step, found, values)
            if step.isdecimal() and not _objects(values) and (elements := _elements(values, int(step))):
                found.append(int(step))
                values = elements
                continue
            name = _name_near(step, values)
            if name is None:
                return MeantPath(tuple(found), [], _names(values))
            found.append(name)
            values = [value[name] for value in _objects(values) if value.get(name) is not None]
        elif elements := _elements(values, step):
            found.append(step)
            values = elements
        elif _lists(values):
            return MeantPath(tuple(found), [], [])
        # else what is no list has no element, and the path goes on without it
    return MeantPath(tuple(found), values[:_MOST_VALUES], [])


def _into_lists(name: str, found: list[str | int | None], values: list[Any]) -> list[Any]:
    """The elements of lists, where no object among the values has the member and there is no number to count by."""
    while _lists(values) and not any(name in value for value in _objects(values)):
        elements = _elements(values, None)
        if not elements or (name.isdecimal() and not any(name in value for value in _objects(elements))):
            return values
        found.append(None)
        values = elements
    return values


def _objects(values: list[Any]) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)]


def _lists(values: list[Any]) -> list[list[Any]]:
    return [value for value in values if isinstance(value, list)]


def _elements(values: list[Any], at: int | None) -> list[Any]:
    if at is not None:
        return [value[at] for value in _lists(values) if at < len(value)]
    return [element for value in _lists(values) for element in value[:_MOST_VALUES]][:_MOST_VALUES]


def _names(values: list[Any]) -> list[str]:
    return sorted({name for value in _objects(values) for name in value})


def _name_near(name: str, values: list[Any]) -> str | None:
    names = _names(values)
    if name in names:
        return name
    lowered = {one.casefold(): one for one in names}
    near = near_names(name.casefold(), list(lowered), cutoff=0.7, most=1)
    return lowered[near[0]] if near else None
