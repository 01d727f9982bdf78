"""What each role may do."""

import pytest

from graven.errors import Forbidden, InvalidInput
from graven.server.access import ROLES, Principal, check_roles

MAY = {
    "recorder": {"append"},
    "reader": {"read", "prove"},
    "auditor": {"read", "read_system", "prove", "export"},
    "operator": {"operate", "prove"},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", ["append", "read", "read_system", "prove", "export", "operate", "delete"])
def test_a_role_gives_exactly_its_permissions(role: str, permission: str) -> None:
    assert Principal("t", "n", frozenset({role})).may(permission) == (permission in MAY[role])


def test_a_token_for_some_logs_is_refused_at_others() -> None:
    principal = Principal("t", "n", frozenset(ROLES), frozenset({"a"}))
    principal.require("read", "a")
    with pytest.raises(Forbidden) as refused:
        principal.require("read", "b")
    assert refused.value.code == "wrong_log"


def test_who_is_bound_to_some_logs_makes_no_tokens() -> None:
    with pytest.raises(Forbidden) as refused:
        Principal("t", "n", frozenset({"operator"}), frozenset({"a"})).require("operate")
    assert refused.value.code == "wrong_log"


@pytest.mark.parametrize("roles", [frozenset(ROLES), frozenset({"recorder"})])
def test_nobody_appends_to_system(roles: frozenset[str]) -> None:
    with pytest.raises(Forbidden) as refused:
        Principal("t", "n", roles).require("append", "system")
    assert refused.value.code == "system_is_read_only"


def test_only_auditors_read_system() -> None:
    assert Principal("t", "n", frozenset({"auditor"})).may("read", "system")
    assert not Principal("t", "n", frozenset({"reader", "operator", "recorder"})).may("read", "system")


def test_a_refusal_names_the_roles_that_would_do() -> None:
    with pytest.raises(Forbidden) as refused:
        Principal("t", "n", frozenset({"recorder"})).require("read", "a")
    assert refused.value.details == {"needs": ["auditor", "reader"]}


@pytest.mark.parametrize("roles", [[], ["king"], ["reader", "king"]])
def test_unknown_or_no_roles_are_refused(roles: list[str]) -> None:
    with pytest.raises(InvalidInput):
        check_roles(roles)


@pytest.mark.parametrize(
    ("roles", "permission", "said", "role"),
    [
        ({"reader"}, "operate", "has the role reader, and this call needs the role operator", "operator"),
        ({"recorder"}, "read", "has the role recorder, and this call needs the role auditor or reader", "reader"),
        ({"reader", "recorder"}, "export", "has the roles reader, recorder, and this call needs", "auditor"),
        (set(), "append", "has no role, and this call needs the role recorder", "recorder"),
    ],
)
def test_a_role_that_is_missing_is_told_with_how_a_token_of_the_weakest_is_made(
    roles: set[str], permission: str, said: str, role: str
) -> None:
    with pytest.raises(Forbidden, match=said) as refused:
        Principal("t", "n", frozenset(roles)).require(permission)
    assert refused.value.hint.endswith(f"graven token create NAME --role {role}")
