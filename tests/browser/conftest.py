"""A real server with a log worth looking at, and real Chromium. Pages are waited for by what they show."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.support.browser_pages import CHROMIUM, FLAGS, Watch, open_context
from tests.support.run_records import record_run
from tests.support.searching import record, wait_indexed
from tests.support.server_process import ServerProcess, running_server
from tests.support.server_requests import append, event
from tests.support.shop_events import shop_events

OpenPage = Callable[..., Page]
Contexts = dict[str, BrowserContext]


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


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the logs `default` and `shop` filled, and `empty` without an entry.

    One for all tests: what a test adds must not matter to the others.
    """
    with running_server(tmp_path_factory.mktemp("site") / "data", index=True) as server:
        with server.client() as client:
            fill(client)
            sizes = {log["name"]: log["size"] for log in client.get("/v1/logs").json()["logs"]}
            wait_indexed(client, sizes["default"])
            for name in ("empty", "shop"):
                client.post("/v1/logs", json={"name": name}).raise_for_status()
            record(client, shop_events(), "shop")
        yield server


@pytest.fixture
def watch(site: ServerProcess) -> Iterator[Watch]:
    """Fails the test for whatever its pages did that they must not do."""
    made = Watch(site.url)
    yield made
    assert made.wrong == []


@pytest.fixture(scope="module")
def contexts(chromium: Browser) -> Iterator[Contexts]:
    """Contexts that several tests use one after another: their cache spares most of the loading."""
    made: Contexts = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def open_page(chromium: Browser, contexts: Contexts, site: ServerProcess, watch: Watch) -> Iterator[OpenPage]:
    """`open_page(path, url=…, token=…, **context options)`: a logged-in, watched page that nothing is kept of.

    Pages of the same options share a context when neither address nor token is given; what they kept in the browser
    is cleared after the test, and their session is another one if the test has ended it.
    """
    own: list[BrowserContext] = []
    shared: list[Page] = []

    def context_of(url: str, token: str, options: dict[str, object]) -> BrowserContext:
        if url or token:
            own.append(open_context(chromium, url or site.url, token or site.token, **options))
            return own[-1]
        key = repr(sorted(options.items()))
        if key not in contexts:
            contexts[key] = open_context(chromium, site.url, site.token, **options)
        elif not contexts[key].request.get("/v1/session").json()["who"]:
            contexts[key].request.post("/v1/login", data={"token": site.token})
        return contexts[key]

    def make(path: str = "/", *, url: str = "", token: str = "", **options: object) -> Page:
        context = context_of(url, token, options)
        page = context.new_page()
        if not (url or token):
            shared.append(page)
        watch.follow(page)
        page.goto(path)
        return page

    yield make
    for page in shared:
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    for context in own:
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
