"""What all pages share: the bar, keyboard, themes, narrow screens, states, accessibility."""

import json
import re

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser_pages import Watch, axe_source, serious
from tests.support.loopback_proxy import loopback_proxy
from tests.support.run_records import FAILING
from tests.support.server_process import ServerProcess
from tests.support.server_requests import append, event

VIEWS = {
    "runs": "/ui/default/runs",
    "run": "/ui/default/run/ci-2",
    "test": f"/ui/default/run/ci-2?test={FAILING}",
    "proof": "/ui/default/proof/257",
    "integrity": "/ui/default/integrity",
    "settings": "/ui/default/settings",
    "start": "/ui/empty/start",
}
SHOWN = {
    "runs": "ci-2",
    "run": "test_discount",
    "test": "What happened in it",
    "proof": "It verifies",
    "integrity": "Checked by this browser",
    "settings": "Make a token",
    "start": "Waiting for the first event",
}


def settle(page: Page, view: str) -> None:
    """The view shows what it is about, and nothing is loading any more."""
    expect(page.get_by_text(SHOWN[view]).first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
    expect(page.locator(".guardmark")).to_have_attribute("data-status", "ok")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_title_and_one_heading(open_page, view: str) -> None:
    page = open_page(VIEWS[view])
    settle(page, view)
    assert page.locator("h1").count() == 1
    assert page.title().endswith("· Graven")
    assert page.title() != "Graven"


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_scrolls_sideways_on_a_narrow_screen(open_page, view: str) -> None:
    page = open_page(VIEWS[view], viewport={"width": 375, "height": 700})
    settle(page, view)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    expect(page.get_by_role("link", name="Integrity", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [375, 1280])
def test_the_pages_can_be_reached_from_the_end_of_a_long_one(open_page, width: int) -> None:
    page = open_page(VIEWS["proof"], viewport={"width": width, "height": 700})
    settle(page, "proof")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_role("link", name="Runs", exact=True)).to_be_in_viewport(ratio=0.9)


def test_the_buttons_of_the_bar_are_large_enough_for_a_thumb(open_page) -> None:
    page = open_page(VIEWS["runs"], viewport={"width": 375, "height": 700})
    settle(page, "runs")
    for button in page.locator(".tools > .btn:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(open_page, view: str, scheme: str) -> None:
    source = axe_source()
    if not source:
        pytest.skip("axe-core cannot be had: npm is not installed, or reaches no registry")
    page = open_page(VIEWS[view], color_scheme=scheme)
    settle(page, view)
    assert serious(page, source, colours_only=scheme == "dark") == []


def test_axe_finds_nothing_serious_in_the_login_the_help_and_the_alarm(
    anonymous: Page, open_page, site: ServerProcess, watch: Watch
) -> None:
    source = axe_source()
    if not source:
        pytest.skip("axe-core cannot be had")
    anonymous.goto("/")
    expect(anonymous.get_by_label("Token", exact=True)).to_be_visible()
    assert serious(anonymous, source) == []
    page = open_page("/ui/default/runs")
    settle(page, "runs")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page, source) == []
    page.keyboard.press("Escape")
    keys = "Object.keys(localStorage).find((name) => name.startsWith('graven.checkpoint.'))"
    page.evaluate(f"""() => {{
      const name = {keys}, known = JSON.parse(localStorage.getItem(name));
      const alarm = {{kind: "fork", why: "two trees", at: known.at, known, shown: known}};
      localStorage.setItem(name.replace("checkpoint", "alarm"), JSON.stringify(alarm));
    }}""")
    page.reload()
    expect(page.locator(".banner.alarm")).to_be_visible()
    assert serious(page, source) == []


def background(page: Page) -> list[int]:
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]


