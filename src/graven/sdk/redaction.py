"""Redaction in the producer, with one step more than the rules: what a rule took in one place is taken
everywhere in the event.

A rule knows `Authorization` and `password` by name, but not the local variable, the message or the URL into
which the same secret was copied. So the taken values (and their URL-encoded and base64 forms) are looked for
in all other texts of the event, and in what is recorded within the same request.
"""

import base64
import binascii
import re
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from graven.event.redact import IDENTITY_FIELDS, Finding, Redactor, Rule, default_rules

__all__ = ["COPY_RULE", "redact_event", "sdk_rules", "secrets_in"]

COPY_RULE = "copied-secret"
_LEAST = 6
"""Characters: a shorter secret is likely to stand in innocent texts by chance."""
_MOST_FORMS = 256
_TOKENS = re.compile(r"[^\s;,=&\"']+")


@cache
def sdk_rules() -> tuple[Rule, ...]:
    """The default rules, and bare query strings, which frameworks keep without the question mark."""
    bare = Rule(
        name="bare-query",
        patterns=(r"\A(?:token|code_verifier|sig|signature)=[^&\s]",),
        needles=("token=", "verifier=", "sig=", "signature="),
        hints=(r"(?:token|verifier|sig|signature)=",),
    )
    return (*default_rules(), bare)


def redact_event(redactor: Redactor, event: dict[str, Any], known: Iterable[str] = ()) -> dict[str, Any]:
    """A redacted copy of `event` (captured data), or `event` itself when there was nothing to take.

    `known`: secrets found earlier in the same request (see `secrets_in`).
    """
    findings = list(redactor.find(event, event=True))
    secrets = (*known, *_forms_of(findings))
    redacted: dict[str, Any] = redactor.redact_value(event, event=True) if findings else event
    if not secrets:
        return redacted
    return {name: value if name in IDENTITY_FIELDS else _without(value, secrets) for name, value in redacted.items()}


def secrets_in(redactor: Redactor, value: Any) -> frozenset[str]:
    """The texts that the rules take in `value`, in every form in which a copy may turn up."""
    return _forms_of(redactor.find(value))


def _forms_of(findings: Iterable[Finding]) -> frozenset[str]:
    found: set[str] = set()
    for finding in findings:
        for text in _texts(finding.value):
            # A secret that is the whole value, or a word of it: `Bearer <token>`, `sid=<id>; theme=dark`.
            for word in {text, *_TOKENS.findall(text)} if len(text) <= 4096 else {text}:
                found |= _forms(word)
        if len(found) > _MOST_FORMS:
            break
    return frozenset(sorted(found, key=len, reverse=True)[:_MOST_FORMS])


def _forms(word: str) -> set[str]:
    if len(word) < _LEAST or not _is_telling(word):
        return set()
    raw = word.encode("utf-8", "backslashreplace")
    forms = {word, quote(word, safe=""), quote_plus(word), unquote_plus(word)}
    for encoded in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        forms.add(encoded.decode().rstrip("="))
    inner = _basic_password(word)
    if inner is not None and len(inner) >= _LEAST:
        forms.add(inner)
    return {form for form in forms if len(form) >= _LEAST}


def _is_telling(word: str) -> bool:
    """Not a word that says how something is kept secret rather than the secret."""
    return word.lower() not in {"bearer", "digest", "negotiate", "httponly", "samesite", "expires", "max-age", "secure",
                                "domain", "strict", "apikey", "password", "passwd", "secret", "authorization",
                                "token", "cookie", "set-cookie", "session", "access_token", "api_key"}  # fmt: skip


def _basic_password(word: str) -> str | None:
    try:
        padded = word + "=" * (-len(word) % 4)  # the words of a header come without their padding
        plain = binascii.a2b_base64(padded.encode("ascii", "ignore")).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    _, colon, password = plain.partition(":")
    return password if colon else None


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _without(value: Any, secrets: Collection[str]) -> Any:
    if type(value) is str:
        return _copied() if _holds(value, secrets) else value
    if type(value) is list:
        return [_without(item, secrets) for item in value]
    if type(value) is dict:
        if "$redacted" in value:
            return value
        clean: dict[str, Any] = {}
        for name, item in value.items():
            shown = f"[redacted name {len(clean)}]" if _holds(name, secrets) else name
            clean[shown] = _without(item, secrets)
        return clean
    if type(value) is int and abs(value) >= 10 ** (_LEAST - 1):
        return _copied() if _holds(str(value), secrets) else value
    return value


def _holds(text: str, secrets: Collection[str]) -> bool:
    return len(text) >= _LEAST and any(secret in text for secret in secrets)


def _copied() -> dict[str, Any]:
    return {"$redacted": {"by": "producer", "rule": COPY_RULE}}
