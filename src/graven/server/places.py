"""Places that callers hold while an answer is open: bounded for all together, and for each token by itself.

A bound for all alone is no bound: one token that opens answers and never reads them would shut everybody out.
"""

import weakref

from graven.errors import Busy
from graven.server.access import EVERYTHING, Principal

__all__ = ["Place", "Places"]


class Place:
    """One that is taken. Forgetting it gives it back: an answer that never begins runs no line of ours at its end."""

    __slots__ = ("__weakref__", "token_id")

    def __init__(self, token_id: str) -> None:
        self.token_id = token_id


class Places:
    """For one kind of answer, `what` in the plural. Not for several threads at once."""

    def __init__(self, what: str, *, of_one: int, of_all: int, hint: str) -> None:
        self._what = what
        self._of_one = of_one
        self._of_all = of_all
        self._hint = hint
        self._taken: weakref.WeakSet[Place] = weakref.WeakSet()

    def take(self, principal: Principal) -> Place:
        """A place, to be held while the answer is open; Busy when there is none.

        Sessions count with their token. Without authentication all callers are one, and only the bound of all holds.
        """
        own = sum(1 for place in self._taken if place.token_id == principal.token_id)
        if own >= self._of_one and principal is not EVERYTHING:
            raise Busy(
                f"token {principal.token_id} has {own} {self._what} open, and one token may have {self._of_one}",
                hint=self._hint,
                code="too_many_open",
                retry_after_s=5,
            )
        if len(self._taken) >= self._of_all:
            raise Busy(f"{self._of_all} {self._what} are open", hint=self._hint, retry_after_s=5)
        place = Place(principal.token_id)
        self._taken.add(place)
        return place

    def give_back(self, place: Place) -> None:
        """Whether it was given back before or not."""
        self._taken.discard(place)
