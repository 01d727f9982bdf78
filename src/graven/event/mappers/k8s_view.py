"""What a `k8s.audit/v1` entry means in terms of event/1: a derived view for readers, version 1.

The view never enters the log and may be improved at any time. Values that were redacted keep their marker.
Of `sourceIPs` only the last is what the API server saw itself; the client writes the others
(X-Forwarded-For), so they are kept apart as `claimed_source_ips`.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from graven.errors import InvalidInput
from graven.event.redact.markers import is_marker
from graven.event.validate import check_time

__all__ = ["VERSION", "k8s_view"]

VERSION: Final = 1
_CHANGING: Final = ("create", "update", "patch")


def k8s_view(data: bytes, *, id: str, source: str) -> dict[str, Any]:  # noqa: A002  # the member's own name
    """The event/1 members that the audit event in `data` (an entry's data) gives.

    `InvalidInput` when `data` is not a JSON object.
    """
    try:
        event = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"not an audit event: {error}") from error
    if not isinstance(event, dict):
        raise InvalidInput("not an audit event: a JSON object is expected")
    reference, status = _object(event, "objectRef"), _object(event, "responseStatus")
    view: dict[str, Any] = {
        "id": id,
        "source": source,
        "time": _time(event),
        "action": _action(event, reference),
        "outcome": _outcome(event, status),
        "actor": _actor(_object(event, "user")),
        "on_behalf_of": [_actor(_object(event, "impersonatedUser"))] if _object(event, "impersonatedUser") else None,
        "targets": _targets(event, reference, status),
        "origin": _present(ip=_trusted_ip(event), user_agent=event.get("userAgent")),
        "method": _present(protocol="http", operation=event.get("verb"), uri=event.get("requestURI")),
        "input": event.get("requestObject"),
        "output": event.get("responseObject"),
        "error": _error(status),
        "duration_ns": _duration_ns(event),
        "correlation_id": event.get("auditID"),
        "labels": _labels(event, reference),
        "attributes": _present(
            annotations=_object(event, "annotations"),
            claimed_source_ips=_ips(event)[:-1],
            response_status=status,
            user_extra=_object(_object(event, "user"), "extra"),
        ),
    }
    return {name: value for name, value in view.items() if value not in (None, {}, [])}


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    member = value.get(name)
    return member if isinstance(member, dict) and not is_marker(member) else {}


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, "", {}, [])}


def _ips(event: dict[str, Any]) -> list[str]:
    ips = event.get("sourceIPs")
    return [ip for ip in ips if isinstance(ip, str)] if isinstance(ips, list) else []


def _trusted_ip(event: dict[str, Any]) -> str | None:
    ips = _ips(event)
    return ips[-1] if ips else None


def _times(event: dict[str, Any]) -> list[str]:
    names = ("requestReceivedTimestamp", "stageTimestamp", "timestamp")
    times = [event.get(name) for name in names]
    return [time for time in times if isinstance(time, str) and check_time(time) is None]


def _time(event: dict[str, Any]) -> str | None:
    return next(iter(_times(event)), None)


def _duration_ns(event: dict[str, Any]) -> int | None:
    begin, end = event.get("requestReceivedTimestamp"), event.get("stageTimestamp")
    if not all(isinstance(time, str) and check_time(time) is None for time in (begin, end)):
        return None
    delta = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(begin))
    duration = (delta.days * 86_400 + delta.seconds) * 10**9 + delta.microseconds * 1_000
    return duration if duration >= 0 else None


def _action(event: dict[str, Any], reference: dict[str, Any]) -> str:
    words = [reference.get("resource") or "nonresource", reference.get("subresource"), event.get("verb") or "unknown"]
    return ".".join(["k8s", *(word for word in words if isinstance(word, str) and word)])


def _code(status: dict[str, Any]) -> int | None:
    code = status.get("code")
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _outcome(event: dict[str, Any], status: dict[str, Any]) -> str:
    if event.get("stage") == "Panic":
        return "error"
    code = _code(status)
    if code is None:
        decision = _object(event, "annotations").get("authorization.k8s.io/decision")
        return "denied" if decision == "forbid" else "unknown"
    if code in {401, 403}:
        return "denied"
    if code >= 500:
        return "error"
    return "failure" if code >= 400 else "success"


def _actor(user: dict[str, Any]) -> dict[str, Any]:
    name = user.get("username")
    if not isinstance(name, str) or not name:
        name = "unknown"
    kind = "user"
    if name.startswith("system:"):
        kind = "system"
        if name == "system:anonymous":
            kind = "anonymous"
        elif name.startswith("system:serviceaccount:"):
            kind = "service"
    groups = user.get("groups")
    return _present(type=kind, id=name, roles=groups if isinstance(groups, list) else None)


def _targets(event: dict[str, Any], reference: dict[str, Any], status: dict[str, Any]) -> list[dict[str, Any]]:
    if not reference:
        return []
    answer = _object(event, "responseObject")
    if answer.get("kind") == "Status":
        answer = {}
    answered = _object(answer, "metadata")  # knows the uid, and the name that generateName became
    namespace = reference.get("namespace") or answered.get("namespace")
    name = reference.get("name") or answered.get("name")
    full_name = "/".join(part for part in (namespace, name) if isinstance(part, str) and part)
    change = None
    done = (_code(status) or 500) < 300 and event.get("verb") in _CHANGING
    if done and answer and not reference.get("subresource"):
        change = {"after": answer}
    return [
        _present(
            type=reference.get("resource"),
            id=answered.get("uid") or reference.get("uid") or full_name,
            name=full_name,
            attributes=_present(
                namespace=namespace,
                api_group=reference.get("apiGroup"),
                api_version=reference.get("apiVersion"),
                subresource=reference.get("subresource"),
                resource_version=answered.get("resourceVersion") or reference.get("resourceVersion"),
            ),
            change=change,
        )
    ]


def _error(status: dict[str, Any]) -> dict[str, Any] | None:
    if (_code(status) or 0) < 400:
        return None
    return _present(type=status.get("reason"), message=status.get("message"))


def _labels(event: dict[str, Any], reference: dict[str, Any]) -> dict[str, str]:
    labels = {
        "k8s.level": event.get("level"),
        "k8s.stage": event.get("stage"),
        "k8s.namespace": reference.get("namespace"),
        "k8s.decision": _object(event, "annotations").get("authorization.k8s.io/decision"),
    }
    return {name: value for name, value in labels.items() if isinstance(value, str) and value}
