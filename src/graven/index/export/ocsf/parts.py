"""The objects of OCSF that an event gives: who, from where, on what, and how it went.

Each takes from the event what it can say in OCSF's types, and leaves the rest.
"""

import ipaddress
import re
from typing import Any, Final

from graven.index.export.ocsf.rest import Rest
from graven.index.export.rows import text_of

__all__ = ["actor", "api", "http_request", "managed", "present", "resources", "source_endpoint", "status", "user_of"]

_USER_TYPES: Final = {"user": 1, "system": 3, "service": 4}
_EMAIL: Final = re.compile(r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_METHODS: Final = frozenset("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split())
_STATUS: Final = {
    "success": (1, "Success"),
    "failure": (2, "Failure"),
    "denied": (2, "Failure"),
    "error": (2, "Failure"),
}


def present(**members: Any) -> dict[str, Any]:
    """The members that are there."""
    return {name: value for name, value in members.items() if value is not None and value != {} and value != []}


def user_of(rest: Rest, *path: str) -> dict[str, Any]:
    """A `user` of an actor: its id is always there, in whatever type it was recorded."""
    uid = rest.take(*path, "id", of=lambda value: text_of(value) or None)
    kind = rest.text(*path, "type")
    known = None if kind is None else _USER_TYPES.get(kind, 99)
    return present(
        uid=uid,
        name=rest.text(*path, "name"),
        email_addr=rest.take(
            *path, "email", of=lambda value: value if isinstance(value, str) and _EMAIL.fullmatch(value) else None
        ),
        type_id=known,
        type=kind,
    )


def actor(rest: Rest) -> dict[str, Any]:
    """`actor` with user and session; empty when nobody is named."""
    user = user_of(rest, "actor")
    if "uid" not in user:
        return {}
    session = rest.text("actor", "session") or rest.text("session_id")
    return present(user=user, session=present(uid=session))


def source_endpoint(rest: Rest, fallback: str | None) -> dict[str, Any]:
    """Where the action came from; `fallback`, a name of the producing system, when that is not known."""
    found = present(ip=rest.take("origin", "ip", of=_ip), hostname=rest.text("origin", "host"))
    return found or present(svc_name=fallback)


def _ip(value: Any) -> str | None:
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return None
    return str(value) if len(value) <= 40 else None


def http_request(rest: Rest) -> dict[str, Any]:
    """Method and address of an HTTP call, and the user agent whatever the call was."""
    protocol = rest.look("method", "protocol")
    is_http = isinstance(protocol, str) and protocol.lower() in {"http", "https", "http/1.1", "http/2", "h2"}
    return present(
        http_method=rest.take("method", "operation", of=_http_method) if is_http else None,
        url=present(url_string=rest.text("method", "uri")) if is_http else None,
        user_agent=rest.text("origin", "user_agent"),
    )


def _http_method(value: Any) -> str | None:
    return value if isinstance(value, str) and value in _METHODS else None


def api(rest: Rest, *, operation: str, service: str | None, request_uid: str) -> dict[str, Any]:
    """`api`, with what went in and what came out."""
    data = rest.any("input")
    return present(
        operation=operation,
        service=present(name=service),
        request=None if data is None else {"uid": request_uid, "data": data},
        response=present(
            data=rest.any("output"),
            error=rest.text("error", "type"),
            error_message=rest.text("error", "message"),
        ),
    )


def managed(target: Rest) -> dict[str, Any]:
    """A `managed_entity` of a target. What it was before the change is its data; without a change its attributes."""
    data = target.any("change", "before")
    return present(
        uid=target.text("id"),
        name=target.text("name"),
        type=target.text("type"),
        data=data if data is not None else target.any("attributes"),
    )


def resources(targets: list[Rest]) -> list[dict[str, Any]]:
    """`resource_details` of the targets that are named; the others stay where they are."""
    found = []
    for target in targets:
        if target.look("id") is None and target.look("name") is None:
            continue
        named = present(uid=target.text("id"), name=target.text("name"))
        if named:
            found.append({**named, **present(type=target.text("type"), data=target.any("attributes"), role_id=1)})
    return found


def status(rest: Rest) -> dict[str, Any]:
    """`status_id` and its caption, and the recorded outcome as `status_code`: denied is more than a failure."""
    outcome = rest.text("outcome")
    number, caption = _STATUS.get(outcome or "", (0, "Unknown"))
    return present(status_id=number, status=caption, status_code=outcome)
