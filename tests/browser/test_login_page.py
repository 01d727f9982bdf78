"""Getting in and out of the pages."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser_pages import Watch
from tests.support.server_process import ServerProcess, running_server

HTML = {"name": "Log in", "exact": True}


def test_the_printed_address_logs_in_once_and_leaves_no_code_behind(chromium: Browser, tmp_path) -> None:
    with running_server(tmp_path / "data") as server:
        watch = Watch(server.url)
        address = server.login_address()
        context = chromium.new_context()
        page = context.new_page()
        watch.follow(page)
        page.goto(address)
        expect(page.get_by_role("heading", name="This log is empty")).to_be_visible()
        assert page.url == f"{server.url}/ui/default/start"
        assert "login" not in page.evaluate("JSON.stringify([history.length, location.href, document.cookie])")
        context.close()
        # the same address once more, elsewhere
        context = chromium.new_context()
        page = context.new_page()
        watch.expect("401")
        watch.follow(page)
        page.goto(address)
        expect(page.get_by_text("was used before, or is too old")).to_be_visible()
        expect(page.get_by_label("Token", exact=True)).to_be_visible()
        context.close()
        assert watch.wrong == []


def test_a_token_logs_in_where_one_wanted_to_go(anonymous: Page, site: ServerProcess) -> None:
    anonymous.goto("/ui/default/runs")
    anonymous.get_by_label("Token", exact=True).fill(site.token)
    anonymous.get_by_role("button", **HTML).click()
    expect(anonymous.get_by_role("heading", name="Runs")).to_be_visible()
    assert anonymous.url.endswith("/ui/default/runs")
    cookies = anonymous.context.cookies()
    assert [(one["httpOnly"], one["sameSite"]) for one in cookies] == [(True, "Strict")]
    assert site.token not in anonymous.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")


def test_a_wrong_token_says_so(anonymous: Page, watch: Watch) -> None:
    watch.expect("401")
    anonymous.goto("/")
    anonymous.get_by_label("Token", exact=True).fill("grv_nonsense")
    anonymous.get_by_label("Token", exact=True).press("Enter")
    expect(anonymous.get_by_role("alert")).to_contain_text("not a token of Graven")
    expect(anonymous.get_by_label("Token", exact=True)).to_have_attribute("aria-invalid", "true")


def test_logging_out_shows_the_login(open_page) -> None:
    page = open_page("/ui/default/runs")
    page.get_by_label("Logged in as owner").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Token", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Token", exact=True)).to_be_visible()


def test_a_logout_that_the_server_refused_says_that_one_is_still_in(open_page, watch: Watch) -> None:
    watch.expect("503")
    page = open_page("/ui/default/runs")
    page.route(
        "**/v1/logout", lambda route: route.fulfill(status=503, json={"error": {"message": "the log is stopped"}})
    )
    page.get_by_label("Logged in as owner").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("alert")).to_contain_text("still logged in: the log is stopped")
    page.reload()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_a_revoked_token_ends_the_session_and_the_page_says_why(open_page, site: ServerProcess, watch: Watch) -> None:
    with site.client() as client:
        made = client.post("/v1/tokens", json={"name": "short", "roles": ["reader"]}).json()
        page = open_page("/ui/default/runs", token=made["token"])
        expect(page.get_by_role("heading", name="Runs")).to_be_visible()
        client.delete(f"/v1/tokens/{made['id']}")
    watch.expect("401")
    page.get_by_role("button", name="Read again").click()
    expect(page.get_by_text("The session has ended")).to_be_visible()
    page.get_by_label("Token", exact=True).fill(site.token)
    page.get_by_role("button", **HTML).click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


@pytest.mark.parametrize("role", ["recorder", "operator"])
def test_a_role_that_may_not_read_is_told_which_would(open_page, site: ServerProcess, watch: Watch, role: str) -> None:
    watch.expect("403")
    made = httpx.post(
        f"{site.url}/v1/tokens", json={"name": role, "roles": [role]}, headers=site.headers, trust_env=False
    ).json()
    page = open_page("/ui/default/runs", token=made["token"])
    expect(page.get_by_role("alert")).to_contain_text("this needs the role auditor or reader")
