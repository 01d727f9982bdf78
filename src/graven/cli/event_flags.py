"""An event/1 object out of command-line flags. Pure; the recorder validates the result."""

import json
from collections.abc import Sequence
from typing import Any

from graven.errors import UsageError

__all__ = ["event_from_flags", "json_flag", "label_flag", "thing_flag"]


def json_flag(flag: str, text: str) -> Any:
    """The value of a flag that takes JSON; `UsageError` with the position when it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        raise UsageError(
            f"{flag} is not JSON: {error}", hint=f"""{flag} '{{"amount": 12}}' or {flag} '"text"'"""
        ) from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def label_flag(flag: str, text: str) -> tuple[str, str]:
    """`key=value`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"{flag} {text!r} is not KEY=VALUE", hint=f"{flag} env=staging")
    return key, value


def thing_flag(text: str, default_type: str | None) -> dict[str, str]:
    """`TYPE:ID` or `ID` → `{type, id}`. Only the first colon counts: `order:42`, `url:http://x/y`.

    `UsageError` when either half is empty: `ci:$JOB` with an unset variable must not become an actor.
    """
    kind, colon, name = text.partition(":")
    if not name if colon else not text:
        raise UsageError(f"{text!r} names nobody and nothing: the id is empty", hint="write it as order:42 or 42")
    if colon and not kind:
        raise UsageError(f"{text!r} has an empty type", hint=f"write it as order:{name} or {name}")
    if colon:
        return {"type": kind, "id": name}
    return {"type": default_type, "id": text} if default_type else {"id": text}


def event_from_flags(
    *,
    action: str,
    actor: str,
    targets: Sequence[str] = (),
    labels: Sequence[str] = (),
    input_json: str | None = None,
    output_json: str | None = None,
    run: str | None = None,
    **plain: str | None,
) -> dict[str, Any]:
    """The event; `plain` members (`outcome`, `message`, `source`, …) are taken as they are, None left out."""
    event: dict[str, Any] = {"action": action, "actor": thing_flag(actor, None)}
    event |= {name: value for name, value in plain.items() if value is not None}
    if targets:
        event["targets"] = [thing_flag(text, None) for text in targets]
    if labels:
        event["labels"] = dict(label_flag("--label", text) for text in labels)
    if input_json is not None:
        event["input"] = json_flag("--input", input_json)
    if output_json is not None:
        event["output"] = json_flag("--output", output_json)
    if run is not None:
        event["qa"] = {"run": run}
    return event
