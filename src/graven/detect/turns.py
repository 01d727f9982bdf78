"""Whose delivery is sent next: alerts take turns, at each address and at each host, whatever one of them has waiting.

One that was not served lately goes first. What is remembered is forgotten as soon as an alert has nothing due at an
address: memory follows what waits.
"""

from collections.abc import Sequence

from graven.detect.address import host_of
from graven.detect.store import Delivery

__all__ = ["Turns"]

_Alert = tuple[str, str]


class Turns:
    """Remembers who was served, in which order."""

    def __init__(self) -> None:
        self._count = 0
        self._at_address: dict[tuple[str, _Alert], int] = {}
        self._at_host: dict[tuple[str, _Alert], int] = {}

    def order(self, due: Sequence[Delivery]) -> list[Delivery]:
        """One of each address, in the order in which they should be sent; `due` has one of each alert and address."""
        self._forget(due)
        # at an address the alert that waits longest for its turn there
        first: dict[str, Delivery] = {}
        for one in sorted(due, key=lambda one: (self._at_address.get((one.address, _alert(one)), 0), one.due_ns)):
            first.setdefault(one.address, one)
        # among the addresses of a host, too: one alert may be sent to twenty of them
        return sorted(first.values(), key=self._rank)

    def served(self, delivery: Delivery) -> None:
        """It is being sent."""
        self._count += 1
        self._at_address[delivery.address, _alert(delivery)] = self._count
        self._at_host[host_of(delivery.address), _alert(delivery)] = self._count

    def _rank(self, one: Delivery) -> tuple[int, int, int]:
        alert = _alert(one)
        at_host = self._at_host.get((host_of(one.address), alert), 0)
        return at_host, self._at_address.get((one.address, alert), 0), one.due_ns

    def _forget(self, due: Sequence[Delivery]) -> None:
        addresses = {(one.address, _alert(one)) for one in due}
        hosts = {(host_of(one.address), _alert(one)) for one in due}
        self._at_address = {key: at for key, at in self._at_address.items() if key in addresses}
        self._at_host = {key: at for key, at in self._at_host.items() if key in hosts}


def _alert(delivery: Delivery) -> _Alert:
    return delivery.log, delivery.alert
