"""One view as one OCSF event (schema 1.8.0). Every view gives a valid one; what does not fit stands in `unmapped`.

`unmapped` has the members that are left under their own names (an exact `duration_ns`, `qa`, `labels`, …; a target is
left with what its resource could not take), and `graven` with the place in the log: the index that proves the rest.
"""

from typing import Any, Final

from graven.index.export.ocsf import parts
from graven.index.export.ocsf.classes import (
    ACCOUNT_CHANGE,
    API_ACTIVITY,
    AUTHENTICATION,
    BASE_EVENT,
    ENTITY_MANAGEMENT,
    PROCESS_ACTIVITY,
    Class,
    classify,
)
from graven.index.export.ocsf.rest import Rest
from graven.index.export.rows import View, text_of
from graven.index.query.times import time_ns

__all__ = ["SCHEMA_VERSION", "ocsf_event"]

SCHEMA_VERSION: Final = "1.8.0"
_SEVERITIES: Final = ("Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal")
_UPPER: Final = ((12, 1), (14, 2), (16, 3), (20, 4), (22, 5), (24, 6))
"""Up to that OpenTelemetry number that `severity_id`: info, warn, warn 3 and 4, error, fatal, fatal 3 and 4."""
_INT32: Final = 2**31


def ocsf_event(view: View, log: str, version: str | None = None) -> dict[str, Any]:
    """The object; `log` is the name of the log that the view comes from, `version` that of this program."""
    event = view.get("event")
    rest = Rest(event)
    whole: dict[str, Any] = event if isinstance(event, dict) else {}
    kind, activity, name = classify(whole)
    targets = _targets(rest)
    source = _first(view.get("source"))
    uid = _first(view.get("id"))
    made: dict[str, Any] = {
        "category_uid": kind.category_uid,
        "category_name": kind.category_name,
        "class_uid": kind.uid,
        "class_name": kind.name,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": kind.uid * 100 + activity,
        "type_name": f"{kind.name}: {name}",
    }
    action = rest.text("action")
    made |= _when(view, rest)
    made |= _severity(rest)
    made |= parts.status(rest)
    made |= parts.present(message=rest.text("message"))
    made["metadata"] = _metadata(view, rest, log, action, kind)
    made["metadata"]["product"] = parts.present(name="Graven", version=version)
    made |= _of_class(kind, rest, targets, source or "unknown", action or "unknown", uid or "unknown")
    if kind is not API_ACTIVITY:  # there it stands in the answer
        made |= parts.present(status_detail=rest.text("error", "message"))
    made["unmapped"] = _unmapped(view, rest, targets)
    return made


def _first(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _targets(rest: Rest) -> list[Rest]:
    """Taken out as a whole when all are objects; what they keep is put back by `_unmapped`."""
    targets = rest.take(
        "targets",
        of=lambda value: value if isinstance(value, list) and all(type(one) is dict for one in value) else None,
    )
    return [Rest(target) for target in targets or ()]


def _of_class(kind: Class, rest: Rest, targets: list[Rest], source: str, action: str, uid: str) -> dict[str, Any]:
    """What the class requires, and what else it has a place for."""
    match kind:
        case _ if kind is AUTHENTICATION:
            user = parts.user_of(rest, "actor")
            session = rest.text("actor", "session") or rest.text("session_id")
            return parts.present(
                user=user,
                service={"name": source},
                session=parts.present(uid=session),
                src_endpoint=parts.source_endpoint(rest, None),
                http_request=parts.http_request(rest),
            )
        case _ if kind is ACCOUNT_CHANGE:
            return _iam(rest) | {"user": parts.present(uid=targets[0].text("id"), name=targets[0].text("name"))}
        case _ if kind is ENTITY_MANAGEMENT:
            entity = parts.managed(targets[0])
            after = targets[0].any("change", "after")
            named = {key: value for key, value in entity.items() if key != "data"}
            return _iam(rest) | parts.present(
                entity=entity,
                entity_result=None if after is None else {**named, "data": after},
                comment=rest.text("reason"),
            )
        case _ if kind is PROCESS_ACTIVITY:
            endpoint = parts.source_endpoint(rest, None)
            return {
                "actor": parts.actor(rest) or {"app_name": source},
                "process": parts.present(uid=targets[0].text("id"), name=targets[0].text("name")),
                "device": {"type_id": 0, **(endpoint or {"name": source})},
            }
        case _ if kind is API_ACTIVITY:
            return parts.present(
                actor=parts.actor(rest),
                src_endpoint=parts.source_endpoint(rest, source),
                http_request=parts.http_request(rest),
                api=parts.api(rest, operation=action, service=source, request_uid=uid),
                resources=parts.resources(targets),
            )
        case _:
            return parts.present(actor=parts.actor(rest))


def _iam(rest: Rest) -> dict[str, Any]:
    return parts.present(
        actor=parts.actor(rest),
        src_endpoint=parts.source_endpoint(rest, None),
        http_request=parts.http_request(rest),
    )


def _when(view: View, rest: Rest) -> dict[str, Any]:
    """`time` is when it happened as claimed, else when it was received; with the claim's own offset."""
    claimed = rest.look("time")
    moment = time_ns(claimed) if isinstance(claimed, str) else None
    if moment is None or not isinstance(claimed, str):
        return {"time": _ms(view.get("received"))}
    offset = (
        0 if claimed[-1] in "Zz" else (int(claimed[-5:-3]) * 60 + int(claimed[-2:])) * (-1 if claimed[-6] == "-" else 1)
    )
    return {"time": moment // 1_000_000, "timezone_offset": offset}


def _ms(unix_ns: Any) -> int:
    return unix_ns // 1_000_000 if isinstance(unix_ns, int) else 0


def _severity(rest: Rest) -> dict[str, Any]:
    """The recorded number is finer, and stays."""
    number = rest.look("severity")
    found = 0
    if type(number) is int and 1 <= number <= 24:
        found = next(severity for upper, severity in _UPPER if number <= upper)
    return {"severity_id": found, "severity": _SEVERITIES[found]}


def _metadata(view: View, rest: Rest, log: str, action: str | None, kind: Class) -> dict[str, Any]:
    index = view.get("index")
    labels = rest.take("labels", of=_tags)
    return parts.present(
        version=SCHEMA_VERSION,
        uid=_first(view.get("id")),
        log_name=log,
        log_provider=_first(view.get("source")),
        log_format=_first(view.get("format")),
        event_code=action,
        original_time=rest.text("time"),
        logged_time=_ms(view.get("received")),
        correlation_uid=rest.text("correlation_id"),
        sequence=index if isinstance(index, int) and index < _INT32 else None,
        tags=labels,
        profiles=["host"] if kind is BASE_EVENT else None,  # it has no actor otherwise
    )


def _tags(value: Any) -> list[dict[str, str]] | None:
    return [{"name": key, "value": text_of(text)} for key, text in value.items()] if isinstance(value, dict) else None


def _unmapped(view: View, rest: Rest, targets: list[Rest]) -> dict[str, Any]:
    left = rest.left()
    kept = [target.left() for target in targets]
    if any(kept):
        left["targets"] = kept
    place = {name: view[name] for name in ("index", "token", "by_ip", "redacted") if view.get(name) not in (None, "")}
    left["graven"] = place
    return left
