"""What OCSF 1.8.0 requires of the classes that we write, as a table of our own, and a check against it.

Sources, all in the repository ocsf/ocsf-schema at the tag 1.8.0 (facts, looked up one by one):
    base attributes                 events/base_event.json (requirement: required)
    3002 Authentication             events/iam/authentication.json: user; at least one of service, dst_endpoint
    3001 Account Change             events/iam/account_change.json: user
    3004 Entity Management          events/iam/entity_management.json: entity
    6003 API Activity               events/application/api_activity.json: actor, api, src_endpoint
    1007 Process Activity           events/system/process_activity.json: process; system.json: actor, device
    uid of a class                  category uid (categories.json) * 1000 + uid of the class
    type_uid, severity_id           dictionary.json (class_uid * 100 + activity_id; 0 to 6 and 99)
    status_id                       events/base_event.json: 1, 2; dictionary.json: 0, 99
    required members of objects     objects/<name>.json (requirement, constraints.at_least_one)
    actor and device of any class   profiles/host.json
    types and patterns              dictionary.json, types
"""

import re
from typing import Any

__all__ = ["check_ocsf"]

BASE = {
    "activity_id": int,
    "activity_name": str,
    "category_name": str,
    "category_uid": int,
    "class_name": str,
    "class_uid": int,
    "message": str,
    "metadata": "metadata",
    "severity": str,
    "severity_id": int,
    "status": str,
    "status_code": str,
    "status_detail": str,
    "status_id": int,
    "time": int,
    "timezone_offset": int,
    "type_name": str,
    "type_uid": int,
    "unmapped": dict,
}
BASE_REQUIRED = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
_IAM = {"actor": "actor", "src_endpoint": "network_endpoint", "http_request": "http_request"}

CLASSES: dict[int, tuple[dict[str, Any], set[str], set[str], set[int]]] = {
    # uid: attributes of its own, required, at least one of, activities
    0: ({"actor": "actor"}, set(), set(), {0, 99}),
    1007: ({"actor": "actor", "process": "process", "device": "device"}, {"actor", "process", "device"}, set(),
           {0, 1, 2, 3, 4, 5, 99}),
    3001: ({**_IAM, "user": "user"}, {"user"}, set(), {0, *range(1, 13), 99}),
    3002: ({**_IAM, "user": "user", "service": "service", "session": "session"}, {"user"}, {"service", "dst_endpoint"},
           {0, *range(1, 8), 99}),
    3004: ({**_IAM, "entity": "managed_entity", "entity_result": "managed_entity", "comment": str}, {"entity"}, set(),
           {0, *range(1, 14), 99}),
    6003: ({**_IAM, "api": "api", "resources": ["resource_details"]}, {"actor", "api", "src_endpoint"}, set(),
           {0, 1, 2, 3, 4, 99}),
}  # fmt: skip

ANY = object()
IP = re.compile(r"[0-9A-Fa-f.:]{2,40}(%.+)?")
EMAIL = re.compile(r"[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+")

OBJECTS: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    # name: attributes that we write, required, at least one of
    "actor": ({"user": "user", "session": "session", "app_name": str}, set(),
              {"process", "user", "invoked_by", "session", "app_name", "app_uid"}),
    "api": ({"operation": str, "service": "service", "request": "request", "response": "response"}, {"operation"},
            set()),
    "device": ({"type_id": int, "ip": IP, "hostname": str, "name": str}, {"type_id"},
               {"ip", "uid", "name", "hostname", "instance_uid", "interface_uid", "interface_name"}),
    "http_request": ({"http_method": {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"},
                      "url": "url", "user_agent": str}, set(), set()),
    "key_value_object": ({"name": str, "value": str}, {"name"}, {"value", "values"}),
    "managed_entity": ({"uid": str, "name": str, "type": str, "data": ANY}, set(),
                       {"name", "uid", "device", "group", "org", "policy", "user"}),
    "metadata": ({"version": str, "product": "product", "uid": str, "log_name": str, "log_provider": str,
                  "log_format": str, "event_code": str, "original_time": str, "logged_time": int,
                  "correlation_uid": str, "sequence": int, "tags": ["key_value_object"], "profiles": list},
                 {"product", "version"}, set()),
    "network_endpoint": ({"ip": IP, "hostname": str, "svc_name": str}, set(),
                         {"ip", "uid", "name", "hostname", "svc_name", "instance_uid", "interface_uid",
                          "interface_name", "domain"}),
    "process": ({"uid": str, "name": str}, set(), {"pid", "uid", "cpid"}),
    "product": ({"name": str, "version": str}, set(), {"name", "uid"}),
    "request": ({"uid": str, "data": ANY}, {"uid"}, set()),
    "resource_details": ({"uid": str, "name": str, "type": str, "data": ANY, "role_id": int}, set(), {"name", "uid"}),
    "response": ({"data": ANY, "error": str, "error_message": str}, set(), set()),
    "service": ({"name": str}, set(), {"name", "uid"}),
    "session": ({"uid": str}, set(), set()),
    "url": ({"url_string": str}, set(), {"url_string", "path"}),
    "user": ({"uid": str, "name": str, "email_addr": EMAIL, "type_id": {0, 1, 2, 3, 4, 99}, "type": str}, set(),
             {"account", "name", "uid"}),
}  # fmt: skip


def check_ocsf(event: dict[str, Any]) -> None:
    """AssertionError with the place when the event is no valid OCSF 1.8.0."""
    own, required, one_of, activities = CLASSES[event["class_uid"]]
    _check("event", event, {**BASE, **own}, BASE_REQUIRED | required, one_of)
    assert event["activity_id"] in activities
    assert event["category_uid"] == event["class_uid"] // 1000
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["severity_id"] in {0, 1, 2, 3, 4, 5, 6, 99}
    assert event["status_id"] in {0, 1, 2, 99}
    assert event["metadata"]["version"] == "1.8.0"
    if event["class_uid"] == 0 and "actor" in event:
        assert "host" in event["metadata"]["profiles"]


def _check(place: str, value: Any, known: dict[str, Any], required: set[str], one_of: set[str]) -> None:
    assert isinstance(value, dict), place
    assert set(value) <= set(known), f"{place}: not in the schema: {set(value) - set(known)}"
    assert required <= set(value), f"{place}: missing {required - set(value)}"
    assert not one_of or one_of & set(value), f"{place}: none of {one_of}"
    for name, member in value.items():
        _check_type(f"{place}.{name}", member, known[name])


def _check_type(place: str, value: Any, kind: Any) -> None:
    if kind is ANY:
        return
    if isinstance(kind, str):
        _check(place, value, *OBJECTS[kind])
    elif isinstance(kind, list):
        for each in value:
            _check_type(place, each, kind[0])
    elif isinstance(kind, set):
        assert value in kind, f"{place}: {value!r}"
    elif isinstance(kind, re.Pattern):
        assert isinstance(value, str), place
        assert kind.fullmatch(value), f"{place}: {value!r}"
    else:
        assert type(value) is kind, f"{place}: {value!r}"
