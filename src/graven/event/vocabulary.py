"""The members of event/1 that take one of a few words (docs/design: event/1)."""

from typing import Final, Literal, get_args

__all__ = ["ACTOR_TYPES", "OUTCOMES", "ActorType", "Outcome"]

ActorType = Literal["user", "service", "agent", "ci", "test", "system", "anonymous"]
Outcome = Literal["success", "failure", "denied", "error", "unknown"]

ACTOR_TYPES: Final[tuple[str, ...]] = get_args(ActorType)
OUTCOMES: Final[tuple[str, ...]] = get_args(Outcome)
