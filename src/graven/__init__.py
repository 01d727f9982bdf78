"""Graven: an audit log that cannot be rewritten, made for QA teams.

Names are imported at first use, so that `import graven` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graven.errors import GravenError
    from graven.event.model import Actor, Event, Target
    from graven.sdk.aio import AsyncClient
    from graven.sdk.client import Client
    from graven.sdk.context import acting_as
    from graven.sdk.ledger import Loss, Stats

__all__ = [
    "Actor",
    "AsyncClient",
    "Client",
    "Event",
    "GravenError",
    "Loss",
    "Stats",
    "Target",
    "__version__",
    "acting_as",
]

__version__ = "0.1.0"

_HOMES = {
    "Actor": "graven.event.model",
    "AsyncClient": "graven.sdk.aio",
    "Client": "graven.sdk.client",
    "Event": "graven.event.model",
    "GravenError": "graven.errors",
    "Loss": "graven.sdk.ledger",
    "Stats": "graven.sdk.ledger",
    "Target": "graven.event.model",
    "acting_as": "graven.sdk.context",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'graven' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
