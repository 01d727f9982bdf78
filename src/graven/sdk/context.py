"""Who acts, and in which request: a context that flows into decorated calls, logging and tasks."""

import contextvars
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from graven.event.model import Actor

__all__ = ["ActorLike", "Scope", "acting_as", "current_scope"]

ActorLike = str | Mapping[str, Any] | Actor
"""An actor's id, or its members (DESIGN.md §3)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What events recorded here carry unless they say otherwise."""

    actor: ActorLike | Callable[[], ActorLike | None] | None = None
    """Or a function that is asked at each recording: a request's actor is often known only later."""
    on_behalf_of: tuple[ActorLike, ...] = ()
    correlation_id: str | None = None
    causation_id: str | None = None
    session_id: str | None = None
    trace: Mapping[str, str] | None = None
    run: str | None = None
    """`qa.run`: the test run on whose behalf this happens."""
    secrets: frozenset[str] = frozenset()
    """Texts that must not be recorded, wherever they turn up."""


_NOWHERE = Scope()
_SCOPE: contextvars.ContextVar[Scope] = contextvars.ContextVar("graven_scope", default=_NOWHERE)


def current_scope() -> Scope:
    """The innermost scope of this thread or task."""
    return _SCOPE.get()


class acting_as:  # noqa: N801 - reads as a verb in `with graven.acting_as("alice"):`
    """Context manager: within it, events get this actor, correlation, session and trace.

    What is not given is inherited from the scope around it. May be entered by threads and tasks; each
    instance once.
    """

    def __init__(
        self,
        actor: ActorLike | Callable[[], ActorLike | None] | None = None,
        *,
        on_behalf_of: Sequence[ActorLike] | None = None,
        correlation_id: str | None = None,
        causation_id: str | None = None,
        session_id: str | None = None,
        trace: Mapping[str, str] | None = None,
        run: str | None = None,
        secrets: frozenset[str] | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "actor": actor,
            "on_behalf_of": None if on_behalf_of is None else tuple(on_behalf_of),
            "correlation_id": correlation_id,
            "causation_id": causation_id,
            "session_id": session_id,
            "trace": trace,
            "run": run,
            "secrets": secrets,
        }
        self._given = {name: value for name, value in given.items() if value is not None}
        self._before = _NOWHERE
        self._token: contextvars.Token[Scope] | None = None

    def __enter__(self) -> Scope:
        self._before = _SCOPE.get()
        scope = replace(self._before, **self._given)
        if self._before.secrets:
            scope = replace(scope, secrets=scope.secrets | self._before.secrets)
        self._token = _SCOPE.set(scope)
        return scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is None:
            return
        try:
            _SCOPE.reset(self._token)
        except ValueError:  # a generator that was started in one context and closed in another
            _SCOPE.set(self._before)
        self._token = None
