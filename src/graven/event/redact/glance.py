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


_NUMBERS: Final = frozenset({int, float})


def _is_usual(number: float) -> bool:
    """Finite, within 64 bits, and no whole number that may be a card's."""
    if type(number) is float:
        return math.isfinite(number)
    return -(2**63) <= number < 2**63 and not 10**13 <= number < 10**16


class Glance:
    """Bounds of one value, as of a capture: levels of containers, elements of one, values in all, characters of a
    text. Without a redactor only the shape counts. Thread-safe."""

    def __init__(self, redactor: "Redactor | None", *, depth: int, items: int, nodes: int, text: int) -> None:
        self._redactor = redactor
        self._depth = depth
        self._items = items
        self._nodes = nodes
        self._text = text
        self._safe: set[str] = set()

    def is_plain(self, members: dict[str, Any]) -> bool:
        """Whether the values of `members` are built of str, int, float, bool, None, list, tuple and dict only,
        within the bounds, and hold nothing that a rule could take."""
        if self._redactor is not None and self._redactor.takes_positions:
            return False
        left = self._nodes - len(members)
        level: list[Any] = [members]
        texts: list[str] = []
        for _ in range(self._depth + 1):
            below: list[Any] = []
            for container in level:
                if left < 0 or not self._elements_are(container, below, texts):
                    return False
            left -= sum(map(len, below))
            level = below
            if not level:
                return left >= 0 and (self._redactor is None or self._redactor.texts.none_taken(texts))
        return False

    def _elements_are(self, container: Any, below: list[Any], texts: list[str]) -> bool:
        """Collects the containers in `container`, and the texts that no verdict is known of."""
        if type(container) is dict:
            if not self._names_are(container):
                return False
            elements = container.values()
        elif not self._list_is(container):
            return False
        else:
            elements = container
        known = None if self._redactor is None else self._redactor.texts.known
        for element in elements:
            kind = type(element)
            if kind is str:
                if len(element) > self._text:
                    return False
                if known is not None and not known(element):
                    texts.append(element)
            elif kind is dict or kind is list or kind is tuple:
                if len(element) > self._items:
                    return False
                below.append(element)
            elif element is not None and kind is not bool and not (kind in _NUMBERS and _is_usual(element)):
                return False
        return True

    def _names_are(self, container: dict[Any, Any]) -> bool:
        safe = self._safe
        for name in container:
            if type(name) is not str or (name not in safe and not self._learn(name)):
                return False
        return self._redactor is None or not ("value" in container and ("name" in container or "key" in container))

    def _list_is(self, elements: Any) -> bool:
        """Neither `["authorization", "Bearer …"]` nor `["mysql", "--password", "…"]`."""
        if self._redactor is None:
            return True
        texts = [element for element in elements if type(element) is str]
        names = [text.lstrip("-") for text in texts if text.startswith("-")]
        if len(elements) == len(texts) == 2:
            names.append(texts[0])
        return not any(self._redactor.candidates(name) for name in names)

    def _learn(self, name: str) -> bool:
        if len(name) > _NAME_CHARS or name in _RESERVED:
            return False
        if self._redactor is not None and self._redactor.candidates(name):
            return False
        if len(self._safe) >= _MOST_NAMES:
            self._safe.clear()
        self._safe.add(name)
        return True
