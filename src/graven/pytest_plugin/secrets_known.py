"""What a process that records knows to be secret."""

from collections.abc import Mapping
from typing import Any

from graven.event.redact import Redactor
from graven.sdk.capture import Limits
from graven.sdk.copies import Memory
from graven.sdk.plain import plainness
from graven.sdk.redaction import redact_event, secrets_in

__all__ = ["Secrets"]


class Secrets:
    """`memory` is shared with what composes events, and learns from each of them."""

    def __init__(self, redactor: Redactor, limits: Limits) -> None:
        self.memory = Memory()
        self._redactor = redactor
        self._nothing_in = plainness(limits, redactor)

    def learn(self, value: Any) -> None:
        """Remember the secrets in captured data."""
        if not self._nothing_in.is_plain({"value": value}):
            self.memory.learn(secrets_in(self._redactor, value))

    def in_text(self, text: str, given: Mapping[str, Any]) -> bool:
        """Whether the text holds a secret that was learnt, one of those in `given`, or the shape of one."""
        if any(secret in text for secret in self.memory.learnt):
            return True
        if self._nothing_in.is_plain({"text": text, "given": given}):
            return False
        return any(secret in text for secret in secrets_in(self._redactor, given)) or bool(self._redactor.find(text))

    def taken_from(self, value: Any) -> Any:
        """A copy of captured data without secrets."""
        return redact_event(self._redactor, {"output": value}, self.memory.known)["output"]
