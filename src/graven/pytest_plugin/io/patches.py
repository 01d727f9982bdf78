"""Replacing attributes of other people's classes, and putting them back exactly as they were."""

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["Patches"]

_ABSENT = object()


class Patches:
    """What was replaced, so that `undo` restores it: also that an attribute was inherited, not the class's own."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Set `owner.name`; the raw entry of its `__dict__` (a staticmethod stays one) is what comes back."""
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, new)

    def wrap(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace a function by `make(function)`, keeping its name, docstring and signature."""
        original = getattr(owner, name)
        self.replace(owner, name, functools.wraps(original)(make(original)))

    def later(self, undo: Callable[[], None]) -> None:
        """Also call this when undoing."""
        self._undo.append((undo, "", _ABSENT))

    def undo(self) -> None:
        """Restore in reverse order."""
        while self._undo:
            owner, name, old = self._undo.pop()
            if not name:
                owner()
            elif old is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, old)
