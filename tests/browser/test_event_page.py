"""The page Event: one event with everything about it."""

import os
import re
import signal
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.support.browser_pages import Watch, axe_source, serious
from tests.support.searching import index_pid, record, search, wait_indexed
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event
from tests.support.shop_events import CORRECTED, LARGE_BYTES, ORDERS

OpenPage = Callable[..., Page]
CORRECTION = f"/ui/shop/event/{ORDERS}"
REPORT = f"/ui/shop/event/{ORDERS + 2}"


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def test_a_change_is_shown_as_a_difference(open_page: OpenPage) -> None:
    page = open_page(CORRECTION)
    heading(page, "dana corrected order 7")
    change = page.locator(".card", has_text=f"What changed: order {CORRECTED}")
    expect(change).to_contain_text("70")
    expect(change).to_contain_text("63")


def test_what_was_said_of_the_same_target_is_a_click_away(open_page: OpenPage) -> None:
    page = open_page(CORRECTION)
    page.get_by_role("link", name="same target order/7").click()
    expect(page.locator(".rows .er")).to_have_count(3)


def test_a_failing_test_shows_its_error_with_frame_and_locals(open_page: OpenPage, site: ServerProcess) -> None:
    with site.client() as client:
        (row,) = search(client, "run:ci-2 outcome:failure test:*discount", limit=1)["events"]
    page = open_page(f"/ui/default/event/{row['index']}")
    failure = page.locator(".failure")
    expect(failure).to_contain_text("assert 12900 == 11610")
    expect(failure).to_contain_text("test_orders.py:29")
    expect(failure.get_by_text("12900", exact=True)).to_be_visible()


def test_what_differs_is_said_first_and_the_input_of_a_test_is_named(open_page: OpenPage, site: ServerProcess) -> None:
    message = "assert {'a': 1, 'b': 2} == {'a': 1, 'b': 3}\n  Differing items:\n  {'b': 2} != {'b': 3}"
    test = {"run": "ci-9", "test": "test_a.py::test_sums", "status": "failed"}
    ended = event(
        action="test.case.finish",
        outcome="failure",
        qa=test,
        targets=[{"type": "test", "id": "test_a.py::test_sums", "name": "test_sums"}],
        error={"type": "AssertionError", "message": message},
        input={"fixtures": {"shop": {"setup": "a"}}},
    )
    with site.client() as client:
        first = record(client, [ended], "shop")
    page = open_page(f"/ui/shop/event/{first}")
    heading(page, "AssertionError b: 2 ≠ 3")
    card = page.locator(".card", has=page.get_by_role("heading", name="Parameters and fixtures of the test"))
    expect(card.get_by_role("link", name="What happened in this test")).to_be_visible()
    page.goto("/ui/shop/run/ci-9")
    expect(page.locator(".firstline")).to_have_text("AssertionError: b: 2 ≠ 3")


def test_its_two_times_are_told_apart(open_page: OpenPage) -> None:
    page = open_page(CORRECTION)
    expect(page.locator(".eventline")).to_contain_text("received 20")
    expect(page.locator(".facts dt").first).to_have_text("when")


def test_an_event_of_a_test_leads_to_what_happened_in_it(open_page: OpenPage, site: ServerProcess) -> None:
    with site.client() as client:
        (row,) = search(client, "run:ci-2 action:sql.statement", limit=1)["events"]
    page = open_page(f"/ui/default/event/{row['index']}")
    page.get_by_role("link", name="What happened in this test").click()
    expect(page.locator(".timeline")).to_contain_text(
        "select percent from discounts where from_quantity < ? with [10] → []"
    )


def test_what_belongs_to_one_trace_is_told_as_it_happened(open_page: OpenPage, site: ServerProcess) -> None:
    trace = {"trace": {"trace_id": "c0ffee" + "0" * 26, "span_id": "1" * 16}}
    late, early = "2026-11-27T10:00:02Z", "2026-11-27T10:00:01Z"
    events = [
        event(action="payment.settle", time=late, **trace),
        event(action="payment.request", time=early, **trace),
    ]
    with site.client() as client:
        first = record(client, events, "shop")
    page = open_page(f"/ui/shop/event/{first}")
    told = page.locator(".around li")
    expect(told).to_have_text([re.compile("requested payment"), re.compile("settled payment")])


