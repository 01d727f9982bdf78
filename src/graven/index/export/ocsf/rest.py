"""What of an event is still to be mapped: whoever takes a value takes it out, and what is left goes to `unmapped`.

So nothing is lost and nothing stands twice, whatever the mapping knows. A value of another type than asked for stays.
"""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["Rest"]

T = TypeVar("T")


class Rest:
    """A JSON object to take from; the object itself is not changed (levels are copied when something is taken)."""

    def __init__(self, value: Any) -> None:
        self._tree: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
        self._own: set[tuple[str, ...]] = {()}

    def text(self, *path: str) -> str | None:
        """Take a string that is not empty."""
        return self.take(*path, of=lambda value: value if isinstance(value, str) and value else None)

    def any(self, *path: str) -> Any:
        """Take whatever is there; None when nothing is."""
        return self.take(*path, of=lambda value: value)

    def look(self, *path: str) -> Any:
        """What is there, and stays."""
        value: Any = self._tree
        for name in path:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    def take(self, *path: str, of: Callable[[Any], T | None]) -> T | None:
        """Take what `of` accepts, as `of` makes it; what it gives None for stays."""
        value = self.look(*path)
        made = None if value is None else of(value)
        if made is None:
            return None
        parent = self._owned(path[:-1])
        del parent[path[-1]]
        return made

    def left(self) -> dict[str, Any]:
        """What nobody took, without the objects that were emptied."""
        return _without_empty(self._tree, self._own, ())

    def _owned(self, path: tuple[str, ...]) -> dict[str, Any]:
        node = self._tree
        for depth, name in enumerate(path, 1):
            if path[:depth] not in self._own:
                node[name] = dict(node[name])
                self._own.add(path[:depth])
            node = node[name]
        return node


def _without_empty(tree: dict[str, Any], own: set[tuple[str, ...]], at: tuple[str, ...]) -> dict[str, Any]:
    """Only what we emptied is left out: an empty object that was recorded is a value."""
    kept: dict[str, Any] = {}
    for name, value in tree.items():
        if value is None:
            continue
        if (*at, name) in own:
            value = _without_empty(value, own, (*at, name))  # noqa: PLW2901
            if not value:
                continue
        kept[name] = value
    return kept
