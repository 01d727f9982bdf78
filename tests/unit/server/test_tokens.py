"""Tokens: made, checked, revoked, and announced before they hold."""

import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from graven.errors import InvalidInput, NotFound, Unauthenticated, Unavailable
from graven.server.control import Control
from graven.server.tokens import TokenInfo, TokenStore, make_token, token_id_of


class Announced:
    """Remembers what was announced, or fails."""

    def __init__(self) -> None:
        self.facts: list[tuple[str, dict[str, Any]]] = []
        self.failing = False

    def __call__(self, action: str, facts: dict[str, Any]) -> None:
        if self.failing:
            raise Unavailable("the writer stopped")
        self.facts.append((action, facts))


@pytest.fixture
def control(tmp_path: Path) -> Control:
    control = Control(tmp_path)
    control.write(*(("INSERT INTO logs VALUES (?, ?)", (name, f"graven.test/{name}")) for name in ("a", "b")))
    return control


@pytest.fixture
def announced() -> Announced:
    return Announced()


@pytest.fixture
def store(control: Control, announced: Announced) -> TokenStore:
    return TokenStore(control, announced, clock=lambda: 1)


def test_a_token_has_the_fixed_format() -> None:
    assert re.fullmatch(r"grv_[a-z2-7]{12}_[0-9A-Za-z]{32}", make_token())


def test_a_made_token_authenticates_with_its_roles_and_logs(store: TokenStore) -> None:
    info, text = store.create("ci", ["recorder", "reader"], ["b", "a"], by="owner")
    principal = store.authenticate(text)
    assert (principal.token_id, principal.name) == (info.id, "ci")
    assert principal.roles == {"recorder", "reader"}
    assert principal.logs == {"a", "b"}


def test_an_operator_is_not_bound_to_logs(store: TokenStore) -> None:
    with pytest.raises(InvalidInput, match="for all logs"):
        store.create("ops", ["operator", "reader"], ["default"], by="owner")


@pytest.mark.parametrize("name", ["default,other", "", "..", "Default"])
def test_a_token_is_for_logs_that_can_exist(store: TokenStore, name: str) -> None:
    with pytest.raises(InvalidInput, match="log name"):
        store.create("ci", ["reader"], [name], by="owner")


def test_only_a_hash_of_the_text_is_kept(store: TokenStore, control: Control, tmp_path: Path) -> None:
    _, text = store.create("ci", ["recorder"], by="owner")
    control.close()
    secret = text.rpartition("_")[2].encode()
    assert all(secret not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("cached", [False, True])
def test_another_secret_under_a_known_id_is_refused(store: TokenStore, cached: bool) -> None:
    info, text = store.create("ci", ["recorder"], by="owner")
    if cached:
        store.authenticate(text)
    with pytest.raises(Unauthenticated):
        store.authenticate(f"grv_{info.id}_{'A' * 32}")


@pytest.mark.parametrize("text", ["", "grv_", "grv_aaaaaaaaaaaa", "x" * 49, "grv_aaaaaaaaaaa1_" + "a" * 32])
def test_what_is_no_token_is_refused(store: TokenStore, text: str) -> None:
    with pytest.raises(Unauthenticated):
        store.authenticate(text)


def test_a_revoked_token_is_refused_although_it_was_cached(store: TokenStore) -> None:
    info, text = store.create("ci", ["recorder"], by="owner")
    store.authenticate(text)
    store.revoke(info.id, by="owner")
    with pytest.raises(Unauthenticated):
        store.authenticate(text)
    with pytest.raises(NotFound):
        store.revoke(info.id, by="owner")


def test_changes_are_announced_without_the_secret(store: TokenStore, announced: Announced) -> None:
    info, text = store.create("ci", ["recorder"], by="owner")
    store.revoke(info.id, by="owner")
    assert [action for action, _ in announced.facts] == ["token.create", "token.revoke"]
    assert text.rpartition("_")[2] not in repr(announced.facts)


def test_what_cannot_be_announced_does_not_happen(store: TokenStore, announced: Announced) -> None:
    info, text = store.create("kept", ["recorder"], by="owner")
    announced.failing = True
    with pytest.raises(Unavailable):
        store.create("lost", ["recorder"], by="owner")
    with pytest.raises(Unavailable):
        store.revoke(info.id, by="owner")
    assert [token.name for token in store.list()] == ["kept"]
    assert store.authenticate(text).name == "kept"


def test_a_change_by_another_process_is_seen_within_a_second(control: Control, tmp_path: Path) -> None:
    now = [0.0]
    store = TokenStore(control, Announced(), monotonic=lambda: now[0])
    info, text = store.create("ci", ["recorder"], by="owner")
    store.authenticate(text)
    TokenStore(Control(tmp_path), Announced()).revoke(info.id, by="elsewhere")
    now[0] = 1.5
    with pytest.raises(Unauthenticated):
        store.authenticate(text)


@pytest.mark.parametrize(
    ("name", "roles", "logs"),
    [
        ("", ["reader"], None),
        ("x" * 101, ["reader"], None),
        ("a\nb", ["reader"], None),
        ("a", [], None),
        ("a", ["king"], None),
        ("a", ["reader"], []),
    ],
)
def test_a_bad_name_role_or_log_is_refused_unannounced(
    store: TokenStore, announced: Announced, name: str, roles: list[str], logs: list[str] | None
) -> None:
    with pytest.raises(InvalidInput):
        store.create(name, roles, logs, by="owner")
    assert not announced.facts


def test_the_id_is_the_public_part() -> None:
    text = make_token()
    assert token_id_of(text) == text.split("_")[1]


def test_a_token_for_a_log_that_does_not_exist_is_refused(store: TokenStore, announced: Announced) -> None:
    with pytest.raises(InvalidInput, match="there is no log aa") as refused:
        store.create("ci", ["reader"], ["a", "aa"], by="owner")
    assert (refused.value.code, refused.value.hint) == ("unknown_log", "did you mean a?")
    assert announced.facts == []


def test_who_revokes_by_name_is_told_the_id(store: TokenStore) -> None:
    info, text = store.create("shop-api", ["recorder"], by="owner")
    for given in ("shop-api", text):
        with pytest.raises(NotFound) as refused:
            store.revoke(given, by="owner")
        assert refused.value.hint.endswith(f"graven token revoke {info.id}")


@pytest.mark.parametrize(
    "check",
    [lambda store, info, text: store.authenticate(text), lambda store, info, text: store.principal(info.id)],
    ids=["authenticate", "principal"],
)
def test_a_token_that_is_revoked_while_it_is_being_read_is_not_kept(
    store: TokenStore,
    control: Control,
    monkeypatch: pytest.MonkeyPatch,
    check: Callable[[TokenStore, TokenInfo, str], object],
) -> None:
    info, text = store.create("ci", ["reader"], by="owner")
    rows = control.rows

    def rows_then_revoke(query: str, values: Sequence[Any] = ()) -> list[Any]:
        found = rows(query, values)
        if "hash" not in query:
            return found
        monkeypatch.setattr(control, "rows", rows)
        thread = threading.Thread(target=store.revoke, args=(info.id,), kwargs={"by": "owner"})
        thread.start()
        thread.join()
        return found

    monkeypatch.setattr(control, "rows", rows_then_revoke)
    check(store, info, text)  # it was valid when it was read
    with pytest.raises(Unauthenticated, match="revoked"):
        store.authenticate(text)
