"""Which OCSF class and activity an event is: decided by the verb of its action, its targets and how it was done.

    logon and logoff                                   Authentication      3002
    a change of an account (user, role, …)             Account Change      3001
    start or end of a process that is named            Process Activity    1007
    how it was done is known (method), or a CRUD verb
      without a target that could be named             API Activity        6003
    a CRUD verb on a named target                      Entity Management   3004
    anything else                                      Base Event          0

Numbers are those of OCSF 1.8.0. A class is only chosen when what it requires is there.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

__all__ = [
    "ACCOUNT_CHANGE",
    "API_ACTIVITY",
    "AUTHENTICATION",
    "BASE_EVENT",
    "ENTITY_MANAGEMENT",
    "OTHER",
    "PROCESS_ACTIVITY",
    "Class",
    "classify",
    "is_named",
]

OTHER: Final = 99


class Class(NamedTuple):
    """A class, with the captions of its activities."""

    uid: int
    name: str
    category_uid: int
    category_name: str
    activities: Mapping[int, str]


_CRUD: Final = {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}
BASE_EVENT: Final = Class(0, "Base Event", 0, "Uncategorized", {})
PROCESS_ACTIVITY: Final = Class(1007, "Process Activity", 1, "System Activity", {1: "Launch", 2: "Terminate"})
ACCOUNT_CHANGE: Final = Class(
    3001,
    "Account Change",
    3,
    "Identity & Access Management",
    {
        1: "Create",
        2: "Enable",
        3: "Password Change",
        4: "Password Reset",
        5: "Disable",
        6: "Delete",
        7: "Attach Policy",
        8: "Detach Policy",
        9: "Lock",
        10: "MFA Factor Enable",
        11: "MFA Factor Disable",
        12: "Unlock",
    },
)
AUTHENTICATION: Final = Class(3002, "Authentication", 3, "Identity & Access Management", {1: "Logon", 2: "Logoff"})
ENTITY_MANAGEMENT: Final = Class(
    3004,
    "Entity Management",
    3,
    "Identity & Access Management",
    {**_CRUD, 5: "Move", 6: "Enroll", 7: "Unenroll", 8: "Enable", 9: "Disable", 10: "Activate", 11: "Deactivate",
     12: "Suspend", 13: "Resume"},
)  # fmt: skip
API_ACTIVITY: Final = Class(6003, "API Activity", 6, "Application Activity", _CRUD)


def _verbs(**words: str) -> dict[str, int]:
    return {word: int(number[1:]) for number, text in words.items() for word in text.split()}


_CREATE: Final = "create add new insert make post register open upload provision"
_READ: Final = "read get list watch view show search query select fetch download export head"
_UPDATE: Final = "update change edit modify patch put set rename replace upsert write"
_DELETE: Final = "delete remove destroy drop purge erase deletecollection revoke"
_VERB_OF_CRUD: Final = _verbs(_1=_CREATE, _2=_READ, _3=_UPDATE, _4=_DELETE)
_VERB_OF_ENTITY: Final = {
    **_VERB_OF_CRUD,
    **_verbs(_5="move rename", _6="enroll", _7="unenroll", _8="enable", _9="disable", _10="activate", _11="deactivate",
             _12="suspend pause", _13="resume unsuspend unpause"),
}  # fmt: skip
_VERB_OF_ACCOUNT: Final = _verbs(
    _1="create add new register invite provision",
    _2="enable activate reactivate",
    _5="disable deactivate suspend",
    _6="delete remove destroy purge erase",
    _7="grant attach assign",
    _8="revoke detach unassign",
    _9="lock",
    _12="unlock",
)
_ACCOUNTS: Final = frozenset("user users account accounts principal serviceaccount member role roles".split())
_LOGON: Final = frozenset("login logon signin authenticate authentication authn".split())
_LOGOFF: Final = frozenset("logout logoff signout".split())
_LAUNCH: Final = frozenset("start launch spawn exec run".split())
_TERMINATE: Final = frozenset("stop exit terminate kill end finish".split())
_CHANGED: Final = frozenset(_UPDATE.split())


def classify(event: Mapping[str, Any]) -> tuple[Class, int, str]:
    """The class, the activity's number (`OTHER` when the class has none for it) and what to call the activity."""
    action = event.get("action")
    words = _words(action) if isinstance(action, str) else []
    targets = event.get("targets")
    target = targets[0] if isinstance(targets, list) and targets and isinstance(targets[0], dict) else {}
    verb = words[-1] if words else ""
    if words[:1] != ["k8s"]:  # those are calls of an API, whatever they are about
        found = _authentication(event, words) or _account(words, target) or _process(words, target)
        if found is not None:
            return _named(*found, verb)
    crud = _VERB_OF_CRUD.get(verb)
    if _has_method(event) and _is_actor(event):
        return _named(API_ACTIVITY, crud or _by_http(event) or OTHER, verb)
    if (number := _VERB_OF_ENTITY.get(verb)) is not None and is_named(target):
        return _named(ENTITY_MANAGEMENT, number, verb)
    if crud is not None and _is_actor(event):
        return _named(API_ACTIVITY, crud, verb)
    return _named(BASE_EVENT, OTHER, action if isinstance(action, str) else "")


