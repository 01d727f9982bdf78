"""Graven: an audit log that cannot be rewritten, made for QA teams.

Names are imported at first use, so that `import graven` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graven.errors import GravenError
    from graven.event.model import Actor, Event, Target
    from graven.sdk.aio import AsyncClient
    from graven.sdk.asgi import ASGIMiddleware
    from graven.sdk.client import Client
    from graven.sdk.context import acting_as
    from graven.sdk.decorator import recorded
    from graven.sdk.default import configure, flush, record
    from graven.sdk.handler import GravenHandler
    from graven.sdk.ledger import Loss, Stats
    from graven.sdk.wsgi import WSGIMiddleware

__all__ = [
    "ASGIMiddleware", "Actor", "AsyncClient", "Client", "Event", "GravenError", "GravenHandler", "Loss", "Stats",
    "Target", "WSGIMiddleware", "__version__", "acting_as", "configure", "flush", "record", "recorded",
]  # fmt: skip

__version__ = "0.1.0"

_HOMES = {
    "graven.errors": ("GravenError",),
    "graven.event.model": ("Actor", "Event", "Target"),
    "graven.sdk.aio": ("AsyncClient",),
    "graven.sdk.asgi": ("ASGIMiddleware",),
    "graven.sdk.client": ("Client",),
    "graven.sdk.context": ("acting_as",),
    "graven.sdk.decorator": ("recorded",),
    "graven.sdk.default": ("configure", "flush", "record"),
    "graven.sdk.handler": ("GravenHandler",),
    "graven.sdk.ledger": ("Loss", "Stats"),
    "graven.sdk.wsgi": ("WSGIMiddleware",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module 'graven' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