def test_dark_and_light_follow_the_system_and_can_be_chosen(open_page) -> None:
    page = open_page("/ui/default/runs", color_scheme="dark")
    settle(page, "runs")
    assert max(background(page)) < 60
    page.get_by_role("button", name="Theme: as the system").click()
    assert min(background(page)) > 200
    page.reload()
    settle(page, "runs")
    assert min(background(page)) > 200
    page.get_by_role("button", name="Theme: light").click()
    assert max(background(page)) < 60


def test_the_zone_and_manner_of_times_can_be_switched(open_page) -> None:
    page = open_page("/ui/default/runs", timezone_id="Asia/Tokyo")
    settle(page, "runs")
    time = page.locator("tbody time").first
    local = time.inner_text()
    page.get_by_role("button", name="Time zone: local").click()
    expect(time).not_to_have_text(local)
    utc = time.get_attribute("datetime")
    assert utc is not None
    assert time.inner_text() == utc[:19].replace("T", " ")
    page.get_by_role("button", name="Times: absolute").click()
    expect(time).to_contain_text("ago")
    page.reload()
    expect(time).to_contain_text("ago")


def test_single_keys_work_are_listed_and_can_be_switched_off(open_page) -> None:
    page = open_page("/ui/default/run/ci-2")
    settle(page, "run")
    page.keyboard.press("a")
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?show=all")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Help")
    expect(dialog).to_contain_text("only failing tests")
    page.keyboard.press("f")  # not while a dialog is open
    dialog.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("f")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    assert page.url.endswith("?show=all")


