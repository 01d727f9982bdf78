"""A real server with a log worth looking at, and real Chromium. Pages are waited for by what they show."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.browser_pages import CHROMIUM, FLAGS, Watch, open_context
from tests.support.run_records import record_run
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module: its event loop counts as running while it is there, and `asyncio.run` of others would fail."""
    if CHROMIUM is None:
        pytest.skip("no chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def fill(client: httpx.Client) -> None:
    """300 orders, so that proofs span two tiles, and two runs with a failing and a flaky test."""
    for first in range(0, 300, 100):
        orders = [
            event(id=f"o-{n}", targets=[{"type": "order", "id": str(n)}], input={"quantity": n})
            for n in range(first, first + 100)
        ]
        append(client, *orders, params={"wait": "published"}).raise_for_status()
    record_run(client, "ci-1", failing=False)
    record_run(client, "ci-2", failing=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the log `default` filled, and `empty` without an entry."""
    with running_server(tmp_path_factory.mktemp("site") / "data") as server:
        with server.client() as client:
            fill(client)
            client.post("/v1/logs", json={"name": "empty"}).raise_for_status()
        yield server


@pytest.fixture
def watch(site: ServerProcess) -> Iterator[Watch]:
    """Fails the test for whatever its pages did that they must not do."""
    made = Watch(site.url)
    # calls of the index, which a server without one does not have
    made.expect(r"404.*(/v1/index|/(histogram|facets|views|events|tail|complete)(\?|$|/))")
    yield made
    assert made.wrong == []


@pytest.fixture
def open_page(chromium: Browser, site: ServerProcess, watch: Watch) -> Iterator[OpenPage]:
    """`open_page(path, url=…, token=…, **context options)`: a logged-in, watched page."""
    contexts = []

    def make(path: str = "/", *, url: str = "", token: str = "", **options: object) -> Page:
        context = open_context(chromium, url or site.url, token or site.token, **options)
        contexts.append(context)
        page = context.new_page()
        watch.follow(page)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def anonymous(chromium: Browser, site: ServerProcess, watch: Watch) -> Iterator[Page]:
    """A watched page without a session, nowhere yet."""
    context = chromium.new_context(base_url=site.url)
    page = context.new_page()
    watch.follow(page)
    yield page
    context.close()


@pytest.fixture
def data(site: ServerProcess) -> Path:
    return site.data
