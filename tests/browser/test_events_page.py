"""The page Events: find, narrow, follow, open; by hand and by keyboard."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from tests.support.browser_pages import Watch, axe_source, open_context, serious
from tests.support.searching import record
from tests.support.server_process import ServerProcess
from tests.support.shop_events import CORRECTED, ORDERS

EVENTS = "/ui/shop/events"
FEW = f"{EVENTS}?q=action:order.create+actor:alice+outcome:failure"
"""Eight events, which no test adds to."""
FOUND = ORDERS // 30

OpenPage = Callable[..., Page]


def rows(page: Page) -> Locator:
    return page.locator(".rows .er:not(.bones)")


def found(page: Page) -> Locator:
    return page.locator(".found")


def query(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Query")


def few(open_page: OpenPage, **options: object) -> Page:
    """A page with the eight events."""
    page = open_page(FEW, **options)
    expect(found(page)).to_have_text(f"{FOUND} events")
    return page


def active(page: Page) -> str:
    """The element of the row that has the focus."""
    return page.get_by_role("grid", name="Events").get_attribute("aria-activedescendant") or ""


def test_a_query_is_asked_by_enter_and_stands_in_the_address(open_page: OpenPage) -> None:
    page = open_page(EVENTS)
    query(page).fill("action:order.create actor:alice outcome:failure")
    query(page).press("Enter")
    expect(found(page)).to_have_text(f"{FOUND} events")
    assert "q=action%3Aorder.create+actor%3Aalice+outcome%3Afailure" in page.url


def test_every_row_reads_as_a_sentence(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=target:order/{CORRECTED}")
    expect(rows(page)).to_have_text(
        [
            re.compile(r"mallory was denied refund\.create on order 7"),
            re.compile(r"dana corrected order 7 – discount was missing"),
            re.compile(r"bob created order 7"),
        ]
    )


def test_a_mistake_in_a_query_is_underlined_and_explained(open_page: OpenPage, watch: Watch) -> None:
    watch.expect("400")
    page = open_page(EVENTS)
    query(page).fill("actor:alice actr:bob")
    query(page).press("Enter")
    expect(page.locator(".paint .bad").first).to_have_text("actr")
    expect(page.locator(".queryerror")).to_contain_text("actor")
    expect(query(page)).to_have_attribute("aria-invalid", "true")


def test_fields_and_their_values_are_completed(open_page: OpenPage) -> None:
    page = open_page(EVENTS)
    query(page).press_sequentially("outc")
    suggestions = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(suggestions.first).to_contain_text("outcome:")
    query(page).press("Tab")
    expect(query(page)).to_have_value("outcome:")
    query(page).press_sequentially("den")
    expect(suggestions.first).to_contain_text("denied")
    query(page).press("ArrowDown")
    query(page).press("Enter")
    expect(page).to_have_url(re.compile(r"q=outcome(:|%3A)denied$"))  # a whole condition is searched at once


def test_a_brush_over_the_histogram_sets_the_range(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=action:order.create&clock=claimed")
    expect(found(page)).to_contain_text(f"{ORDERS} events")
    plot = page.locator(".histogram .u-over")
    box = plot.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"since=2026-11-20T10%3A.*until=2026-11-20T1[01]%3A"))
    expect(found(page)).to_have_text(re.compile(r"^(5|6|7)\d events$"))
    page.get_by_role("button", name="All time").click()
    expect(found(page)).to_contain_text(f"{ORDERS} events")


def test_a_click_on_a_facet_narrows_and_another_takes_it_back(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=action:order.create")
    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("button", name="failure", exact=False).first.click()
    expect(query(page)).to_have_value("action:order.create outcome:failure")
    expect(found(page)).to_have_text(f"{ORDERS // 10} events")
    filters.locator("[aria-pressed=true]", has_text="failure").click()
    expect(query(page)).to_have_value("action:order.create")


def test_the_button_beside_a_part_of_a_sentence_narrows(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=target:order/{CORRECTED}")
    rows(page).get_by_text("dana", exact=True).hover()
    page.get_by_role("button", name="Only actor dana").click()
    expect(query(page)).to_have_value(f"target:order/{CORRECTED} actor:dana")
    expect(rows(page)).to_have_count(1)


def test_alt_and_a_click_on_a_part_narrow_and_with_shift_leave_out(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=target:order/{CORRECTED}")
    rows(page).get_by_text("dana", exact=True).click(modifiers=["Alt"])
    expect(query(page)).to_have_value(f"target:order/{CORRECTED} actor:dana")
    page.go_back()
    rows(page).get_by_text("bob", exact=True).click(modifiers=["Alt", "Shift"])
    expect(query(page)).to_have_value(f"target:order/{CORRECTED} -actor:bob")


def test_the_right_arrow_goes_to_the_parts_of_a_row(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=target:order/{CORRECTED}")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Only actor dana")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Only action order.correct")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("grid", name="Events")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(query(page)).to_have_value(f"target:order/{CORRECTED} actor:dana")


def test_a_click_on_any_word_of_a_row_opens_the_event(open_page: OpenPage) -> None:
    page = few(open_page)
    rows(page).first.get_by_text("alice", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice failed to create order")


def test_no_row_looks_chosen_before_somebody_chose_one(open_page: OpenPage) -> None:
    page = few(open_page)
    expect(page.locator(".er.current")).to_have_count(0)
    page.keyboard.press("j")
    expect(rows(page).first).to_have_class(re.compile("bad current"))


def test_only_the_list_scrolls(open_page: OpenPage) -> None:
    page = open_page(EVENTS)
    expect(rows(page).nth(5)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_a_page_that_is_slow_to_load_says_that_it_loads(open_page: OpenPage, site: ServerProcess) -> None:
    page = open_page("about:blank", token=site.token)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/app.js", hold)
    page.goto(FEW, wait_until="commit")
    expect(page.get_by_text("Loading…")).to_be_visible()
    held[0].continue_()
    expect(found(page)).to_have_text(f"{FOUND} events")
    expect(page.get_by_text("Loading…")).to_have_count(0)


def test_a_new_event_appears_while_live(open_page: OpenPage, site: ServerProcess) -> None:
    page = open_page(f"{EVENTS}?q=action:live.one&live=1")
    expect(page.locator(".notice.tail")).to_contain_text("live")
    with site.client() as client:
        record(client, [{"action": "live.one", "actor": {"id": "walter"}}], "shop")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("walter")


def test_what_came_while_another_page_was_shown_is_there_on_the_way_back(
    open_page: OpenPage, site: ServerProcess
) -> None:
    page = open_page(f"{EVENTS}?q=action:live.three&live=1")
    expect(page.locator(".notice.tail")).to_contain_text("live")
    page.get_by_role("link", name="Runs", exact=True).click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    with site.client() as client:
        record(client, [{"action": "live.three", "actor": {"id": "yolanda"}}], "shop")
    page.go_back()
    expect(page.get_by_text("yolanda")).to_be_visible()


def test_a_live_view_that_is_one_too_many_is_told_so_and_tried_again(open_page: OpenPage, watch: Watch) -> None:
    watch.expect("429")
    page = open_page(f"{EVENTS}?q=action:live.none")
    busy = {"error": {"code": "too_many_tails", "message": "32 tails are open"}}
    page.route("**/tail?**", lambda route: route.fulfill(status=429, json=busy))
    page.get_by_role("button", name="Live").click()
    expect(page.locator(".notice.tail")).to_contain_text("too many live views are open")
    page.unroute("**/tail?**")
    expect(page.locator(".notice.tail")).to_contain_text("live", timeout=20_000)
    expect(page.locator(".pulse.ok")).to_be_visible(timeout=20_000)


def test_the_live_list_waits_while_one_reads_below_its_top(open_page: OpenPage, site: ServerProcess) -> None:
    page = open_page(f"{EVENTS}?live=1")
    expect(page.locator(".notice.tail")).to_contain_text("live")
    expect(rows(page).nth(5)).to_be_visible()
    page.locator(".events-list").evaluate("(list) => list.scrollTo({top: 600})")
    expect(page.locator(".notice.tail")).to_contain_text("paused")
    with site.client() as client:
        record(client, [{"action": "live.two", "actor": {"id": "xavier"}}], "shop")
    page.get_by_role("button", name="1 newer").click()
    expect(rows(page).first).to_contain_text("xavier")


def test_a_row_opens_its_event_and_back_finds_the_list_as_it_was(open_page: OpenPage) -> None:
    page = few(open_page)
    rows(page).nth(2).locator(".cell").click()
    expect(page).to_have_url(re.compile(r"/ui/shop/event/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice failed to create order")
    page.go_back()
    expect(found(page)).to_have_text(f"{FOUND} events")
    expect(rows(page).nth(2)).to_have_class(re.compile("current"))


def test_a_page_that_loads_late_does_not_win_over_the_one_gone_on_to(open_page: OpenPage, site: ServerProcess) -> None:
    page = open_page("about:blank", token=site.token)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/pages/event/page.js", hold)
    page.goto(FEW)
    expect(found(page)).to_have_text(f"{FOUND} events")
    with page.expect_request("**/pages/event/page.js"):
        page.get_by_role("grid", name="Events").press("Enter")
    page.go_back()
    expect(found(page)).to_have_text(f"{FOUND} events")
    with page.expect_response("**/pages/event/page.js"):
        held[0].continue_()
    page.wait_for_function("() => document.querySelectorAll('link[href*=\"event.css\"]').length")
    expect(found(page)).to_have_text(f"{FOUND} events")


def test_j_and_k_move_and_enter_opens(open_page: OpenPage) -> None:
    page = few(open_page)
    first = active(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    third = active(page)
    page.keyboard.press("k")
    assert len({first, third, active(page)}) == 3
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice failed to create order")
    page.keyboard.press("Escape")
    expect(found(page)).to_have_text(f"{FOUND} events")


def test_enter_opens_the_marked_row_where_nothing_has_the_focus(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("Enter")
    expect(rows(page).first).to_have_class(re.compile("current"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice failed to create order")


def test_slash_goes_to_the_query_and_escape_leaves_it(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("/")
    expect(query(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(query(page)).not_to_be_focused()


def test_the_question_mark_lists_the_keys_of_the_page(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_contain_text("verify the event")


def test_an_example_of_the_help_goes_into_the_query(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Help").get_by_role("button", name="outcome:failure OR outcome:denied").click()
    expect(query(page)).to_have_value("outcome:failure OR outcome:denied")
    expect(query(page)).to_be_focused()
    query(page).press("Enter")
    expect(rows(page).filter(has_text="mallory was denied")).to_have_count(1)


def test_the_help_of_a_touch_screen_is_about_searching(open_page: OpenPage) -> None:
    options = {"viewport": {"width": 390, "height": 700}, "has_touch": True, "is_mobile": True}
    page = open_page("/ui/shop/settings", **options)
    page.get_by_role("button", name="Help").tap()
    expect(page.get_by_role("dialog", name="Help").locator(".keys").first).to_be_hidden()
    page.get_by_role("button", name="actor:alice").tap()
    expect(query(page)).to_have_value("actor:alice")


def test_keys_do_nothing_while_the_query_is_typed(open_page: OpenPage) -> None:
    page = few(open_page)
    before = page.url
    query(page).fill("")
    query(page).press_sequentially("jkvxcl?/")
    expect(query(page)).to_have_value("jkvxcl?/")
    assert page.url == before
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_v_verifies_the_event_in_the_browser(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("j")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="It verifies")).to_be_visible()


def test_two_marked_events_are_compared(open_page: OpenPage) -> None:
    page = few(open_page)
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Two events compared")
    expect(dialog).to_contain_text("quantity")
    expect(page).to_have_url(re.compile(r"compare=\d+-\d+"))
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_view_is_saved_opened_elsewhere_and_deleted(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=outcome:failure&by=actor&cols=run,test&order=oldest")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Save what is shown as").fill("declined")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="declined outcome:failure")).to_be_visible()
    page.goto("/ui/shop/settings")
    page.get_by_role("link", name="declined", exact=True).click()
    expect(page).to_have_url(re.compile(r"q=outcome%3Afailure&order=oldest&by=actor&cols=run%2Ctest$"))
    expect(page.get_by_role("columnheader", name="run")).to_be_visible()
    page.goto("/ui/shop/settings")
    page.get_by_role("button", name="Remove the view declined").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_where_a_range_has_nothing_the_way_to_the_newest_match_is_offered(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=actor:dana&clock=claimed&since=2026-11-20T08:00:00Z&until=2026-11-20T09:00:00Z")
    expect(page.get_by_role("heading", name="Nothing in this time range")).to_be_visible()
    expect(page.locator(".quoted")).to_contain_text("dana corrected order 7")
    page.get_by_role("button", name="Go there").click()
    expect(rows(page).filter(has_text="dana corrected order 7")).to_have_count(1)


def test_where_nothing_matches_the_term_at_fault_is_named(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=actor:dana+outcome:denied")
    page.get_by_role("button", name="leave out outcome:denied").click()
    expect(rows(page)).to_have_count(1)


def test_where_nothing_matches_what_was_probably_meant_is_said(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=actor:Dana")
    expect(page.get_by_role("list", name="What was probably meant")).to_contain_text("did you mean actor:dana?")


def test_columns_are_chosen_and_stand_in_the_address(open_page: OpenPage) -> None:
    page = few(open_page)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("trace", exact=True).check()
    expect(page).to_have_url(re.compile("cols=source%2Ctrace"))
    expect(page.get_by_role("columnheader", name="trace")).to_be_visible()


def test_the_log_system_tells_what_was_searched_for(open_page: OpenPage) -> None:
    page = few(open_page)
    page.get_by_label("Log", exact=True).select_option("system")
    row = rows(page).filter(has_text="searched log shop for action:order.create actor:alice outcome:failure")
    expect(row.first).to_contain_text(f"{FOUND} found")


def test_the_list_does_not_scroll_sideways_on_a_narrow_screen(open_page: OpenPage) -> None:
    page = few(open_page, viewport={"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.locator(".events-list").evaluate("(list) => list.scrollWidth - list.clientWidth") <= 0
    for control in [
        page.locator(".stackby select"),
        *page.locator(".controls > .btn, .controls > .popover > .btn").all(),
    ]:
        box = control.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 375


def test_a_touch_of_a_row_opens_it_on_a_narrow_screen(open_page: OpenPage) -> None:
    page = few(open_page, viewport={"width": 375, "height": 700})
    rows(page).first.get_by_text("CardDeclined").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("alice failed to create order")


def test_filters_are_a_sheet_on_a_narrow_screen(open_page: OpenPage) -> None:
    page = open_page(f"{EVENTS}?q=action:order.create", viewport={"width": 375, "height": 700})
    page.get_by_role("button", name="Filters").click()
    sheet = page.get_by_role("dialog", name="Filters")
    sheet.get_by_role("button", name="failure").first.click()
    sheet.get_by_role("button", name="Done").click()
    expect(query(page)).to_have_value("action:order.create outcome:failure")


def test_dark_rows_are_light_on_dark(open_page: OpenPage) -> None:
    page = few(open_page, color_scheme="dark")
    colours = (
        rows(page)
        .nth(1)
        .evaluate(
            "(row) => [getComputedStyle(row).color, getComputedStyle(row.closest('.events-list')).backgroundColor]"
        )
    )
    text, ground = (sum(int(part) for part in re.findall(r"\d+", colour)[:3]) for colour in colours)
    assert text > 500
    assert ground < 180


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_among_events(open_page: OpenPage, scheme: str) -> None:
    source = axe_source()
    if not source:
        pytest.skip("axe-core cannot be had")
    page = open_page(f"{EVENTS}?q=outcome:*", color_scheme=scheme)
    expect(rows(page).nth(3)).to_be_visible()
    assert serious(page, source, colours_only=scheme == "dark") == []
    page.get_by_role("button", name="Time range").or_(page.locator(".btn.range")).first.click()
    assert serious(page, source, colours_only=scheme == "dark") == []


def test_a_reader_of_one_log_is_shown_that_one(open_page: OpenPage, site: ServerProcess, chromium) -> None:
    with site.client() as client:
        made = client.post("/v1/tokens", json={"name": "shop only", "roles": ["reader"], "logs": ["shop"]}).json()
    context = open_context(chromium, site.url, made["token"])
    page = context.new_page()
    page.goto("/")
    expect(page).to_have_url(re.compile("/ui/shop/events$"))
    expect(rows(page).nth(3)).to_be_visible()
    context.close()
