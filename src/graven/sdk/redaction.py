"""Redaction in the producer, with one step more than the rules: what a rule took in one place is taken
everywhere in the event.

A rule knows `Authorization` and `password` by name, but not the local variable, the message or the URL into
which the same secret was copied. So the taken values (and their URL-encoded and base64 forms) are looked for
in all other texts of the event, and in what is recorded within the same request.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from graven.event.redact import IDENTITY_FIELDS, Redactor, Rule, default_rules
from graven.sdk.copies import LEAST, Memory, forms_of
from graven.sdk.sqlnames import statement_findings

__all__ = ["COPY_RULE", "redact_event", "sdk_rules", "secrets_in"]

COPY_RULE = "copied-secret"
_TESTS = frozenset({"run", "suite", "test", "environment"})
"""Members of `qa` by which runs are put together. Rules apply to them, but a word that also stands in a cookie does not
take a test out of its history; a recorder of tests gives them names without secrets."""
_NAMES = frozenset({"id", "name"})
_LISTS = frozenset({"selected", "deselected"})


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


def redact_event(
    redactor: Redactor, event: dict[str, Any], known: Iterable[str] = (), memory: Memory | None = None
) -> dict[str, Any]:
    """A redacted copy of `event` (captured data), or `event` itself when there was nothing to take.

    `known`: secrets found earlier in the same request (see `secrets_in`). `memory`: of all events before, to
    which those of this one are added.
    """
    findings = redactor.find(event, event=True)
    taken = {finding.place for finding in findings}
    findings += [
        finding
        for finding in statement_findings(redactor, event)
        if not any(finding.place[:length] in taken for length in range(1, len(finding.place) + 1))
    ]
    found = forms_of(redactor, findings)
    if memory is not None:
        memory.add(found)
        known = (*known, *memory.known)
    redacted = redactor.replace(event, findings) if findings else event
    secrets = _present(redacted, {*known, *found})
    if not secrets:
        return redacted
    return {name: _member_without(name, value, secrets) for name, value in redacted.items()}


def secrets_in(redactor: Redactor, value: Any) -> frozenset[str]:
    """The texts that the rules take in `value`, in every form in which a copy may turn up."""
    return forms_of(redactor, redactor.find(value))


def _present(event: dict[str, Any], secrets: Collection[str]) -> list[str]:
    """Those that stand in the event at all, the longest first: most events hold none."""
    if not secrets:
        return []
    texts: list[str] = []
    _gather(event, texts)
    joined = "\n".join(texts)
    return sorted((secret for secret in secrets if secret in joined), key=len, reverse=True)


def _gather(value: Any, texts: list[str]) -> None:
    kind = type(value)
    if kind is str:
        if len(value) >= LEAST:
            texts.append(value)
    elif kind is dict:
        for name, item in value.items():
            if len(name) >= LEAST:
                texts.append(name)
            _gather(item, texts)
    elif kind is list:
        for item in value:
            _gather(item, texts)
    elif kind is int and abs(value) >= 10 ** (LEAST - 1):
        texts.append(str(value))


def _member_without(name: str, value: Any, secrets: Collection[str]) -> Any:
    """A member of an event. Names of tests stay; of the names of other targets only the secret is taken out."""
    if name in IDENTITY_FIELDS:
        return value
    if name == "qa" and type(value) is dict:
        return {key: item if key in _TESTS else _without(item, secrets) for key, item in value.items()}
    if name == "targets" and type(value) is list:
        return [_target_without(target, secrets) for target in value]
    return _without(value, secrets)


def _target_without(target: Any, secrets: Collection[str]) -> Any:
    if type(target) is not dict or "$redacted" in target:
        return _without(target, secrets)
    is_test = target.get("type") == "test"
    return {
        name: _without(item, secrets) if name not in _NAMES else item if is_test else _spelt_without(item, secrets)
        for name, item in target.items()
    }


def _spelt_without(value: Any, secrets: Collection[str]) -> Any:
    if type(value) is list:
        return [_spelt_without(item, secrets) for item in value]
    if type(value) is not str:
        return _without(value, secrets)
    for secret in secrets:
        value = value.replace(secret, "***")
    return value


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
            clean[shown] = _spelt_without(item, secrets) if name in _LISTS else _without(item, secrets)
        return clean
    if type(value) is int and abs(value) >= 10 ** (LEAST - 1):
        return _copied() if _holds(str(value), secrets) else value
    return value


def _holds(text: str, secrets: Collection[str]) -> bool:
    return len(text) >= LEAST and any(secret in text for secret in secrets)


def _copied() -> dict[str, Any]:
    return {"$redacted": {"by": "producer", "rule": COPY_RULE}}