def is_named(thing: Any) -> bool:
    """Whether it has a name or an id that says something."""
    return isinstance(thing, dict) and any(isinstance(thing.get(key), str) and thing[key] for key in ("id", "name"))


def _named(kind: Class, number: int, verb: str) -> tuple[Class, int, str]:
    return kind, number, kind.activities.get(number) or verb or "unknown"


def _words(action: str) -> list[str]:
    """`user.passwordReset` → user, password, reset."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", action)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", apart) if word]


def _is_actor(event: Mapping[str, Any]) -> bool:
    actor = event.get("actor")
    return isinstance(actor, dict) and bool(actor.get("id"))


def _has_method(event: Mapping[str, Any]) -> bool:
    method = event.get("method")
    return isinstance(method, dict) and any(method.get(name) for name in ("protocol", "operation", "uri"))


def _by_http(event: Mapping[str, Any]) -> int | None:
    operation = event["method"].get("operation")
    words = operation.lower() if isinstance(operation, str) else ""
    return _VERB_OF_CRUD.get(words)


def _authentication(event: Mapping[str, Any], words: list[str]) -> tuple[Class, int] | None:
    if not _is_actor(event):
        return None
    last = set(words[-2:]) | {"".join(words[-2:])}
    if last & _LOGOFF:
        return AUTHENTICATION, 2
    return (AUTHENTICATION, 1) if last & _LOGON else None


def _account(words: list[str], target: Mapping[str, Any]) -> tuple[Class, int] | None:
    kind = target.get("type")
    about = kind.lower() if isinstance(kind, str) else next(iter(words), "")
    if about not in _ACCOUNTS or not is_named(target):
        return None
    verb, said = (words or [""])[-1], set(words)
    if "password" in said or "passwd" in said:
        return ACCOUNT_CHANGE, 4 if "reset" in said else 3
    if "mfa" in said:
        number = {"enable": 10, "add": 10, "enroll": 10, "disable": 11, "remove": 11}.get(verb, OTHER)
        return ACCOUNT_CHANGE, number
    if verb in _VERB_OF_ACCOUNT:
        return ACCOUNT_CHANGE, _VERB_OF_ACCOUNT[verb]
    return (ACCOUNT_CHANGE, OTHER) if verb in _CHANGED else None


def _process(words: list[str], target: Mapping[str, Any]) -> tuple[Class, int] | None:
    if target.get("type") != "process" or not isinstance(target.get("id"), str) or not target["id"]:
        return None
    verb = (words or [""])[-1]
    if verb in _LAUNCH:
        return PROCESS_ACTIVITY, 1
    return (PROCESS_ACTIVITY, 2) if verb in _TERMINATE else None
