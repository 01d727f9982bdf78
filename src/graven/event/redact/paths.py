"""Paths of redaction rules, compiled: does a member at this place belong to a rule?"""

import re
from functools import cache
from typing import Final

__all__ = ["CompiledPath", "step_hint", "step_needle"]

_SEPARATOR: Final = "[-_. ]?"


def _name_pattern(step: str, anything: str) -> str:
    return anything.join(_SEPARATOR.join(re.escape(word) for word in part.split("_")) for part in step.split("*"))


def step_hint(step: str) -> str:
    """A regular expression for the raw spelling of a member name with its closing quotation mark."""
    lead = "" if step.startswith("*") else '["-]'
    return lead + _name_pattern(step.lstrip("*"), '[^"]*') + '"'


def step_needle(step: str) -> str:
    """The longest literal in a step, as `rules.flatten` leaves it; empty for `*` and `**`."""
    return max((re.sub("[-_. ]", "", part) for part in step.lower().split("*")), key=len)


class CompiledPath:
    """One path. `may_end_with` decides on the last name alone and is what callers cache per name."""

    def __init__(self, path: str) -> None:
        self.steps = tuple(path.split("."))
        self._anywhere = len(self.steps) == 2 and self.steps[0] == "**"
        self._names: dict[str, re.Pattern[str]] = {
            step: re.compile(_name_pattern(step, ".*"), re.IGNORECASE | re.ASCII | re.DOTALL)
            for step in self.steps
            if step not in {"*", "**"}
        }

    def _step_matches(self, step: str, at: str | int) -> bool:
        return step == "*" or (isinstance(at, str) and self._names[step].fullmatch(at) is not None)

    def may_end_with(self, name: str | int) -> bool:
        """Whether the last step matches; the rest is up to `matches`."""
        return self._step_matches(self.steps[-1], name)

    def matches(self, place: tuple[str | int, ...]) -> bool:
        """Whether a whole place (member names and positions from the root) belongs to this path."""
        if self._anywhere:
            return bool(place) and self.may_end_with(place[-1])

        @cache
        def rest(step: int, at: int) -> bool:
            if step == len(self.steps):
                return at == len(place)
            if self.steps[step] == "**":
                return rest(step + 1, at) or (at < len(place) and rest(step, at + 1))
            return at < len(place) and self._step_matches(self.steps[step], place[at]) and rest(step + 1, at + 1)

        return rest(0, 0)
