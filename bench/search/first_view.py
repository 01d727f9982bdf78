"""`python -m bench.search.first_view --data DIR [--visits N]`: how long the events page takes in real Chromium.

DIR is a data directory that `python -m bench.search --keep` left. From the navigation until four rows stand in the
list, and until the histogram does; with an empty cache, and with what the visit before left. Browser and server share
the machine, so this is more than what a browser of its own would take.
"""

import argparse
import json
import shutil
import statistics
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from bench.machine import describe, row
from bench.service import Service, serving
from graven.index.store import SEALED_ROWS

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.search.first_view", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--visits", type=int, default=7)
    options = parser.parse_args()
    with serving(options.data) as service, sync_playwright() as playwright:
        entries = wait_indexed(service)
        print(f"Machine: {describe()}; {entries:,} entries\n\n| what | measured | goal | notes |\n|---|---|---|---|")
        browser = launched(playwright)
        report("empty cache", [visit(context_of(browser, service)) for _ in range(options.visits)])
        kept = context_of(browser, service)
        visit(kept)
        report("files cached", [visit(kept) for _ in range(options.visits)])
        browser.close()


def launched(playwright: Playwright) -> Browser:
    """The machine's Chromium, without a graphics card."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no chromium is installed")
    return playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))


def wait_indexed(service: Service) -> int:
    """Until the default log is indexed and sealed as far as it goes; how many entries that is."""
    request = urllib.request.Request(f"{service.url}/v1/index", headers={"Authorization": f"Bearer {service.token}"})
    while True:
        with urllib.request.urlopen(request) as answer:
            found = [log for log in json.loads(answer.read())["logs"] if log["name"] == "default"]
        if found and found[0]["state"] == "following" and found[0]["hot_rows"] < SEALED_ROWS:
            return int(found[0]["indexed"])
        time.sleep(0.2)


def context_of(browser: Browser, service: Service) -> BrowserContext:
    """A new one, logged in."""
    context = browser.new_context(base_url=service.url, viewport={"width": 1280, "height": 800})
    context.request.post("/v1/login", data={"token": service.token})
    return context


def visit(context: BrowserContext) -> tuple[float, float]:
    """Seconds until rows are there, and until the histogram is."""
    page = context.new_page()
    start = time.perf_counter()
    page.goto("/ui/default/events", wait_until="commit")
    page.locator(".rows .er:not(.bones)").nth(3).wait_for()
    rows = time.perf_counter() - start
    page.locator(".histogram canvas").first.wait_for()
    chart = time.perf_counter() - start
    page.close()
    return rows, chart


def report(name: str, visits: list[tuple[float, float]]) -> None:
    rows, charts = zip(*visits, strict=True)
    row(
        f"events page, {name}: rows shown",
        f"p50 {statistics.median(rows):.2f} s, longest {max(rows):.2f} s",
        "< 1 s",
        f"histogram p50 {statistics.median(charts):.2f} s",
    )


if __name__ == "__main__":
    main()