def test_a_large_value_is_loaded_when_it_is_asked_for(open_page: OpenPage) -> None:
    page = open_page(REPORT)
    heading(page, "cron made report")
    assert page.evaluate("document.body.innerText.length") < 20_000
    with page.expect_response(lambda response: "/value" in response.url) as answer:
        page.get_by_role("button", name=re.compile("Load|Show", re.IGNORECASE)).first.click()
    assert len(answer.value.body()) > LARGE_BYTES
    expect(page.get_by_text("xxxxxxxxxx").first).to_be_visible()


def test_the_raw_bytes_are_the_entry_as_it_is_stored(open_page: OpenPage, site: ServerProcess) -> None:
    page = open_page(CORRECTION)
    heading(page, "dana corrected order 7")
    page.keyboard.press("r")
    with site.client() as client:
        stored = client.get(
            f"/v1/logs/shop/events/{ORDERS}", headers={"accept": "application/octet-stream"}
        ).content.decode()
    expect(page.locator("main")).to_contain_text(stored[:120])


def test_the_permalink_by_id_leads_to_the_event(open_page: OpenPage) -> None:
    page = open_page("/ui/shop/event/order-12")
    expect(page).to_have_url(re.compile("/ui/shop/event/12$"))
    heading(page, "created order 12")


def test_next_and_previous_follow_the_list_that_was_shown(open_page: OpenPage) -> None:
    page = open_page("/ui/shop/events?q=action:order.create+actor:bob")
    expect(page.locator(".rows .er").nth(2)).to_be_visible()
    page.get_by_role("grid", name="Events").press("Enter")
    heading(page, "order 238")
    page.keyboard.press("j")
    heading(page, "order 235")
    page.keyboard.press("k")
    heading(page, "order 238")


def test_an_event_does_not_scroll_sideways_on_a_narrow_screen(open_page: OpenPage) -> None:
    page = open_page(CORRECTION, viewport={"width": 375, "height": 700})
    heading(page, "dana corrected order 7")
    expect(page.get_by_role("heading", name="Just before and after")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_an_event(open_page: OpenPage, scheme: str) -> None:
    source = axe_source()
    if not source:
        pytest.skip("axe-core cannot be had")
    page = open_page(CORRECTION, color_scheme=scheme)
    expect(page.locator(".around li")).not_to_have_count(0)
    assert serious(page, source, colours_only=scheme == "dark") == []


def test_without_an_index_the_pages_say_so_and_entries_and_proofs_still_work(
    open_page: OpenPage, watch: Watch, tmp_path
) -> None:
    watch.expect("503")
    with running_server(tmp_path / "data", index=False) as server:
        watch.origins.add(server.url.partition("//")[2])
        with server.client() as client:
            append(client, event(), params={"wait": "published"}).raise_for_status()
        page = open_page("/ui/default/events", url=server.url, token=server.token)
        expect(page.get_by_role("heading", name="Search is switched off")).to_be_visible()
        page.goto("/ui/default/event/0")
        heading(page, "order")
        page.keyboard.press("v")
        expect(page.get_by_role("heading", name="It verifies")).to_be_visible()


def test_an_index_process_that_is_killed_comes_back_and_so_does_the_list(
    open_page: OpenPage, watch: Watch, tmp_path
) -> None:
    watch.expect("503")
    with running_server(tmp_path / "data", index=True) as server:
        watch.origins.add(server.url.partition("//")[2])
        with server.client() as client:
            append(client, event()).raise_for_status()
            wait_indexed(client, 1)
        page = open_page("/ui/default/events", url=server.url, token=server.token)
        expect(page.locator(".rows .er")).to_have_count(1)
        os.kill(index_pid(server.process.pid), signal.SIGKILL)
        httpx.get(f"{server.url}/readyz", trust_env=False).raise_for_status()
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".banner")).to_have_count(0, timeout=30_000)
        expect(page.locator(".rows .er")).to_have_count(1, timeout=30_000)
