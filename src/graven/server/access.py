"""Who may do what: principals, roles, and the permissions that a role gives.

`recorder` appends and does nothing else; `reader` searches, and reads entries and their proofs, each page recorded;
`auditor` also exports (bundles of entries, so whole logs in one call) and reads the log `system`; `operator` manages
tokens and logs and sees no payload. A single proof shows nothing that its entry does not, so readers get it too.
"""

from dataclasses import dataclass
from typing import Literal

from graven.errors import Forbidden, InvalidInput

__all__ = ["ANYBODY", "EVERYTHING", "ROLES", "Permission", "Principal", "check_roles"]

Permission = Literal["append", "read", "prove", "export", "operate", "metrics"]

ROLES = ("auditor", "operator", "reader", "recorder")

_BY_POWER = ("recorder", "reader", "auditor", "operator")
"""The role that is proposed is the first that will do."""

_GIVES: dict[str, frozenset[str]] = {
    "recorder": frozenset({"append", "metrics"}),
    "reader": frozenset({"read", "prove", "metrics"}),
    "auditor": frozenset({"read", "read_system", "prove", "export", "metrics"}),
    "operator": frozenset({"operate", "prove", "metrics"}),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller. `logs` is None when every log is open to it."""

    token_id: str
    name: str
    roles: frozenset[str]
    logs: frozenset[str] | None = None

    def may(self, permission: str, log: str | None = None) -> bool:
        """Whether a role gives the permission, and the log is among those of the token."""
        if log is not None and self.logs is not None and log not in self.logs:
            return False
        if permission == "append" and log == "system":
            return False
        if permission == "operate" and self.logs is not None:  # it could make itself a token for the others
            return False
        if permission == "read" and log == "system":
            permission = "read_system"
        return any(permission in _GIVES[role] for role in self.roles)

    def require(self, permission: str, log: str | None = None) -> None:
        """Forbidden, naming the role that would do, unless `may`."""
        if self.may(permission, log):
            return
        if permission == "append" and log == "system":
            raise Forbidden(
                "nobody appends to the log system over HTTP",
                why="the server records there what happens to itself",
                hint="append to another log",
                code="system_is_read_only",
            )
        if log is not None and self.logs is not None and log not in self.logs:
            raise Forbidden(
                f"token {self.token_id} is not for log {log}",
                hint=f"it is for {', '.join(sorted(self.logs))}; ask an operator for another token",
                code="wrong_log",
            )
        if permission == "operate" and self.logs is not None and "operator" in self.roles:
            raise Forbidden(
                f"token {self.token_id} is for certain logs only, and this call is about all of them",
                hint="ask an operator whose token is for all logs",
                code="wrong_log",
            )
        wanted = "read_system" if permission == "read" and log == "system" else permission
        fitting = [role for role in ROLES if wanted in _GIVES[role]]
        own = f"the role {min(self.roles)}" if len(self.roles) == 1 else f"the roles {', '.join(sorted(self.roles))}"
        weakest = next(role for role in _BY_POWER if role in fitting)
        raise Forbidden(
            f"token {self.token_id} has {own if self.roles else 'no role'}, and this call needs the role"
            f" {' or '.join(fitting)}",
            hint=f"an operator makes a token that may: graven token create NAME --role {weakest}",
            code="missing_role",
            details={"needs": fitting},
        )


ANYBODY = Principal("anonymous", "anonymous", frozenset())
"""A caller without a token, on the calls that need none."""

EVERYTHING = Principal("unauthenticated", "authentication is off", frozenset(ROLES))
"""Every caller when authentication is switched off in words."""


def check_roles(roles: list[str]) -> frozenset[str]:
    """The roles as a set; InvalidInput when empty or unknown."""
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise InvalidInput(
            f"unknown role {unknown[0]!r}" if unknown else "a token needs at least one role",
            hint=f"roles are {', '.join(ROLES)}",
            code="unknown_role",
        )
    return frozenset(roles)