def test_keys_do_nothing_while_one_types(open_page) -> None:
    page = open_page("/ui/default/run/ci-2?show=all")
    settle(page, "run")
    page.get_by_placeholder("find a test").press_sequentially("fa?")
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?show=all&find=fa%3F")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_first_tab_stop_skips_to_the_content(open_page) -> None:
    page = open_page("/ui/default/runs")
    settle(page, "runs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_new_view_takes_the_focus_and_is_announced(open_page) -> None:
    page = open_page("/ui/default/runs")
    settle(page, "runs")
    page.get_by_role("link", name="Settings", exact=True).click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_log_can_be_switched_to_system_and_back(open_page) -> None:
    page = open_page("/ui/default/integrity")
    settle(page, "integrity")
    page.get_by_label("Log", exact=True).select_option("system")
    expect(page.get_by_role("heading", name="Integrity of system")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Integrity of default")).to_be_visible()


def test_an_unknown_log_and_an_unknown_page_offer_a_way_on(open_page) -> None:
    page = open_page("/ui/nowhere/runs")
    expect(page.get_by_role("heading", name="There is no log")).to_be_visible()
    page.get_by_role("link", name="default", exact=True).click()
    expect(page.get_by_role("heading", name="There is no log")).to_have_count(0)
    page.goto("/ui/default/nothing")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


def test_a_server_that_is_gone_is_said_and_the_page_goes_on_when_it_is_back(
    open_page, site: ServerProcess, watch: Watch
) -> None:
    watch.expect("ERR_|Failed to fetch")
    with loopback_proxy(site.url) as proxy:
        watch.origins.add(proxy.url.partition("//")[2])
        page = open_page("/ui/default/runs", url=proxy.url)
        settle(page, "runs")
        proxy.down = True
        page.get_by_role("button", name="Read again").click()
        banner = page.locator(".banner", has_text="The server does not answer")
        expect(banner).to_be_visible()
        proxy.down = False
        banner.get_by_role("button", name="Ask now").click()
        expect(banner).to_have_count(0)


def test_a_page_that_waits_for_the_first_event_sees_it(open_page, site: ServerProcess) -> None:
    with site.client() as client:
        client.post("/v1/logs", json={"name": "fresh"}).raise_for_status()
        page = open_page("/ui/fresh")
        expect(page.get_by_role("heading", name="This log is empty")).to_be_visible()
        page.get_by_role("button", name="Make a token that can only record here").click()
        page.get_by_role("tab", name="curl").click()
        expect(page.get_by_role("tabpanel").locator("code")).to_contain_text(re.compile(r"GRAVEN_TOKEN=grv_\w{20}"))
        snippet = page.get_by_role("tabpanel").locator("code").inner_text()
        token = snippet.partition("GRAVEN_TOKEN=")[2].split()[0]
        sent = client.post("/v1/logs/fresh/events", json=event(), headers={"Authorization": f"Bearer {token}"})
        assert sent.status_code == 200
    expect(page.get_by_text("arrived", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Look at them")).to_be_visible()


def test_tokens_are_made_shown_once_and_revoked(open_page, site: ServerProcess) -> None:
    page = open_page("/ui/default/settings")
    settle(page, "settings")
    page.get_by_label("Name").fill("from the page")
    page.get_by_label("reader", exact=False).first.check()
    page.get_by_role("button", name="Make", exact=True).click()
    made = page.locator(".made code").inner_text()
    assert made.startswith("grv_")
    with site.client(headers={"Authorization": f"Bearer {made}"}) as client:
        assert client.get("/v1/session").json()["roles"] == ["reader", "recorder"]
        page.get_by_role("button", name="Revoke the token from the page").click()
        page.get_by_role("button", name="Revoke for ever").click()
        expect(page.locator("tr", has_text="from the page")).to_have_count(0)
        assert client.get("/v1/session").status_code == 401


def test_a_failing_test_shows_why_and_what_happened_around_it(open_page) -> None:
    page = open_page("/ui/default/runs")
    page.get_by_role("link", name="ci-2").click()
    page.get_by_role("link", name=FAILING).click()
    expect(page.get_by_text("assert 12900 == 11610")).to_be_visible()
    expect(page.get_by_role("cell", name="/total")).to_be_visible()
    expect(page.get_by_text("placed order 5")).to_be_visible()
    expect(page.get_by_text('{"total":12900}').first).to_be_visible()
    page.get_by_role("button", name="sql.statement").click()
    expect(page.get_by_text('{"parameters":[10]}')).to_be_visible()
    assert page.url.endswith("test_discount&environment=py3")


def test_a_flaky_test_shows_its_attempts(open_page) -> None:
    page = open_page("/ui/default/run/ci-2?show=flaky")
    page.get_by_role("link", name="test_orders.py::test_retry").click()
    attempts = page.get_by_role("navigation", name="Attempts")
    expect(attempts.get_by_role("link")).to_have_count(2)
    attempts.get_by_role("link", name="attempt 2").click()
    expect(page).to_have_url(f"{page.url.partition('&attempt')[0]}&attempt=2")


def test_the_growth_of_a_log_is_drawn(open_page, site: ServerProcess, watch: Watch) -> None:
    buckets = [{"start": f"2026-11-27T10:{minute:02}:00Z", "count": minute, "by": {}} for minute in range(30)]
    answer = {"from": "", "to": "", "width_ns": 60_000_000_000, "buckets": buckets, "total": 435, "indexed": 435}
    with loopback_proxy(site.url) as proxy:
        watch.origins.add(proxy.url.partition("//")[2])
        proxy.answer("/v1/logs/default/histogram", lambda path: json.dumps(answer).encode())
        page = open_page("/ui/default/integrity", url=proxy.url)
        expect(page.get_by_role("img", name="Entries of default: 0 at 2026-11-27 10:01")).to_be_visible()
        expect(page.locator(".chart canvas")).to_be_visible()


def test_integrity_tells_apart_what_was_checked_here_and_what_the_server_says(open_page, site: ServerProcess) -> None:
    with site.client() as client:
        append(client, event(), params={"wait": "published"})
    page = open_page("/ui/default/integrity")
    settle(page, "integrity")
    expect(page.locator("section", has_text="Checked by this browser")).to_contain_text("computed by WebCrypto")
    expect(page.locator("section", has_text="Recorder")).to_contain_text("ready")
    expect(page.get_by_text("cannot vouch for that server")).to_be_visible()
