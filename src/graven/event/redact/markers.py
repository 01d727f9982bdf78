"""What stands in the place of a redacted value, and who may say so.

    {"$redacted":{"by":"server","rule":"password","hmac":"<key id>:<64 lower-case hex>"}}

A producer may redact too, and says `"by":"producer"`; `hmac` is then optional, because a producer need not
hold a key. Any other object with a member `$redacted`, and any object with a member `$sealed` (values are
sealed by the server, never by a producer), is a forgery. In an entry that another recorder made, its server's
markers and sealed values are what they say (`recorded`).
"""

import re
from typing import Any, Final

__all__ = ["KEY_ID", "RULE_NAME", "forgery", "is_marker", "marker", "well_formed_count"]

RULE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
KEY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HMAC: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[0-9a-f]{64}")
_SPELLED: Final = re.compile(
    rb'\{"\$redacted":\{"by":"producer","rule":"[a-z0-9][a-z0-9._-]{0,63}"'
    rb'(?:,"hmac":"[A-Za-z0-9][A-Za-z0-9._-]{0,63}:[0-9a-f]{64}")?\}\}'
)
_RECORDED: Final = re.compile(_SPELLED.pattern.replace(b"producer", b"(?:producer|server)"))
_SEALED: Final = {"subject", "nonce", "ct"}


def marker(by: str, rule: str, hmac: str | None) -> dict[str, Any]:
    """The object that replaces a value."""
    body = {"by": by, "rule": rule}
    if hmac is not None:
        body["hmac"] = hmac
    return {"$redacted": body}


def is_marker(value: Any) -> bool:
    """Whether an object claims to be redacted or sealed (rightly or not)."""
    return isinstance(value, dict) and ("$redacted" in value or "$sealed" in value)


def forgery(value: dict[str, Any], *, recorded: bool = False) -> str | None:
    """Why a producer's marker is refused, or None when it is well-formed. `recorded`: a recorder's is, too."""
    if "$sealed" in value:
        return _sealed_forgery(value) if recorded else "$sealed is written by the server only"
    body = value["$redacted"]
    if len(value) != 1 or not isinstance(body, dict):
        return '$redacted must be the only member, an object with "by", "rule" and "hmac"'
    if body.get("by") != "producer" and not (recorded and body.get("by") == "server"):
        if recorded:
            return '$redacted must say "by":"producer" or "by":"server"'
        return '$redacted from a producer must say "by":"producer"'
    if not body.keys() <= {"by", "rule", "hmac"}:
        return "$redacted has unknown members"
    rule, hmac = body.get("rule"), body.get("hmac", "")
    if not isinstance(rule, str) or RULE_NAME.fullmatch(rule) is None:
        return "$redacted names no rule (lower-case letters, digits, '.', '_', '-')"
    if "hmac" in body and (not isinstance(hmac, str) or _HMAC.fullmatch(hmac) is None):
        return '$redacted has a malformed "hmac"'
    return None


def _sealed_forgery(value: dict[str, Any]) -> str | None:
    body = value["$sealed"]
    whole = len(value) == 1 and isinstance(body, dict) and body.keys() == _SEALED
    if not whole or not all(isinstance(part, str) for part in body.values()):
        return '$sealed must be the only member, an object with "subject", "nonce" and "ct"'
    return None


def well_formed_count(data: bytes, *, recorded: bool = False) -> int:
    """Number of well-formed markers in their usual spelling: a fast test for the common case."""
    return len((_RECORDED if recorded else _SPELLED).findall(data))
