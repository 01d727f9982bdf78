"""Sessions: opened by a code or a token, ended by time, logout and revocation; everything recorded first."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from graven.errors import Busy, Forbidden, Unauthenticated, Unavailable
from graven.server.access import Principal
from graven.server.control import Control
from graven.server.sessions import CODE_LIFETIME_S, SESSION_LIFETIME_S, SessionStore, check_no_foreign_page
from graven.server.tokens import TokenStore

NS = 1_000_000_000
IP = "127.0.0.1"


class World:
    """A store with clocks that tests move, and a `system` that remembers or fails."""

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self.now_ns = 1_000 * NS
        self.monotonic = 0.0
        self.recorded: list[dict[str, Any]] = []
        self.failing = False
        self.control = Control(folder)
        self.tokens = TokenStore(self.control, lambda action, facts: None, monotonic=lambda: self.monotonic)
        self.info, self.token = self.tokens.create("owner", ["operator", "reader"], by="test")
        self.store = self.again(tls=tls)

    def again(self, *, tls: bool = False, installation: str = "one") -> SessionStore:
        return SessionStore(
            self.control,
            self.tokens,
            self.record,
            installation=installation,
            tls=tls,
            clock=lambda: self.now_ns,
            monotonic=lambda: self.monotonic,
        )

    def record(self, event: Mapping[str, Any]) -> int:
        if self.failing:
            raise Unavailable("the writer stopped")
        self.recorded.append(dict(event))
        return len(self.recorded) - 1

    def headers(self, secret: str) -> dict[bytes, bytes]:
        return {b"cookie": f"other=1; {self.store.cookie_name}={secret}; last=2".encode()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_code_opens_one_session_of_its_token(world: World) -> None:
    code = world.store.make_code(world.info.id)
    opened = world.store.open_with_code(code, ip=IP)
    found = world.store.find(world.headers(opened.secret))
    assert found is not None
    assert (found.principal.token_id, found.principal.roles) == (world.info.id, {"operator", "reader"})
    with pytest.raises(Unauthenticated, match="used before"):
        world.store.open_with_code(code, ip=IP)


def test_a_code_expires(world: World) -> None:
    code = world.store.make_code(world.info.id)
    world.monotonic += CODE_LIFETIME_S
    with pytest.raises(Unauthenticated, match="too old"):
        world.store.open_with_code(code, ip=IP)


def test_a_code_of_a_revoked_token_opens_nothing(world: World) -> None:
    code = world.store.make_code(world.info.id)
    world.tokens.revoke(world.info.id, by="test")
    with pytest.raises(Unauthenticated):
        world.store.open_with_code(code, ip=IP)


def test_a_code_survives_a_session_that_could_not_be_recorded(world: World) -> None:
    code = world.store.make_code(world.info.id)
    world.failing = True
    with pytest.raises(Unavailable):
        world.store.open_with_code(code, ip=IP)
    world.failing = False
    world.store.open_with_code(code, ip=IP)


def test_a_token_opens_a_session_and_is_trimmed(world: World) -> None:
    opened = world.store.open_with_token(f" {world.token}\n", ip=IP)
    assert opened.session.expires_ns == world.now_ns + SESSION_LIFETIME_S * NS


@pytest.mark.parametrize("token", ["", "grv_x", "grv_aaaaaaaaaaaa_" + "0" * 32])
def test_another_text_opens_nothing_and_is_recorded_without_the_text(world: World, token: str) -> None:
    with pytest.raises(Unauthenticated):
        world.store.open_with_token(token, ip="10.0.0.9")
    (event,) = world.recorded
    assert (event["action"], event["outcome"], event["origin"]) == ("session.open", "failure", {"ip": "10.0.0.9"})
    assert "grv_aaaa" not in str(event)


def test_opening_is_recorded_before_the_session_is_there(world: World) -> None:
    world.failing = True
    with pytest.raises(Unavailable):
        world.store.open_with_token(world.token, ip=IP)
    assert world.control.rows("SELECT * FROM sessions") == []
    world.failing = False
    opened = world.store.open_with_token(world.token, ip=IP)
    (event,) = world.recorded
    assert (event["action"], event["outcome"], event["actor"]["id"]) == ("session.open", "success", world.info.id)
    assert opened.secret not in str(event)


def test_only_hashes_are_kept(world: World) -> None:
    secret = world.store.open_with_token(world.token, ip=IP).secret
    assert secret not in str(world.control.rows("SELECT * FROM sessions"))
    code = world.store.make_code(world.info.id)
    assert code not in repr(vars(world.store))


def test_a_session_ends_after_twelve_hours(world: World) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    world.now_ns += SESSION_LIFETIME_S * NS - 1
    assert world.store.find(headers) is not None
    world.now_ns += 1
    with pytest.raises(Unauthenticated, match="has ended"):
        world.store.find(headers)


def test_a_session_ends_with_its_token(world: World) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    assert world.store.find(headers) is not None
    world.tokens.revoke(world.info.id, by="test")
    with pytest.raises(Unauthenticated, match="has ended"):
        world.store.find(headers)


def test_a_session_outlives_a_restart(world: World) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    found = world.again().find(headers)
    assert found is not None


def test_logout_ends_a_session_after_recording_it(world: World) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    world.failing = True
    with pytest.raises(Unavailable):
        world.store.close(headers, ip=IP)
    world.failing = False
    assert world.store.find(headers) is not None
    world.store.close(headers, ip=IP)
    assert world.recorded[-1]["action"] == "session.end"
    for store in (world.store, world.again()):
        with pytest.raises(Unauthenticated):
            store.find(headers)


def test_expired_sessions_are_swept_at_the_next_login(world: World) -> None:
    world.store.open_with_token(world.token, ip=IP)
    world.now_ns += SESSION_LIFETIME_S * NS
    world.store.open_with_token(world.token, ip=IP)
    assert len(world.control.rows("SELECT * FROM sessions")) == 1


def test_servers_on_one_host_have_cookies_of_their_own(world: World) -> None:
    assert world.store.cookie_name != world.again(installation="two").cookie_name
    assert world.again(installation="two").find(world.headers("x")) is None


def test_the_cookie_is_kept_from_scripts_and_other_sites(world: World) -> None:
    assert world.store.set_cookie("s") == (
        f"{world.store.cookie_name}=s; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    )
    secure = world.again(tls=True)
    assert secure.cookie_name.startswith("__Host-graven_")
    assert secure.set_cookie(None).endswith("Max-Age=0; HttpOnly; SameSite=Strict; Secure")


def test_failures_beyond_ten_a_minute_are_refused_unrecorded_and_counted_later(world: World) -> None:
    for _ in range(10):
        with pytest.raises(Unauthenticated):
            world.store.open_with_code("wrong", ip=IP)
    for _ in range(3):
        with pytest.raises(Busy) as refused:
            world.store.open_with_code("wrong", ip=IP)
    assert refused.value.retry_after_s == 60
    assert len(world.recorded) == 10
    with pytest.raises(Unauthenticated):
        world.store.open_with_code("wrong", ip="10.0.0.9")  # another address has failures of its own
    assert world.recorded[-1]["attributes"] == {"with": "code", "unrecorded": 3}
    world.monotonic += 60
    with pytest.raises(Unauthenticated):
        world.store.open_with_code("wrong", ip=IP)


def test_failures_of_everybody_are_bounded_together(world: World) -> None:
    for at in range(100):
        with pytest.raises(Unauthenticated):
            world.store.open_with_code("wrong", ip=f"10.0.{at}.1")
    with pytest.raises(Busy):
        world.store.open_with_code("wrong", ip="10.1.0.1")


def test_whoever_fails_on_purpose_locks_nobody_out(world: World) -> None:
    for _ in range(20):
        with pytest.raises((Unauthenticated, Busy)):
            world.store.open_with_token("grv_x", ip=IP)
    world.store.open_with_token(world.token, ip=IP)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_change_with_a_cookie_needs_the_header(world: World, method: str) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    with pytest.raises(Forbidden, match="X-Graven"):
        world.store.check_request(method, headers)
    with pytest.raises(Forbidden):
        world.store.check_request(method, {**headers, b"x-graven": b"yes"})
    world.store.check_request(method, {**headers, b"x-graven": b"1"})
    world.store.check_request(method, {**headers, b"authorization": b"Bearer x"})
    world.store.check_request(method, {})
    world.store.check_request("GET", headers)


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({b"sec-fetch-site": b"same-origin", b"origin": b"http://a:1", b"host": b"a:1"}, False),
        ({b"sec-fetch-site": b"none"}, False),
        ({b"sec-fetch-site": b"same-site"}, True),  # another port of this host
        ({b"sec-fetch-site": b"cross-site"}, True),
        ({b"origin": b"http://a:1", b"host": b"a:1"}, False),
        ({b"origin": b"http://evil", b"host": b"a:1"}, True),
        ({b"origin": b"null", b"host": b"a:1"}, True),
    ],
)
def test_pages_from_elsewhere_are_told_by_what_the_browser_says(headers: dict[bytes, bytes], foreign: bool) -> None:
    if foreign:
        with pytest.raises(Forbidden, match="elsewhere"):
            check_no_foreign_page(headers)
    else:
        check_no_foreign_page(headers)


def test_a_cookie_in_a_request_of_a_page_from_elsewhere_counts_for_nothing(world: World) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    with pytest.raises(Forbidden):
        world.store.find({**headers, b"sec-fetch-site": b"same-site"})


def close_elsewhere(world: World, headers: dict[bytes, bytes]) -> None:
    """Log out on another thread, as the server does, and wait for it."""
    thread = threading.Thread(target=world.store.close, args=(headers,), kwargs={"ip": IP})
    thread.start()
    thread.join()


def test_a_logout_while_the_session_is_being_read_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    rows = world.control.rows

    def rows_then_logout(query: str, values: Sequence[Any] = ()) -> list[Any]:
        found = rows(query, values)
        monkeypatch.setattr(world.control, "rows", rows)
        close_elsewhere(world, headers)
        return found

    monkeypatch.setattr(world.control, "rows", rows_then_logout)
    world.store.find(headers)  # it was valid when it was read
    with pytest.raises(Unauthenticated, match="ended"):
        world.store.find(headers)


def test_a_logout_while_a_known_session_is_being_checked_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = world.headers(world.store.open_with_token(world.token, ip=IP).secret)
    world.store.find(headers)
    principal = world.tokens.principal

    def logout_then_principal(token_id: str) -> Principal | None:
        monkeypatch.setattr(world.tokens, "principal", principal)
        close_elsewhere(world, headers)
        return principal(token_id)

    monkeypatch.setattr(world.tokens, "principal", logout_then_principal)
    world.store.find(headers)
    with pytest.raises(Unauthenticated, match="ended"):
        world.store.find(headers)
