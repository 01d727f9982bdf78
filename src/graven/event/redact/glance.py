"""A fast look at an event that says "plain data with surely nothing to take", so that most events are spared
the copy and the walk that finds places.

It may say no for any reason, and yes only when the slow path would change nothing.
"""

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from graven.event.redact.redactor import Redactor

__all__ = ["Glance"]

_MOST_NAMES: Final = 10_000
_NAME_CHARS: Final = 256
_RESERVED: Final = frozenset({"$redacted", "$sealed"})


class Glance:
    """Bounds of one value, as of a capture: levels of containers, elements of one, values in all, characters of a
    text. Thread-safe."""

    def __init__(self, redactor: "Redactor", *, depth: int, items: int, nodes: int, text: int) -> None:
        self._redactor = redactor
        self._depth = depth
        self._items = items
        self._nodes = nodes
        self._text = text
        self._safe: set[str] = set()

    def is_plain(self, members: dict[str, Any], *, look: bool = True) -> bool:
        """Whether the values of `members` are built of str, int, float, bool, None, list, tuple and dict only,
        within the bounds, and (`look`) hold nothing that a rule could take."""
        if look and self._redactor.takes_positions:
            return False
        left = self._nodes - len(members)
        level: list[Any] = [members]
        for _ in range(self._depth + 1):
            below: list[Any] = []
            for container in level:
                if left < 0 or not self._elements_are(container, below, look=look):
                    return False
            left -= sum(map(len, below))
            level = below
            if not level:
                return left >= 0
        return False

    def _elements_are(self, container: Any, below: list[Any], *, look: bool) -> bool:
        if type(container) is dict:
            if not self._names_are(container, look=look):
                return False
            elements = container.values()
        else:
            if look and len(container) == 2 and not self._pair_is(*container):
                return False
            elements = container
        verdict = self._redactor.texts.remembered
        for element in elements:
            kind = type(element)
            if kind is str:
                if len(element) > self._text or (look and verdict(element) is not None):
                    return False
            elif kind is dict or kind is list or kind is tuple:
                if len(element) > self._items:
                    return False
                below.append(element)
            elif kind is int:
                if not -(2**63) <= element < 2**63 or 10**13 <= element < 10**16:  # the latter may be a card
                    return False
            elif kind is float:
                if not math.isfinite(element):
                    return False
            elif element is not None and kind is not bool:
                return False
        return True

    def _names_are(self, container: dict[Any, Any], *, look: bool) -> bool:
        safe = self._safe
        for name in container:
            if type(name) is not str or (name not in safe and not self._learn(name, look=look)):
                return False
        return not (look and "value" in container and ("name" in container or "key" in container))

    def _pair_is(self, name: Any, value: Any) -> bool:
        """Not `["authorization", "Bearer …"]`."""
        return type(name) is not str or type(value) is not str or not self._redactor.candidates(name)

    def _learn(self, name: str, *, look: bool) -> bool:
        if len(name) > _NAME_CHARS or name in _RESERVED:
            return False
        if self._redactor.candidates(name):
            return not look
        if len(self._safe) >= _MOST_NAMES:
            self._safe.clear()
        self._safe.add(name)
        return True
