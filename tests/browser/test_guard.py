"""The guard: what this browser verified once, no server may take back."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser_pages import Watch
from tests.support.loopback_proxy import LoopbackProxy, loopback_proxy
from tests.support.server_process import ServerProcess
from tests.support.server_requests import append, event

from graven.cli.demo.attacks import copy_log, rebuild_without

PAGES = ("runs", "proof/3", "settings", "integrity", "start", "run/ci-2")


@pytest.fixture
def proxy(site: ServerProcess, watch: Watch):
    with loopback_proxy(site.url) as made:
        watch.origins.add(made.url.partition("//")[2])
        yield made


def mark(page: Page):
    return page.locator(".guardmark")


def consistent(page: Page) -> None:
    expect(mark(page)).to_have_attribute("data-status", "ok")


def show_folder(proxy: LoopbackProxy, log_dir: Path) -> None:
    """From now on the files of `default` are those of this folder, as a server of it would show them."""

    def file(path: str) -> bytes | None:
        whole = log_dir / path.removeprefix("/logs/default/")
        if whole.is_file():
            return whole.read_bytes()
        name, partial, width = path.removeprefix("/logs/default/").partition(".p/")
        wider = [one for one in (log_dir / f"{name}.p").glob("*") if int(one.name) >= int(width)] if partial else []
        full = log_dir / name
        source = full if full.is_file() else min(wider, key=lambda one: int(one.name), default=None)
        return source.read_bytes()[: 32 * int(width)] if source is not None and partial else None

    proxy.answer(r"/logs/default/(checkpoint|tile/\d.*)", file)


def forged(site: ServerProcess, tmp_path: Path) -> Path:
    """A log without entry 7, rebuilt and signed by whoever has the key; as large as the true one."""
    copy = copy_log(site.data, tmp_path / "forged")
    rebuild_without(copy, 7, site.data / "keys" / "default.key")
    return copy


def test_a_log_that_grows_stays_consistent(open_page, site: ServerProcess) -> None:
    page = open_page("/ui/default/runs")
    consistent(page)
    expect(mark(page)).to_contain_text("first seen")  # there was nothing to be consistent with
    before = mark(page).inner_text()
    with site.client() as client:
        append(client, *[event() for _ in range(300)], params={"wait": "published"})
    page.reload()
    expect(mark(page)).not_to_have_text(before)
    expect(mark(page)).to_contain_text("consistent")
    expect(mark(page)).to_have_attribute("title", re.compile("extends the last one that it verified. Known here since"))
    consistent(page)


def test_a_fork_is_a_red_bar_over_every_page_and_stays(
    open_page, site: ServerProcess, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)
    show_folder(proxy, forged(site, tmp_path))
    page.reload()
    bar = page.locator(".banner.alarm")
    expect(bar).to_have_attribute("data-kind", "fork")
    expect(bar).to_contain_text("verified here before: size")
    expect(bar).to_contain_text("shown by the server: size")
    for path in PAGES:
        page.goto(f"/ui/default/{path}")
        expect(bar).to_be_visible()
    with page.expect_download() as first:
        bar.get_by_role("button", name="Download both").click()
    assert first.value.suggested_filename.endswith(".checkpoint")
    proxy.honest()  # whoever showed a fork once does not get away with showing the truth again
    page.goto("/ui/default/runs")
    expect(bar).to_be_visible()
    # another log is another matter
    page.goto("/ui/system/runs")
    consistent(page)
    expect(bar).to_have_count(0)


def test_a_fork_behind_a_grown_log_is_found_by_its_tiles(
    open_page, site: ServerProcess, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)
    with site.client() as client:
        append(client, event(), event(), params={"wait": "published"})
    show_folder(proxy, forged(site, tmp_path))
    page.reload()
    bar = page.locator(".banner.alarm")
    expect(bar).to_have_attribute("data-kind", "fork")
    expect(bar).to_contain_text("does not begin with the tree of")


def test_a_rollback_is_an_alarm(open_page, site: ServerProcess, proxy: LoopbackProxy, tmp_path: Path) -> None:
    old = copy_log(site.data, tmp_path / "old")
    with site.client() as client:
        append(client, event(), params={"wait": "published"})
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)
    show_folder(proxy, old)
    page.reload()
    expect(page.locator(".banner.alarm")).to_have_attribute("data-kind", "rollback")


def test_another_key_is_an_alarm(open_page, proxy: LoopbackProxy) -> None:
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)

    def other_key(body: bytes) -> bytes:
        answer = json.loads(body)
        for log in answer["logs"]:
            log["key"] = log["key"][:-8] + "AAAAAAAA"
        return json.dumps(answer).encode()

    proxy.change("/v1/logs", other_key)
    page.reload()
    expect(page.locator(".banner.alarm")).to_have_attribute("data-kind", "key")


def test_whoever_has_the_evidence_can_make_the_browser_forget(
    open_page, site: ServerProcess, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)
    show_folder(proxy, forged(site, tmp_path))
    page.goto("/ui/default/integrity")
    expect(page.locator(".banner.alarm")).to_be_visible()
    page.get_by_role("button", name="I have the evidence").click()
    page.get_by_role("button", name="Yes, forget").click()
    consistent(page)
    expect(page.locator(".banner.alarm")).to_have_count(0)


def test_another_log_under_the_same_name_is_said(open_page, site: ServerProcess) -> None:
    page = open_page("/ui/default/runs")
    consistent(page)
    page.evaluate("localStorage.setItem('graven.place.default', JSON.stringify('elsewhere.example/log'))")
    page.reload()
    bar = page.locator(".banner", has_text="Another log stands here")
    expect(bar).to_contain_text("elsewhere.example/log")
    bar.get_by_role("button", name="I expected that").click()
    expect(bar).to_have_count(0)
    page.reload()
    consistent(page)
    expect(bar).to_have_count(0)


def test_a_checkpoint_that_cannot_be_had_is_not_fine(open_page, proxy: LoopbackProxy, watch: Watch) -> None:
    watch.expect("404")
    page = open_page("/ui/default/runs", url=proxy.url)
    consistent(page)
    proxy.answer("/logs/default/checkpoint", lambda path: None)
    page.reload()
    expect(mark(page)).to_have_attribute("data-status", "unchecked")
