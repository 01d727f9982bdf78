"""Sessions over HTTP: the one-time address, cookies, changes, ends; and what `system` says of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event, make_token, problem, raw_exchange, size

PAGE = {"X-Graven": "1"}


@pytest.fixture
def browser(server: ServerProcess) -> Iterator[httpx.Client]:
    """A client without a token that keeps cookies."""
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as made:
        yield made


def login(browser: httpx.Client, server: ServerProcess) -> dict[str, Any]:
    answer = browser.post("/v1/login", json={"token": server.token})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def system_events(client: httpx.Client, first: int) -> list[dict[str, Any]]:
    return [client.get(f"/v1/logs/system/events/{at}").json()["data"] for at in range(first, size(client, "system"))]


def test_serve_prints_an_address_that_logs_the_owner_in_once(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        address = server.login_address()
        assert address.startswith(f"{server.url}/#login=")
        code = address.rpartition("=")[2]
        with httpx.Client(base_url=server.url, trust_env=False) as browser:
            answer = browser.post("/v1/login", json={"code": code})
            assert answer.json()["who"]["name"] == "owner"
            assert answer.json()["roles"] == ["auditor", "operator", "reader", "recorder"]
            assert browser.get("/v1/logs").status_code == 200
            again = browser.post("/v1/login", json={"code": code})
            assert (again.status_code, problem(again)["code"]) == (401, "login_failed")
        for file in (tmp_path / "data").rglob("*"):
            assert not file.is_file() or code.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("env", [{"JOURNAL_STREAM": "8:1"}])
def test_no_code_goes_into_a_journal(tmp_path: Path, env: dict[str, str]) -> None:
    with running_server(tmp_path / "data", env=env) as server, server.client() as client:
        assert client.get("/readyz").status_code == 200
        server.stop()
        server.reader.join(timeout=60)
        assert "login=" not in server.stderr


def test_without_authentication_everybody_is_in(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-auth", "--insecure-no-auth") as server:
        assert server.login_address() == f"{server.url}/"
        answer = httpx.get(f"{server.url}/v1/session", trust_env=False).json()
        assert answer["who"]["name"] == "authentication is off"


def test_a_cookie_reads_what_its_token_may(server: ServerProcess, client: httpx.Client, browser: httpx.Client) -> None:
    append(client, event())
    told = login(browser, server)
    assert told["who"]["name"] == "owner"
    assert told["expires"].endswith("Z")
    assert browser.get("/v1/session").json() == told
    assert browser.get("/v1/logs/default/events/0").status_code == 200
    assert browser.get("/logs/default/checkpoint").status_code == 200
    assert browser.get("/metrics").status_code == 200


def test_the_cookie_is_for_no_script_and_no_other_site(server: ServerProcess, browser: httpx.Client) -> None:
    cookie = browser.post("/v1/login", json={"token": server.token}).headers["set-cookie"]
    assert cookie.startswith("graven_")
    assert cookie.endswith("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict")
    assert server.token not in cookie


def test_a_session_is_bound_by_the_roles_and_logs_of_its_token(
    server: ServerProcess, client: httpx.Client, browser: httpx.Client
) -> None:
    token = make_token(client, "reader", logs=["default"])["Authorization"].removeprefix("Bearer ")
    told = browser.post("/v1/login", json={"token": token}).json()
    assert (told["roles"], told["logs"]) == (["reader"], ["default"])
    assert [info["name"] for info in browser.get("/v1/logs").json()["logs"]] == ["default"]
    refused = browser.get("/v1/tokens")
    assert (refused.status_code, problem(refused)["details"]) == (403, {"needs": ["operator"]})


def test_a_change_with_a_cookie_needs_the_header(server: ServerProcess, browser: httpx.Client) -> None:
    login(browser, server)
    body = {"name": "x", "roles": ["reader"]}
    refused = browser.post("/v1/tokens", json=body)
    assert (refused.status_code, problem(refused)["code"]) == (403, "missing_header")
    assert browser.post("/v1/tokens", json=body, headers=PAGE).status_code == 201
    refused = browser.post("/v1/logs/default/events", json=event())
    assert (refused.status_code, problem(refused)["code"]) == (403, "missing_header")
    assert browser.post("/v1/logs/default/events", json=event(), headers=PAGE).status_code == 200
    with_token = {"Authorization": f"Bearer {server.token}"}
    assert browser.post("/v1/logs/default/events", json=event(), headers=with_token).status_code == 200


def test_a_page_from_another_port_is_refused(server: ServerProcess, browser: httpx.Client) -> None:
    login(browser, server)
    refused = browser.get("/v1/logs", headers={"Sec-Fetch-Site": "same-site"})
    assert (refused.status_code, problem(refused)["code"]) == (403, "foreign_page")
    refused = browser.post("/v1/login", json={"token": server.token}, headers={"Origin": "http://evil.example"})
    assert (refused.status_code, problem(refused)["code"]) == (403, "foreign_page")


def test_logout_ends_the_session_for_every_copy_of_the_cookie(server: ServerProcess, browser: httpx.Client) -> None:
    login(browser, server)
    copy = dict(browser.cookies)
    answer = browser.post("/v1/logout", headers=PAGE)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    stale = httpx.get(f"{server.url}/v1/logs", cookies=copy, trust_env=False)
    assert (stale.status_code, problem(stale)["code"]) == (401, "session_ended")
    assert httpx.get(f"{server.url}/v1/session", cookies=copy, trust_env=False).json()["who"] is None


def test_revoking_a_token_ends_its_sessions(server: ServerProcess, client: httpx.Client, browser: httpx.Client) -> None:
    made = client.post("/v1/tokens", json={"name": "x", "roles": ["reader"]}).json()
    browser.post("/v1/login", json={"token": made["token"]})
    assert browser.get("/v1/logs").status_code == 200
    client.delete(f"/v1/tokens/{made['id']}")
    ended = browser.get("/v1/logs")
    assert (ended.status_code, problem(ended)["code"]) == (401, "session_ended")


def test_a_session_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, httpx.Client(base_url=server.url, trust_env=False) as browser:
        login(browser, server)
        cookies = dict(browser.cookies)
    with running_server(tmp_path / "data") as server:
        assert httpx.get(f"{server.url}/v1/logs", cookies=cookies, trust_env=False).status_code == 200


def test_logins_logouts_and_failures_stand_in_system(
    server: ServerProcess, client: httpx.Client, browser: httpx.Client
) -> None:
    first = size(client, "system")
    login(browser, server)
    browser.post("/v1/logout", headers=PAGE)
    browser.post("/v1/login", json={"token": "grv_wrong"})
    events = system_events(client, first)
    told = [(one["action"], one["outcome"]) for one in events if one["action"].startswith("session.")]
    assert told == [("session.open", "success"), ("session.end", "success"), ("session.open", "failure")]
    assert all(one["origin"]["ip"] == "127.0.0.1" for one in events if one["action"].startswith("session."))


def test_many_failures_are_refused_and_do_not_flood_system(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as client:
        before = size(client, "system")
        answers = [client.post("/v1/login", json={"code": "wrong"}).status_code for _ in range(15)]
        assert answers == [401] * 10 + [429] * 5
        assert size(client, "system") == before + 10
        assert client.post("/v1/login", json={"token": server.token}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"code": "a", "token": "b"}, {"code": 5}, {"cod": "x"}, [], "x"])
def test_a_login_of_another_shape_is_refused(browser: httpx.Client, body: object) -> None:
    answer = browser.post("/v1/login", json=body)
    assert answer.status_code == 400, answer.text
    problem(answer)


def test_nobody_is_nobody(browser: httpx.Client) -> None:
    assert browser.get("/v1/session").json() == {"who": None, "roles": [], "logs": [], "expires": None}
    refused = browser.get("/v1/logs")
    assert (refused.status_code, problem(refused)["code"]) == (401, "missing_token")


def test_rules_of_redaction_are_shown_to_operators_and_auditors(client: httpx.Client) -> None:
    rules = client.get("/v1/redaction").json()["rules"]
    assert any("**.*password" in rule.get("paths", []) for rule in rules) or rules
    assert client.get("/v1/redaction", headers=make_token(client, "auditor")).status_code == 200
    assert client.get("/v1/redaction", headers=make_token(client, "reader")).status_code == 403


def test_the_ui_is_served_without_a_token(server: ServerProcess, browser: httpx.Client) -> None:
    answer = browser.get("/ui/default/events")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert browser.get("/ui/", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    head = raw_exchange(server.url, b"HEAD /ui/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert head.endswith(b"\r\n\r\n")
    assert browser.post("/ui/").status_code in (404, 405)
